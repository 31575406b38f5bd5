import { ClientError, type ClientErrorInit } from '../errors.ts';
import type { AttemptRecord, AnyResponse } from '../response/any-response.ts';

export interface TooManyRetriesInit extends ClientErrorInit {
  readonly response?: AnyResponse | undefined;
  readonly attempts: readonly AttemptRecord[];
}

/**
 * A request would have to be sent again, and must not. Codes: `TOO_MANY_RETRIES` (as often as `retries` allows),
 * `RETRY_BUDGET_SPENT` (the client as a whole has retried enough), `RETRY_PAST_DEADLINE` (the wait would outlast the deadline).
 *
 * `cause` is what the last attempt failed with; or `response` is what it was answered, with its body, if that is small.
 */
export class TooManyRetries extends ClientError {
  override readonly name = 'TooManyRetries';
  /** Not enumerable, so that printing the error does not print it; as `attempts`. */
  declare readonly response: AnyResponse | undefined;
  /** Every request that was sent for the call, oldest first, each with its timings. */
  declare readonly attempts: readonly AttemptRecord[];

  constructor(message: string, init: TooManyRetriesInit) {
    super(message, init, 'TOO_MANY_RETRIES');
    Object.defineProperty(this, 'response', { value: init.response, enumerable: false });
    Object.defineProperty(this, 'attempts', { value: init.attempts, enumerable: false });
  }
}
