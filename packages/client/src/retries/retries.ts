import { InvalidOption } from '../errors.ts';
import { boolean, milliseconds } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import type { Backoff } from '../time/backoff.ts';
import { RetryOnConnectionFailure, type RetryLimits } from './retry-limits.ts';

export interface RetriesOptions {
  /** What is sent again beside connection failures, such as `new RetryOnStatus()`. Default nothing. */
  readonly limits?: readonly RetryLimits[] | undefined;
  /** Connection failures too, as {@link RetryOnConnectionFailure} says. Default `true`. */
  readonly connectionFailures?: boolean | undefined;
  /** Milliseconds: the longest wait before the first retry; it doubles for each further one. Default 250. */
  readonly backoffFactor?: number | undefined;
  /** Milliseconds: the longest wait. Default 20,000. */
  readonly maxDelay?: number | undefined;
  /** Waits anything from nothing to the whole time (full jitter), so that clients that failed together do not come back together. Default `true`. */
  readonly jitter?: boolean | undefined;
  /** Milliseconds: the longest wait that a server's `Retry-After` can ask for. Default 60,000. 0 does not listen to it. */
  readonly maxRetryAfter?: number | undefined;
  /** Takes from the budget that all retries of a client have together: one for every five requests, and ten a second. Default `true`. */
  readonly budget?: boolean | undefined;
  /**
   * What comes of a response that a limit still wants to have sent again when that can't be: `throw` fails the call with
   * `TooManyRetries`, `return` gives the response to the caller. Default `throw`.
   */
  readonly lastResponse?: 'throw' | 'return' | undefined;
}

const optionNames: OptionNames<RetriesOptions> = Object.freeze({
  limits: undefined,
  connectionFailures: undefined,
  backoffFactor: undefined,
  maxDelay: undefined,
  jitter: undefined,
  maxRetryAfter: undefined,
  budget: undefined,
  lastResponse: undefined,
});

const onConnectionFailure = new RetryOnConnectionFailure();

/**
 * How often a request is sent again, on what occasions, and after what waits.
 *
 * Waits grow exponentially with full jitter; a server's `Retry-After` can make them longer. A wait that would outlast the call's deadline
 * is not begun. A request whose body can't be sent again fails with `BodyNotReplayable`.
 *
 * @example
 * const client = new Client({ retries: new Retries(3, { limits: [new RetryOnStatus()], backoffFactor: 500 }) });
 * await client.get('/report', { retries: null }); // this one is sent once
 */
export class Retries {
  /** The most retries of one request; it is sent once more than that. */
  readonly count: number;
  readonly limits: readonly RetryLimits[];
  readonly backoff: Backoff;
  readonly maxRetryAfter: number;
  readonly budget: boolean;
  readonly lastResponse: 'throw' | 'return';
  readonly #options: RetriesOptions;

  /** @throws {InvalidOption} the count or an option is impossible; nothing is coerced. */
  constructor(count: number, options: RetriesOptions = {}) {
    if (count !== Infinity && !(Number.isInteger(count) && count >= 0))
      throw new InvalidOption('retries', 'must be a whole number, 0 or more');
    const own = ownOptions(options, optionNames, 'retries');
    const connectionFailures = flag('connectionFailures', own.connectionFailures, true);
    this.count = count;
    this.limits = Object.freeze([...(connectionFailures ? [onConnectionFailure] : []), ...readLimits(own.limits)]);
    this.backoff = Object.freeze({
      factor: delay('backoffFactor', own.backoffFactor, 250),
      maxDelay: delay('maxDelay', own.maxDelay, 20_000),
      jitter: flag('jitter', own.jitter, true),
    });
    this.maxRetryAfter = delay('maxRetryAfter', own.maxRetryAfter, 60_000);
    this.budget = flag('budget', own.budget, true);
    this.lastResponse = readLastResponse(own.lastResponse);
    this.#options = own;
    Object.freeze(this);
  }

  /**
   * The same with these changes.
   * @throws {InvalidOption} as the constructor.
   */
  with(changes: RetriesOptions): Retries {
    return new Retries(this.count, { ...this.#options, ...changes });
  }
}

function readLimits(limits: unknown): readonly RetryLimits[] {
  if (limits === undefined) return [];
  const isLimits = (limit: unknown): boolean => typeof (limit as Partial<RetryLimits> | null)?.retryFlow === 'function';
  if (!Array.isArray(limits) || !limits.every(isLimits)) {
    throw new InvalidOption('retries.limits', 'must be an array of objects with a retryFlow() method');
  }
  return limits as RetryLimits[];
}

function flag(name: string, value: unknown, fallback: boolean): boolean {
  return value === undefined ? fallback : boolean(`retries.${name}`, value);
}

function delay(name: string, value: unknown, fallback: number): number {
  return value === undefined ? fallback : milliseconds(`retries.${name}`, value);
}

function readLastResponse(value: unknown): 'throw' | 'return' {
  if (value === undefined) return 'throw';
  if (value !== 'throw' && value !== 'return') throw new InvalidOption('retries.lastResponse', "must be 'throw' or 'return'");
  return value;
}
