/**
 * No answer by a PAC script. Codes: `PAC_UNAVAILABLE` (it could not be read), `PAC_INVALID` (it is no script, or has no `FindProxyForURL`), `PAC_FAILED` (it
 * threw), `PAC_TIMEOUT` (it took too long, or too much memory), `PAC_RESULT` (what it gave names no proxy), `PAC_CLOSED`. The client fails the request with it, as the
 * `cause` of its `ProxyNotChosen`.
 */
export class PacError extends Error {
  override readonly name = 'PacError';
  readonly code: string;

  constructor(message: string, init: { readonly code: string; readonly cause?: unknown }) {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code;
  }

  /** The page of the documentation about its `code`, what happened and what to do: `errors/pac-invalid`. */
  get help(): string {
    return `errors/${this.code.toLowerCase().replaceAll('_', '-')}`;
  }
}
