/** Sends a slow request once more and takes what answers first. */
import type { CallContext } from '../call/context.ts';
import type { Interceptor, Next } from '../call/interceptor.ts';
import { systemClock, type Clock } from '../time/clock.ts';
import { InvalidOption } from '../errors.ts';
import { count, milliseconds } from '../options/checks.ts';
import { ownOptions } from '../options/own-options.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { isIdempotent } from '../retries/retry-limits.ts';
import { KeyedStates, keyOf, type KeyedOptions, type KeyOf } from './keyed-states.ts';
import { Latencies } from './latencies.ts';

/** What {@link hedge} may be told. */
export interface HedgeOptions extends KeyedOptions {
  /** 0 to 1: a request that takes longer than this part of the latest ones to the head of its response is sent again. Default 0.95. */
  readonly quantile?: number | undefined;
  /** Milliseconds: no second request before that. Default 10. */
  readonly minDelay?: number | undefined;
  /** Milliseconds: a second request after that in any case. Default `Infinity`. */
  readonly maxDelay?: number | undefined;
  /** So many requests must have been seen before one is sent again, unless `maxDelay` is given. Default 20. */
  readonly minSamples?: number | undefined;
  /** How often one request is sent again at most. Default 1. */
  readonly maxHedges?: number | undefined;
}

/** How many requests there were, how many second ones were sent or denied, and how many of them were first. */
export interface HedgeStats {
  readonly requests: number;
  /** Second requests. */
  readonly hedges: number;
  /** Of those, how often they answered first. */
  readonly won: number;
  /** Second requests that were not sent, since the client's retry budget was spent. */
  readonly denied: number;
}

/** The interceptor that {@link hedge} makes. */
export interface Hedge extends Interceptor {
  stats(): HedgeStats;
}

const optionNames = {
  quantile: undefined,
  minDelay: undefined,
  maxDelay: undefined,
  minSamples: undefined,
  maxHedges: undefined,
  by: undefined,
};

/**
 * An interceptor against the slowest answers ("The Tail at Scale", Dean and Barroso, 2013): an idempotent request that takes longer than 95 % of the latest
 * ones to its origin is sent once more, and what answers first is the response. The other one is ended: over HTTP/2 its stream alone is reset. Each
 * second request takes a token of the client's retry budget, so a server that is slow because of its load gets a fifth more at most.
 *
 * Give it to `networkInterceptors`.
 *
 * @throws {InvalidOption} an option is unknown or impossible.
 * @example
 * const client = new Client({ networkInterceptors: [hedge({ quantile: 0.95 })] });
 */
export function hedge(options: HedgeOptions = {}): Hedge {
  const hedges = new Hedges(options, systemClock);
  return Object.assign((request: Request, context: CallContext, next: Next) => hedges.send(request, context, next), {
    stats: () => hedges.stats(),
  });
}

/** The reason with which the slower ones are ended. */
const isLate: Error = new Error('Another request for the same call was answered first');

export class Hedges {
  readonly #clock: Clock;
  readonly #key: KeyOf;
  readonly #quantile: number;
  readonly #minDelay: number;
  readonly #maxDelay: number;
  readonly #minSamples: number;
  readonly #maxHedges: number;
  readonly #latencies = new KeyedStates<Latencies>(
    () => new Latencies(),
    () => true,
    () => false,
  );
  readonly #counts = { requests: 0, hedges: 0, won: 0, denied: 0 };

  constructor(options: HedgeOptions, clock: Clock) {
    const own = ownOptions<HedgeOptions>(options, optionNames);
    const { quantile = 0.95 } = own;
    if (!(typeof quantile === 'number' && quantile > 0 && quantile < 1))
      throw new InvalidOption('quantile', 'must be a number between 0 and 1');
    this.#quantile = quantile;
    this.#minDelay = milliseconds('minDelay', own.minDelay ?? 10);
    this.#maxDelay = milliseconds('maxDelay', own.maxDelay ?? Infinity);
    this.#minSamples = count('minSamples', own.minSamples ?? 20, { least: 1 });
    this.#maxHedges = count('maxHedges', own.maxHedges ?? 1, { least: 1 });
    this.#clock = clock;
    this.#key = keyOf(own.by);
  }

  stats(): HedgeStats {
    return { ...this.#counts };
  }

  async send(request: Request, context: CallContext, next: Next): Promise<StreamResponse> {
    const latencies = this.#latencies.of(this.#key(request));
    this.#counts.requests++;
    const delay = isRepeatable(request) ? this.#delay(latencies) : Infinity;
    if (delay === Infinity) return this.#timed(next(request), latencies);
    const race = new Race(request, context, next);
    return this.#run(race, delay, latencies);
  }

  /** Milliseconds; `Infinity` while too little is known. */
  #delay(latencies: Latencies): number {
    if (latencies.count < this.#minSamples) return this.#maxDelay;
    return Math.min(this.#maxDelay, Math.max(this.#minDelay, latencies.quantile(this.#quantile)!));
  }

  async #timed(sent: Promise<StreamResponse>, latencies: Latencies): Promise<StreamResponse> {
    const begun = this.#clock.now();
    const response = await sent;
    latencies.note(this.#clock.now() - begun);
    return response;
  }

  async #run(race: Race, delay: number, latencies: Latencies): Promise<StreamResponse> {
    const begun = this.#clock.now();
    let hedges = 0;
    let cancel = (): void => {};
    const again = (): void => {
      if (!race.mayGrow) return;
      if (race.context.budget?.withdraw() === false) {
        this.#counts.denied++;
        return;
      }
      this.#counts.hedges++;
      hedges++;
      race.start();
      if (hedges < this.#maxHedges) cancel = this.#clock.schedule(delay, again);
    };
    race.start();
    cancel = this.#clock.schedule(delay, again);
    try {
      const { response, runner } = await race.winner;
      if (runner > 0) this.#counts.won++;
      // One that was given up would have taken longer still: the time since the first was sent is the least that it takes.
      latencies.note(this.#clock.now() - begun);
      return response;
    } finally {
      cancel();
    }
  }
}

interface Arrival {
  readonly response: StreamResponse;
  /** 0 is the one that was sent first. */
  readonly runner: number;
}

/** The same request, several times under way. */
class Race {
  readonly context: CallContext;
  readonly winner: Promise<Arrival>;
  readonly #request: Request;
  readonly #next: Next;
  readonly #controllers: AbortController[] = [];
  #running = 0;
  #isOver = false;
  /** An answer that says that the server is not well: better than none. */
  #fallback: Arrival | undefined;
  #win!: (arrival: Arrival) => void;
  #fail!: (error: unknown) => void;

  constructor(request: Request, context: CallContext, next: Next) {
    this.#request = request;
    this.context = context;
    this.#next = next;
    this.winner = new Promise((resolve, reject) => {
      this.#win = resolve;
      this.#fail = reject;
    });
  }

  /** Is the one that was sent still without an answer? */
  get mayGrow(): boolean {
    return !this.#isOver && this.context.signal?.aborted !== true;
  }

  start(): void {
    const runner = this.#controllers.length;
    const controller = new AbortController();
    this.#controllers.push(controller);
    this.#running++;
    this.#next(this.#request, { signal: controller.signal }).then(
      (response) => this.#arrive({ response, runner }),
      (error: unknown) => this.#lose(error),
    );
  }

  #arrive(arrival: Arrival): void {
    this.#running--;
    if (this.#isOver) void this.context.release(arrival.response);
    else if (arrival.response.status >= 500 && this.#running > 0) this.#keep(arrival);
    else this.#finish(arrival);
  }

  /** As long as another one runs, nothing is lost. */
  #lose(error: unknown): void {
    this.#running--;
    if (this.#isOver || this.#running > 0) return;
    if (this.#fallback !== undefined) this.#finish(this.#fallback);
    else {
      this.#isOver = true;
      this.#fail(error);
    }
  }

  #keep(arrival: Arrival): void {
    if (this.#fallback === undefined) this.#fallback = arrival;
    else void this.context.release(arrival.response);
  }

  #finish(arrival: Arrival): void {
    this.#isOver = true;
    this.#controllers.forEach((controller, runner) => {
      if (runner !== arrival.runner && runner !== this.#fallback?.runner) controller.abort(isLate);
    });
    const fallback = this.#fallback;
    if (fallback !== undefined && fallback !== arrival) void this.context.release(fallback.response);
    this.#win(arrival);
  }
}

function isRepeatable(request: Request): boolean {
  const { body } = request;
  return isIdempotent(request) && (body === null || body.replayable);
}
