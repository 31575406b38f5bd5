/** How fast and how many at once, as the program wants it and as the server asks for. */
import type { CallContext } from '../call/context.ts';
import { systemClock, type Clock } from '../time/clock.ts';
import type { Interceptor, Next } from '../call/interceptor.ts';
import { InvalidOption } from '../errors.ts';
import { count, milliseconds } from '../options/checks.ts';
import { ownOptions } from '../options/own-options.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { askedDelay, quotaDelay } from '../retries/asked-delay.ts';
import { KeyedStates, keyOf, type KeyedOptions, type KeyOf } from './keyed-states.ts';
import { Overloaded, RateLimited } from './resilience-errors.ts';
import { TokenBucket } from './token-bucket.ts';
import { WaitingLine } from './waiting-line.ts';

/** What {@link rateLimit} may be told; times are in milliseconds. */
export interface RateLimitOptions extends KeyedOptions {
  /** So many requests in each `interval`, evenly. Default `Infinity`: only what the server asks for counts. */
  readonly requests?: number | undefined;
  /** Milliseconds. Default 1000. */
  readonly interval?: number | undefined;
  /** So many may go at once after a quiet time. Default `requests`. */
  readonly burst?: number | undefined;
  /** So many may be under way at once, from the request to the end of the response body. Default `Infinity`. */
  readonly concurrency?: number | undefined;
  /** So many may wait for their turn; one more fails with `Overloaded`. Default 10,000. */
  readonly maxWaiting?: number | undefined;
  /** Milliseconds: who would wait longer for a token fails at once with `RateLimited`. Default `Infinity`; the deadline of a call counts in any case. */
  readonly maxWait?: number | undefined;
  /** Milliseconds: a server can make everybody wait for so long at most. 0: its `Retry-After` and `RateLimit` are not looked at. Default 60,000. */
  readonly maxPause?: number | undefined;
}

/** What it has let through, kept waiting and refused. */
export interface RateLimitStats {
  readonly sent: number;
  /** Requests that had to wait before they were sent. */
  readonly delayed: number;
  readonly refused: number;
  /** How often a server asked all to wait. */
  readonly pauses: number;
  readonly waiting: number;
  readonly running: number;
}

/** The interceptor that {@link rateLimit} makes. */
export interface RateLimit extends Interceptor {
  stats(): RateLimitStats;
}

/**
 * An interceptor that sends no faster than the program wants and the server can take. Who has to wait is served in the order in which they came. Where a
 * 429 or 503 has a `Retry-After`, or a response says that the quota is used up (`RateLimit`, `RateLimit-Reset`, `X-RateLimit-Reset`), all requests to that
 * origin wait for it, not the one alone that was told.
 *
 * Give it to `networkInterceptors`, where each attempt and hop counts.
 *
 * @throws {InvalidOption} an option is unknown or impossible.
 * @example
 * const limit = rateLimit({ requests: 100, interval: 1000, concurrency: 20 });
 * const client = new Client({ networkInterceptors: [limit] });
 * console.log(limit.stats().delayed);
 */
export function rateLimit(options: RateLimitOptions = {}): RateLimit {
  const limiter = new RateLimiter(options, systemClock);
  return Object.assign((request: Request, context: CallContext, next: Next) => limiter.send(request, context, next), {
    stats: () => limiter.stats(),
  });
}

interface Gate {
  readonly key: string;
  readonly bucket: TokenBucket;
  readonly line: WaitingLine;
  running: number;
  cancelTimer: (() => void) | undefined;
}

const optionNames = {
  requests: undefined,
  interval: undefined,
  burst: undefined,
  concurrency: undefined,
  maxWaiting: undefined,
  maxWait: undefined,
  maxPause: undefined,
  by: undefined,
};

/** Told the time by a clock, so that tests can have it their way. */
export class RateLimiter {
  readonly #clock: Clock;
  readonly #key: KeyOf;
  readonly #concurrency: number;
  readonly #maxWaiting: number;
  readonly #maxWait: number;
  readonly #maxPause: number;
  readonly #gates: KeyedStates<Gate>;
  #sent = 0;
  #delayed = 0;
  #refused = 0;
  #pauses = 0;

  constructor(options: RateLimitOptions, clock: Clock) {
    const own = ownOptions<RateLimitOptions>(options, optionNames);
    const requests = countOrInfinity('requests', own.requests);
    const interval = milliseconds('interval', own.interval ?? 1000);
    if (interval === 0 || interval === Infinity) throw new InvalidOption('interval', 'must be a number of milliseconds, more than 0');
    const burst = own.burst === undefined ? requests : countOrInfinity('burst', own.burst);
    this.#concurrency = countOrInfinity('concurrency', own.concurrency);
    this.#maxWaiting = own.maxWaiting === Infinity ? Infinity : count('maxWaiting', own.maxWaiting ?? 10_000, { least: 0 });
    this.#maxWait = milliseconds('maxWait', own.maxWait ?? Infinity);
    this.#maxPause = milliseconds('maxPause', own.maxPause ?? 60_000);
    this.#clock = clock;
    this.#key = keyOf(own.by);
    this.#gates = new KeyedStates<Gate>(
      (key) => ({
        key,
        bucket: new TokenBucket(requests / interval, burst, clock.now()),
        line: new WaitingLine(),
        running: 0,
        cancelTimer: undefined,
      }),
      (gate) => !isInUse(gate) && gate.bucket.isFresh(clock.now()),
      isInUse,
    );
  }

  stats(): RateLimitStats {
    let waiting = 0;
    let running = 0;
    for (const [, gate] of this.#gates) {
      waiting += gate.line.length;
      running += gate.running;
    }
    return { sent: this.#sent, delayed: this.#delayed, refused: this.#refused, pauses: this.#pauses, waiting, running };
  }

  async send(request: Request, context: CallContext, next: Next): Promise<StreamResponse> {
    const gate = this.#gates.of(this.#key(request));
    if (gate.line.length > 0 || !this.#enter(gate)) await this.#turn(gate, context);
    this.#sent++;
    let response: StreamResponse;
    try {
      response = await next(request);
    } catch (error) {
      this.#leave(gate);
      throw error;
    }
    this.#heed(gate, response);
    context.whenOver(response, () => this.#leave(gate));
    return response;
  }

  #enter(gate: Gate): boolean {
    if (gate.running >= this.#concurrency || !gate.bucket.take(this.#clock.now())) return false;
    gate.running++;
    return true;
  }

  #leave(gate: Gate): void {
    gate.running--;
    this.#admit(gate);
  }

  async #turn(gate: Gate, context: CallContext): Promise<void> {
    const { line, bucket, key } = gate;
    if (line.length >= this.#maxWaiting) {
      this.#refused++;
      throw new Overloaded(`Not sent: ${line.length} requests wait already for the rate limit of ${key}. Raise maxWaiting, or send less`, {
        key,
      });
    }
    const now = this.#clock.now();
    const wait = bucket.waitFor(line.length, now);
    const left = context.deadline === undefined ? Infinity : context.deadline - now;
    if (wait > Math.min(left, this.#maxWait)) {
      this.#refused++;
      const limit = wait > left ? `the ${Math.max(0, Math.round(left))} ms that the call has left` : `maxWait (${this.#maxWait} ms)`;
      throw new RateLimited(`Not sent: the rate limit of ${key} would let it go in ${Math.round(wait)} ms, after ${limit}`, {
        key,
        retryIn: wait,
      });
    }
    this.#delayed++;
    const turn = line.turn(context, () => {
      bucket.giveBack();
      this.#leave(gate);
    });
    this.#admit(gate);
    await turn;
  }

  /** Lets go who may, and looks again when the next token is there. */
  #admit(gate: Gate): void {
    gate.cancelTimer?.();
    gate.cancelTimer = undefined;
    while (gate.line.length > 0 && this.#enter(gate)) gate.line.next();
    if (gate.line.length === 0 || gate.running >= this.#concurrency) return;
    const wait = gate.bucket.waitFor(0, this.#clock.now());
    gate.cancelTimer = this.#clock.schedule(Math.max(1, Math.ceil(wait)), () => this.#admit(gate));
  }

  #heed(gate: Gate, { status, rawHeaders }: StreamResponse): void {
    if (this.#maxPause === 0) return;
    const today = this.#clock.today();
    const asked = status === 429 || status === 503 ? askedDelay(rawHeaders, today) : quotaDelay(rawHeaders, today);
    if (asked === undefined || asked <= 0) return;
    this.#pauses++;
    gate.bucket.pause(this.#clock.now() + Math.min(asked, this.#maxPause));
  }
}

function isInUse({ running, line }: Gate): boolean {
  return running > 0 || line.length > 0;
}

function countOrInfinity(option: string, value: number | undefined): number {
  return value === undefined || value === Infinity ? Infinity : count(option, value, { least: 1, or: 'Infinity for no limit' });
}
