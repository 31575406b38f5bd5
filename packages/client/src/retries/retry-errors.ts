import { TimeoutError, type ErrorInit } from '@x/httpcore';

import { ClientError, type ClientErrorInit } from '../errors.ts';
import type { AttemptRecord, AnyResponse } from '../response/any-response.ts';

/** What the errors of retries know of the call. */
export interface RetriedCall {
  readonly response?: AnyResponse | undefined;
  readonly attempts: readonly AttemptRecord[];
}

/** What `TooManyRetries` is made of. */
export interface TooManyRetriesInit extends ClientErrorInit, RetriedCall {}

/**
 * A request would have to be sent again, and must not. Codes: `TOO_MANY_RETRIES` (as often as `retries` allows),
 * `RETRY_BUDGET_SPENT` (the client as a whole has retried enough), `RETRY_AFTER_TOO_LONG` (the server asks for a longer wait than
 * `maxRetryAfter`), `BODY_NOT_REPLAYABLE` (its body could be read once, and was).
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
    defineCall(this, init);
  }
}

/**
 * The wait before the next retry would outlast the deadline of the call, so it was not begun (`RETRY_PAST_DEADLINE`). What happened before is told
 * as by {@link TooManyRetries}.
 */
export class RetryPastDeadline extends TimeoutError {
  override readonly name = 'RetryPastDeadline';
  /** Not enumerable, so that printing the error does not print it; as `attempts`. */
  declare readonly response: AnyResponse | undefined;
  /** Every request that was sent for the call, oldest first, each with its timings. */
  declare readonly attempts: readonly AttemptRecord[];

  constructor(message: string, init: ErrorInit & RetriedCall) {
    super(message, init, 'RETRY_PAST_DEADLINE');
    defineCall(this, init);
  }
}

/** One attempt took longer than `attemptTimeout` of the call's `Retries` (`ATTEMPT_TIMEOUT`); the call as a whole had time left. */
export class AttemptTimeout extends TimeoutError {
  override readonly name = 'AttemptTimeout';

  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'ATTEMPT_TIMEOUT');
  }
}

function defineCall(error: Error, { response, attempts }: RetriedCall): void {
  Object.defineProperty(error, 'response', { value: response, enumerable: false });
  Object.defineProperty(error, 'attempts', { value: attempts, enumerable: false });
}
