import { InvalidOption } from '../errors.ts';
import { boolean, milliseconds } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import type { Backoff } from '../time/backoff.ts';
import { RetryOnConnectionFailure, type RetryLimits } from './retry-limits.ts';

/** What `Retries` may be told beside their count; times are in milliseconds. */
export interface RetriesOptions {
  /** What is sent again beside connection failures, such as `new RetryOnStatus()`. Default nothing. */
  readonly limits?: readonly RetryLimits[] | undefined;
  /** Connection failures too, as {@link RetryOnConnectionFailure} says. Default `true`. */
  readonly connectionFailures?: boolean | undefined;
  /** Milliseconds: the wait before the first retry; it doubles for each further one. Default 500. */
  readonly backoffFactor?: number | undefined;
  /** Milliseconds: the longest wait. Default 20,000. */
  readonly maxDelay?: number | undefined;
  /** Waits anything from half to the whole time (equal jitter), so that clients that failed together do not come back together. Default `true`. */
  readonly jitter?: boolean | undefined;
  /**
   * Milliseconds: the longest wait that a server can ask for by `Retry-After`, `RateLimit` or `X-RateLimit-Reset`. Default 60,000. 0 does not
   * listen to them.
   */
  readonly maxRetryAfter?: number | undefined;
  /**
   * What comes of a server that asks for a longer wait than `maxRetryAfter`: nothing is sent again (`give-up`: `TooManyRetries` with
   * `RETRY_AFTER_TOO_LONG`, or the response, as `lastResponse` says), or that much is waited (`wait`). Default `give-up`; where `maxRetryAfter` is given, and so was meant, `wait`.
   */
  readonly longRetryAfter?: 'give-up' | 'wait' | undefined;
  /**
   * Milliseconds for each attempt by itself: until the response is there, its body included where it is read whole. Past it, the attempt fails
   * with `AttemptTimeout`, and is made again like one whose connection broke. Default none: the call has one deadline over all.
   */
  readonly attemptTimeout?: number | null | undefined;
  /**
   * Takes from the budget that all retries of a client have together: one for every five requests, and ten a second. What has cost the
   * server nothing, such as a refused connection, takes nothing. Default `true`.
   */
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
  longRetryAfter: undefined,
  attemptTimeout: undefined,
  budget: undefined,
  lastResponse: undefined,
});

const onConnectionFailure = new RetryOnConnectionFailure();

/**
 * How often a request is sent again, on what occasions, and after what waits.
 *
 * Waits grow exponentially with jitter; a server's `Retry-After` can make them longer. A wait that would outlast the call's deadline
 * is not begun (`RetryPastDeadline`). A request whose body can't be sent again is not: its failure, or its response, is what comes of it.
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
  readonly longRetryAfter: 'give-up' | 'wait';
  /** `null`: none. */
  readonly attemptTimeout: number | null;
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
      factor: delay('backoffFactor', own.backoffFactor, 500),
      maxDelay: delay('maxDelay', own.maxDelay, 20_000),
      jitter: flag('jitter', own.jitter, true),
    });
    this.maxRetryAfter = delay('maxRetryAfter', own.maxRetryAfter, 60_000);
    this.longRetryAfter = oneOf(
      'longRetryAfter',
      own.longRetryAfter,
      ['give-up', 'wait'],
      own.maxRetryAfter === undefined ? 'give-up' : 'wait',
    );
    this.attemptTimeout = readAttemptTimeout(own.attemptTimeout);
    this.budget = flag('budget', own.budget, true);
    this.lastResponse = oneOf('lastResponse', own.lastResponse, ['throw', 'return'], 'throw');
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

function readAttemptTimeout(value: unknown): number | null {
  if (value === undefined || value === null || value === Infinity) return null;
  if (typeof value === 'number' && value > 0) return value;
  throw new InvalidOption('retries.attemptTimeout', 'must be a number of milliseconds above 0, or null for no limit');
}

function oneOf<Word extends string>(name: string, value: unknown, words: readonly [Word, Word], fallback: Word): Word {
  if (value === undefined) return fallback;
  if (!words.includes(value as Word)) throw new InvalidOption(`retries.${name}`, `must be '${words[0]}' or '${words[1]}'`);
  return value as Word;
}
