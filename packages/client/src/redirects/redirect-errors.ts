import { ClientError, type ClientErrorInit } from '../errors.ts';
import type { AnyResponse } from '../response/any-response.ts';

/**
 * A redirect that is not followed. Codes: `INSECURE_REDIRECT` (from https to http), `UNSUPPORTED_REDIRECT` (to something that
 * is not http or https), `INVALID_LOCATION` (to no URL, or to several).
 */
export class RedirectError extends ClientError {
  override readonly name: string = 'RedirectError';
  /** The response that redirects; its body is closed. Not enumerable, so that printing the error does not print it. */
  declare readonly response: AnyResponse;

  constructor(message: string, response: AnyResponse, init?: ClientErrorInit, defaultCode = 'REDIRECT') {
    super(message, init, defaultCode);
    Object.defineProperty(this, 'response', { value: response, enumerable: false });
  }
}

/** One redirect more than `maxRedirects`: a loop, as a rule. */
export class TooManyRedirects extends RedirectError {
  override readonly name = 'TooManyRedirects';
  /** The responses before, oldest first. Not enumerable. */
  declare readonly history: readonly AnyResponse[];

  constructor(message: string, response: AnyResponse, history: readonly AnyResponse[], init?: ClientErrorInit) {
    super(message, response, init, 'TOO_MANY_REDIRECTS');
    Object.defineProperty(this, 'history', { value: history, enumerable: false });
  }
}
