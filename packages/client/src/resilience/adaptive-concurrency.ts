/** As many requests at once as the server takes without a queue, found out from its latency. */
import { Aborted, HttpCoreError, TimeoutError } from '@x/httpcore';

import type { CallContext } from '../call/context.ts';
import type { Interceptor, Next } from '../call/interceptor.ts';
import { systemClock, type Clock } from '../time/clock.ts';
import { InvalidOption } from '../errors.ts';
import { count } from '../options/checks.ts';
import { ownOptions } from '../options/own-options.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { AttemptLimit } from '../retries/attempt-limit.ts';
import { ConcurrencyEstimate, type EstimateSettings } from './concurrency-estimate.ts';
import { KeyedStates, keyOf, type KeyedOptions, type KeyOf } from './keyed-states.ts';
import { Overloaded } from './resilience-errors.ts';
import { WaitingLine } from './waiting-line.ts';

/** What {@link adaptiveConcurrency} may be told. */
export interface AdaptiveConcurrencyOptions extends KeyedOptions {
  /** Requests at once, to begin with. Default 20. */
  readonly initial?: number | undefined;
  /** Default 1. */
  readonly min?: number | undefined;
  /** Default 1000. */
  readonly max?: number | undefined;
  /** So many times what a request usually takes is not yet too slow. 1 or more; default 1.5. */
  readonly tolerance?: number | undefined;
  /** So many may wait for their turn; one more fails with `Overloaded`. Default 1000. */
  readonly maxWaiting?: number | undefined;
}

/** Of one origin. */
export interface ConcurrencyState {
  readonly limit: number;
  readonly running: number;
  readonly waiting: number;
  /** Milliseconds to the head of a response, as it usually is. */
  readonly latency: number;
}

/** What it has let through and refused, and what it takes each server to stand at present. */
export interface AdaptiveConcurrencyStats {
  readonly sent: number;
  /** Requests that had to wait before they were sent. */
  readonly delayed: number;
  /** Requests that failed with `Overloaded`. */
  readonly refused: number;
  /** Requests that the server turned away, or did not answer in time. */
  readonly dropped: number;
  readonly limits: Readonly<Record<string, ConcurrencyState>>;
}

/** The interceptor that {@link adaptiveConcurrency} makes. */
export interface AdaptiveConcurrency extends Interceptor {
  stats(): AdaptiveConcurrencyStats;
}

const optionNames = { initial: undefined, min: undefined, max: undefined, tolerance: undefined, maxWaiting: undefined, by: undefined };

/**
 * An interceptor that keeps as many requests under way as the server works on at once, and lets the others wait here, where they cost nothing: a server that
 * becomes slow is not buried under what it can not do in time. The limit grows while the latency stays what it was, shrinks when it rises, and falls with
 * each 429, 503 and timeout.
 *
 * Give it to `networkInterceptors`.
 *
 * @throws {InvalidOption} an option is unknown or impossible.
 * @example
 * const concurrency = adaptiveConcurrency({ max: 200 });
 * const client = new Client({ networkInterceptors: [concurrency] });
 * console.log(concurrency.stats().limits['https://api.example.com']?.limit);
 */
export function adaptiveConcurrency(options: AdaptiveConcurrencyOptions = {}): AdaptiveConcurrency {
  const limits = new AdaptiveLimits(options, systemClock);
  return Object.assign((request: Request, context: CallContext, next: Next) => limits.send(request, context, next), {
    stats: () => limits.stats(),
  });
}

interface Gate {
  readonly key: string;
  readonly estimate: ConcurrencyEstimate;
  readonly line: WaitingLine;
  running: number;
}

export class AdaptiveLimits {
  readonly #clock: Clock;
  readonly #key: KeyOf;
  readonly #maxWaiting: number;
  readonly #gates: KeyedStates<Gate>;
  readonly #counts = { sent: 0, delayed: 0, refused: 0, dropped: 0 };

  constructor(options: AdaptiveConcurrencyOptions, clock: Clock) {
    const own = ownOptions<AdaptiveConcurrencyOptions>(options, optionNames);
    const settings = estimateSettings(own);
    this.#maxWaiting = own.maxWaiting === Infinity ? Infinity : count('maxWaiting', own.maxWaiting ?? 1000, { least: 0 });
    this.#clock = clock;
    this.#key = keyOf(own.by);
    this.#gates = new KeyedStates<Gate>(
      (key) => ({ key, estimate: new ConcurrencyEstimate(settings), line: new WaitingLine(), running: 0 }),
      (gate) => !isInUse(gate),
      isInUse,
    );
  }

  stats(): AdaptiveConcurrencyStats {
    const limits = Object.create(null) as Record<string, ConcurrencyState>;
    for (const [key, { estimate, running, line }] of this.#gates) {
      limits[key] = { limit: estimate.limit, running, waiting: line.length, latency: estimate.usual };
    }
    return { ...this.#counts, limits };
  }

  async send(request: Request, context: CallContext, next: Next): Promise<StreamResponse> {
    const gate = this.#gates.of(this.#key(request));
    if (gate.running < gate.estimate.limit && gate.line.length === 0) gate.running++;
    else await this.#turn(gate, context);
    this.#counts.sent++;
    const begun = this.#clock.now();
    let response: StreamResponse;
    try {
      response = await next(request);
    } catch (error) {
      if (isOverload(error)) this.#drop(gate);
      this.#leave(gate);
      throw error;
    }
    if (response.status === 429 || response.status === 503) this.#drop(gate);
    else gate.estimate.answered(begun, this.#clock.now(), gate.running);
    context.whenOver(response, () => this.#leave(gate));
    return response;
  }

  async #turn(gate: Gate, context: CallContext): Promise<void> {
    if (gate.line.length >= this.#maxWaiting) {
      this.#counts.refused++;
      const problem = `${gate.running} requests to ${gate.key} are under way, which is all that it takes at present, and ${gate.line.length} wait`;
      throw new Overloaded(`Not sent: ${problem}. Send less, or raise maxWaiting`, { key: gate.key });
    }
    this.#counts.delayed++;
    const turn = gate.line.turn(context, () => this.#leave(gate));
    this.#admit(gate);
    await turn;
  }

  #drop(gate: Gate): void {
    this.#counts.dropped++;
    gate.estimate.dropped(this.#clock.now());
  }

  #leave(gate: Gate): void {
    gate.running--;
    this.#admit(gate);
  }

  #admit(gate: Gate): void {
    const soonest = this.#clock.now() + gate.estimate.expected;
    while (gate.running < gate.estimate.limit && gate.line.next(soonest, () => this.#tooLate(gate))) gate.running++;
  }

  /** An answer would come when nobody waits for it any more, and would keep others from theirs. */
  #tooLate({ key, estimate }: Gate): Overloaded {
    this.#counts.refused++;
    const problem = `its turn came too late: ${key} may take ${Math.round(estimate.expected)} ms at present, and the call has less than that left`;
    return new Overloaded(`Not sent: ${problem}. Give it a longer timeout, or send less`, { key });
  }
}

function isInUse({ running, line }: Gate): boolean {
  return running > 0 || line.length > 0;
}

function estimateSettings({ initial, min, max, tolerance = 1.5 }: AdaptiveConcurrencyOptions): EstimateSettings {
  if (!(typeof tolerance === 'number' && tolerance >= 1)) throw new InvalidOption('tolerance', 'must be a number, 1 or more');
  const least = count('min', min ?? 1, { least: 1 });
  const most = count('max', max ?? 1000, { least });
  return { min: least, max: most, tolerance, initial: Math.min(most, Math.max(least, count('initial', initial ?? 20, { least: 1 }))) };
}

function isOverload(error: unknown): boolean {
  if (error instanceof TimeoutError) return true;
  return error instanceof HttpCoreError && error instanceof Aborted && error.cause instanceof AttemptLimit;
}
