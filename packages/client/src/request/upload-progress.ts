/** How far a request body has come. */
export interface UploadProgress {
  /** Bytes of the body that the connection has taken. Begins anew with a redirect or a retry. */
  readonly sent: number;
  /** Bytes in all; `undefined` when nobody knows. */
  readonly total: number | undefined;
}

/** Called each time that the connection has taken a piece, with the last one too; an async one is waited for. What it throws ends the request. */
export type UploadObserver = (progress: UploadProgress) => void;
