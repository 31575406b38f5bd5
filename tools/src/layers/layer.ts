/** A row of the table of layers. */
export interface Layer {
  readonly layer: string;
  /** Beginnings of paths; the longest one that fits a file decides its layer. */
  readonly files: readonly string[];
  /** Rows above; `client/*` is every row above whose name begins so. */
  readonly imports: readonly string[];
  /** Modules of Node, and packages of the workspace or from elsewhere. `node:*` is any module of Node, `*` any package from elsewhere. */
  readonly modules?: readonly string[];
  readonly types?: readonly string[];
}
