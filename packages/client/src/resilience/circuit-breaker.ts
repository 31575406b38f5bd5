/** Leaves a server alone that fails most of what it gets, until a few requests of the program have found it well again. */
import { Aborted, DeadlineExceeded, HttpCoreError, LocalProtocolError, PoolClosed, PoolTimeout, UnsupportedProtocol } from '@x/httpcore';

import type { CallContext } from '../call/context.ts';
import type { Interceptor, Next } from '../call/interceptor.ts';
import { systemClock, type Clock } from '../time/clock.ts';
import { InvalidOption } from '../errors.ts';
import { givenAtOnce } from '../options/at-once.ts';
import { count, milliseconds } from '../options/checks.ts';
import { ownOptions } from '../options/own-options.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { AttemptLimit } from '../retries/attempt-limit.ts';
import { askedDelay } from '../retries/asked-delay.ts';
import { Breaker, type BreakerSettings, type BreakerState, type Probe } from './breaker.ts';
import { KeyedStates, keyOf, type KeyedOptions, type KeyOf } from './keyed-states.ts';
import { CircuitOpen } from './resilience-errors.ts';

/** How a request ended: with a response, or with an error. */
export interface RequestOutcome {
  readonly request: Request;
  readonly response: StreamResponse | undefined;
  readonly error: unknown;
}

/** What {@link circuitBreaker} may be told. */
export interface CircuitBreakerOptions extends KeyedOptions {
  /** Milliseconds: what was sent in that time counts. Default 10,000. */
  readonly window?: number | undefined;
  /** Fewer requests than that in the window say nothing. Default 20. */
  readonly minRequests?: number | undefined;
  /** 0 to 1: the part of them that must have failed. Default 0.5. */
  readonly failureRate?: number | undefined;
  /** Milliseconds for which nothing is sent. Default 5,000; it doubles each time that a probe fails, and begins anew once one went well. */
  readonly openFor?: number | undefined;
  /** Milliseconds. Default 60,000. */
  readonly maxOpenFor?: number | undefined;
  /** So many requests are then let go, and must all succeed. Default 1. */
  readonly probes?: number | undefined;
  /**
   * What counts as a failure of the server. Default: statuses from 500 up, and errors of the network and of its limits in time; not 4xx, and not what the
   * program ended itself. It answers at once: a promise, or what it throws, fails the request, and counts as nothing.
   */
  readonly isFailure?: ((outcome: RequestOutcome) => boolean) | undefined;
}

/** What it has refused, and the state of each circuit. */
export interface CircuitBreakerStats {
  readonly sent: number;
  readonly failed: number;
  /** Requests that were not sent, since the circuit was open. */
  readonly refused: number;
  readonly probes: number;
  /** How often a circuit opened. */
  readonly openings: number;
  /** Those that are not closed, by origin. */
  readonly open: Readonly<Record<string, BreakerState>>;
}

/** The interceptor that {@link circuitBreaker} makes. */
export interface CircuitBreaker extends Interceptor {
  stats(): CircuitBreakerStats;
}

const optionNames = {
  window: undefined,
  minRequests: undefined,
  failureRate: undefined,
  openFor: undefined,
  maxOpenFor: undefined,
  probes: undefined,
  isFailure: undefined,
  by: undefined,
};

/**
 * An interceptor that fails requests at once, with `CircuitOpen`, while their server fails most of what it gets: it can recover, and the program knows sooner.
 * After `openFor` the next request goes as a probe, which takes a token of the client's retry budget; its success closes the circuit.
 *
 * Give it to `networkInterceptors`, where each attempt counts. A `CircuitOpen` is not retried.
 *
 * @throws {InvalidOption} an option is unknown or impossible.
 * @example
 * const client = new Client({ networkInterceptors: [circuitBreaker({ failureRate: 0.5, openFor: 5_000 })] });
 */
export function circuitBreaker(options: CircuitBreakerOptions = {}): CircuitBreaker {
  const circuits = new Circuits(options, systemClock);
  return Object.assign((request: Request, context: CallContext, next: Next) => circuits.send(request, context, next), {
    stats: () => circuits.stats(),
  });
}

export class Circuits {
  readonly #clock: Clock;
  readonly #key: KeyOf;
  readonly #isFailure: (outcome: RequestOutcome) => boolean;
  readonly #breakers: KeyedStates<Breaker>;
  readonly #counts = { sent: 0, failed: 0, refused: 0, probes: 0, openings: 0 };

  constructor(options: CircuitBreakerOptions, clock: Clock) {
    const own = ownOptions<CircuitBreakerOptions>(options, optionNames);
    const settings = breakerSettings(own);
    if (own.isFailure !== undefined && typeof own.isFailure !== 'function') throw new InvalidOption('isFailure', 'must be a function');
    this.#isFailure = own.isFailure ?? isFailure;
    this.#clock = clock;
    this.#key = keyOf(own.by);
    this.#breakers = new KeyedStates<Breaker>(
      () => new Breaker(settings),
      (breaker) => breaker.isFresh(clock.now()),
      () => false,
    );
  }

  stats(): CircuitBreakerStats {
    const open: Record<string, BreakerState> = Object.create(null) as Record<string, BreakerState>;
    for (const [key, breaker] of this.#breakers) {
      const state = breaker.state(this.#clock.now());
      if (state !== 'closed') open[key] = state;
    }
    return { ...this.#counts, open };
  }

  async send(request: Request, context: CallContext, next: Next): Promise<StreamResponse> {
    const key = this.#key(request);
    const breaker = this.#breakers.of(key);
    const probe = this.#ask(breaker, key, context);
    this.#counts.sent++;
    let response: StreamResponse | undefined;
    let error: unknown;
    try {
      response = await next(request);
    } catch (thrown) {
      error = thrown;
    }
    if (isProgramsOwn(error)) breaker.drop(probe);
    else {
      try {
        this.#settle(breaker, { request, response, error }, probe);
      } catch (fault) {
        // Of `isFailure`: nobody else gets to the response.
        breaker.drop(probe);
        void response?.close().catch(() => {});
        throw fault;
      }
    }
    if (response === undefined) throw error;
    const { attempt } = response;
    // Its head was well, and its body broke off.
    context.whenOver(response, () => {
      const broken = attempt.error;
      if (broken === undefined || isProgramsOwn(broken)) return;
      try {
        this.#settle(breaker, { request, response: undefined, error: broken }, undefined);
      } catch {
        // The reader of the body is told why that broke off; of `isFailure` nobody can be.
      }
    });
    return response;
  }

  /** `undefined`: it goes as any. @throws {CircuitOpen} it does not go. */
  #ask(breaker: Breaker, key: string, context: CallContext): Probe | undefined {
    const permission = breaker.ask(this.#clock.now());
    if (permission === 'yes') return undefined;
    if (permission === 'probe' && context.budget?.withdraw() !== false) {
      this.#counts.probes++;
      return breaker.probe();
    }
    this.#counts.refused++;
    const retryIn = permission === 'probe' ? undefined : permission.retryIn;
    const { sent, failed } = breaker.opening;
    const when = retryIn === undefined ? 'until the request that tries it is back' : `for another ${Math.ceil(retryIn)} ms`;
    const why = sent === 0 ? '' : `: ${failed} of the latest ${sent} requests failed`;
    throw new CircuitOpen(`Not sent: the circuit of ${key} is open ${when}${why}`, { key, retryIn });
  }

  #settle(breaker: Breaker, outcome: RequestOutcome, probe: Probe | undefined): void {
    const failed = givenAtOnce('isFailure', this.#isFailure(outcome), 'must answer at once, and gives a promise');
    if (failed) this.#counts.failed++;
    const asked = outcome.response === undefined ? undefined : askedDelay(outcome.response.rawHeaders, this.#clock.today());
    if (breaker.settle(failed, probe, this.#clock.now(), asked)) this.#counts.openings++;
  }
}

function breakerSettings(own: CircuitBreakerOptions): BreakerSettings {
  const { failureRate = 0.5 } = own;
  if (!(typeof failureRate === 'number' && failureRate > 0 && failureRate <= 1)) {
    throw new InvalidOption('failureRate', 'must be a number, more than 0 and 1 at most');
  }
  const openFor = milliseconds('openFor', own.openFor ?? 5000);
  const window = milliseconds('window', own.window ?? 10_000);
  if (window === 0 || window === Infinity) throw new InvalidOption('window', 'must be a number of milliseconds, more than 0');
  return {
    window,
    failureRate,
    openFor,
    minRequests: count('minRequests', own.minRequests ?? 20, { least: 1 }),
    maxOpenFor: Math.max(openFor, milliseconds('maxOpenFor', own.maxOpenFor ?? 60_000)),
    probes: count('probes', own.probes ?? 1, { least: 1 }),
  };
}

function isFailure({ response, error }: RequestOutcome): boolean {
  return response === undefined ? error instanceof HttpCoreError : response.status >= 500;
}

/** The program ended it, or never let it out: nothing is known of the server. */
function isProgramsOwn(error: unknown): boolean {
  if (!(error instanceof HttpCoreError)) return error !== undefined;
  // An attempt that took longer than `attemptTimeout` is aborted, too.
  if (error instanceof Aborted) return !(error.cause instanceof AttemptLimit);
  if (error instanceof DeadlineExceeded) return error.phase === 'pool' || error.phase === 'request';
  return ownErrors.some((own) => error instanceof own) || error.code === 'REQUEST_BODY_FAILED';
}

const ownErrors = [PoolTimeout, PoolClosed, LocalProtocolError, UnsupportedProtocol];
