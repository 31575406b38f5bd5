/** What is to be sent, whether items or a command for curl said so. Nothing of it has been read or opened yet but what had to be understood. */

export type BodyPlan =
  | { readonly kind: 'none' }
  /** As it is. */
  | { readonly kind: 'content'; readonly content: string | Uint8Array; readonly type: string | undefined }
  | { readonly kind: 'file'; readonly path: string; readonly type: string | undefined }
  | { readonly kind: 'stdin'; readonly type: string | undefined }
  | { readonly kind: 'form'; readonly fields: readonly (readonly [name: string, value: string])[] }
  | { readonly kind: 'multipart'; readonly parts: readonly PartPlan[] };

export interface PartPlan {
  readonly name: string;
  /** A field with this text, or a file. */
  readonly value?: string | undefined;
  readonly path?: string | undefined;
  readonly filename?: string | undefined;
  readonly type?: string | undefined;
}

/** `null` takes a field away that the client would send by itself. */
export type FieldPlan = readonly [name: string, value: string | null];

export interface RequestPlan {
  readonly method: string;
  /** Absolute, or relative to a base URL. */
  readonly urls: readonly string[];
  readonly headers: readonly FieldPlan[];
  readonly params: readonly (readonly [name: string, value: string])[];
  readonly body: BodyPlan;
}
