/**
 * The errors of the client itself. What goes wrong on the network arrives as the core's own error, unwrapped.
 *
 * ClientError
 * ├─ InvalidOption       an option or the URL is not usable; nothing was sent
 * ├─ ClientClosed        the client was closed before the call
 * ├─ HTTPStatusError     `raiseForStatus()` on 4xx or 5xx (in message/response-head.ts, beside the head it is about)
 * ├─ DecodingError       the response body is not what its coding, or what `json()`, needs
 * ├─ SchemaMismatch      the JSON is not what the schema given to `json()` asks for (in message/schema.ts)
 * ├─ ResponseTooLarge    the response body is larger than `maxResponseBytes`
 * ├─ DigestMismatch      what was saved does not have the digest that it should have
 * ├─ RepresentationChanged  what was being saved became another, again and again
 * ├─ RedirectError       a redirect that is not followed (in policies/redirect-errors.ts)
 * │  └─ TooManyRedirects one more than `maxRedirects`
 * ├─ TooManyRetries      it would have to be sent again, and must not (in policies/retry-errors.ts)
 * ├─ BodyConsumed        a streamed response body was already read
 * ├─ BodyNotReplayable   a request body that can be read once was to be sent again
 * └─ BodyChanged         a part of a request body is not, or no longer, as long as was said
 */

export interface ClientErrorInit {
  readonly code?: string | undefined;
  readonly cause?: unknown;
}

/** The root of every error that the client makes. `code` is stable; the wording of `message` is not. */
export class ClientError extends Error {
  override readonly name: string = 'ClientError';
  readonly code: string;

  constructor(message: string, init: ClientErrorInit = {}, defaultCode = 'CLIENT') {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code ?? defaultCode;
  }

  /** The page of the documentation about its `code`, what happened and what to do: `errors/connect-failed`. Codes of others have none. */
  get help(): string {
    return `errors/${this.code.toLowerCase().replaceAll('_', '-')}`;
  }
}

/** An option is unknown, impossible, or in conflict with another; nothing was sent. `option` names it. Codes: `INVALID_OPTION`, `INVALID_URL`. */
export class InvalidOption extends ClientError {
  override readonly name = 'InvalidOption';
  readonly option: string;

  constructor(option: string, problem: string, init?: ClientErrorInit) {
    super(`The option ${JSON.stringify(option)} ${problem}`, init, 'INVALID_OPTION');
    this.option = option;
  }
}

/** The client was closed, or is closing. */
export class ClientClosed extends ClientError {
  override readonly name = 'ClientClosed';

  constructor(message: string, init?: ClientErrorInit) {
    super(message, init, 'CLIENT_CLOSED');
  }
}

/**
 * The response body is not what was asked of it, or what it says of itself. The message quotes no body but the beginning of an HTML page
 * where JSON was expected.
 *
 * Codes: `INVALID_JSON`; of content codings `CORRUPT_CODING`, `TRUNCATED_CODING`, `TOO_MANY_CODINGS` (more than five) and
 * `EXPANSION_TOO_LARGE` (a thousandfold, past 8 MiB); of text streams `LINE_TOO_LONG`, `EVENT_TOO_LARGE` and `NOT_EVENT_STREAM`.
 */
export class DecodingError extends ClientError {
  override readonly name = 'DecodingError';

  constructor(message: string, init?: ClientErrorInit) {
    super(message, init, 'DECODING');
  }
}

/** The response body, decoded, is larger than `maxResponseBytes` permits. `limit` is in bytes. */
export class ResponseTooLarge extends ClientError {
  override readonly name = 'ResponseTooLarge';
  readonly limit: number;

  constructor(limit: number, init?: ClientErrorInit) {
    super(`The response body is larger than the ${limit} bytes that maxResponseBytes permits`, init, 'RESPONSE_TOO_LARGE');
    this.limit = limit;
  }
}

/** The body of a streamed response is read as it comes, so only once. */
export class BodyConsumed extends ClientError {
  override readonly name = 'BodyConsumed';

  constructor(message: string, init?: ClientErrorInit) {
    super(message, init, 'BODY_CONSUMED');
  }
}

/** A request body made from a stream or an iterator has been sent already; a function that makes a new one can be sent again. */
export class BodyNotReplayable extends ClientError {
  override readonly name = 'BodyNotReplayable';

  constructor(message: string, init?: ClientErrorInit) {
    super(message, init, 'BODY_NOT_REPLAYABLE');
  }
}

/**
 * What a request was to send is not what was announced: a file has changed since its size was read (`FILE_CHANGED`), or a part
 * has another length than was given for it (`LENGTH_MISMATCH`). Arrives as the `cause` of a `WriteError`.
 */
export class BodyChanged extends ClientError {
  override readonly name = 'BodyChanged';

  constructor(message: string, init?: ClientErrorInit) {
    super(message, init, 'BODY_CHANGED');
  }
}

/** What was saved has another digest than was asked for (`DIGEST_MISMATCH`), or the response has none to compare with (`DIGEST_MISSING`). */
export class DigestMismatch extends ClientError {
  override readonly name = 'DigestMismatch';

  constructor(message: string, init?: ClientErrorInit) {
    super(message, init, 'DIGEST_MISMATCH');
  }
}

/** What was being saved changed on the server more than once while it was saved, so that beginning anew did not help. */
export class RepresentationChanged extends ClientError {
  override readonly name = 'RepresentationChanged';

  constructor(message: string, init?: ClientErrorInit) {
    super(message, init, 'REPRESENTATION_CHANGED');
  }
}
