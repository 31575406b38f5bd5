/** The root of every error that the cache makes by itself. What goes wrong on the network arrives as the core's own error. */
export class CacheError extends Error {
  override readonly name: string = 'CacheError';
  /** Stable identifier, such as `INVALID_OPTION`. */
  readonly code: string;

  constructor(message: string, code = 'CACHE', cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }

  /** The page of the documentation about its `code`, what happened and what to do: `errors/connect-failed`. Codes of others have none. */
  get help(): string {
    return `errors/${this.code.toLowerCase().replaceAll('_', '-')}`;
  }
}

/** An option is unknown or impossible. `option` names it. Code: `INVALID_OPTION`. */
export class InvalidCacheOption extends CacheError {
  override readonly name = 'InvalidCacheOption';
  readonly option: string;

  constructor(option: string, problem: string) {
    super(`The option ${JSON.stringify(option)} ${problem}`, 'INVALID_OPTION');
    this.option = option;
  }
}

/** A store did not answer in time, or its answer made no sense. Code: `STORE_TIMEOUT`, `STORE_FAILED`. Requests never see it. */
export class StoreError extends CacheError {
  override readonly name = 'StoreError';
}
