/**
 * The errors of the client itself. What goes wrong on the network arrives as the core's own error, unwrapped.
 *
 * ClientError
 * ├─ InvalidOption       an option or the URL is not usable; nothing was sent
 * ├─ ClientClosed        the client was closed before the call
 * ├─ HTTPStatusError     `raiseForStatus()` on 4xx or 5xx (in message/response-head.ts, beside the head it is about)
 * ├─ DecodingError       the body is not what `json()` needs
 * ├─ BodyConsumed        a streamed response body was already read
 * └─ BodyNotReplayable   a request body that can be read once was to be sent again
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

/** The response body is not what was asked of it. Codes: `INVALID_JSON`. The message never quotes the body. */
export class DecodingError extends ClientError {
  override readonly name = 'DecodingError';

  constructor(message: string, init?: ClientErrorInit) {
    super(message, init, 'DECODING');
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
