/** One state for each origin, or for whatever a guard counts by. */
import { InvalidOption } from '../errors.ts';
import type { Request } from '../request/request.ts';

/** What a guard counts by: requests with the same key have one limit, one breaker, one estimate. */
export type KeyOf = (request: Request) => string;

/** By what requests are told apart: by default by their origin. */
export interface KeyedOptions {
  /**
   * What is counted together; by default what goes to one origin.
   * @example
   * rateLimit({ requests: 10, by: (request) => request.headers.get('x-tenant') ?? '' });
   */
  readonly by?: KeyOf | undefined;
}

/** So many keys are remembered: those that were not asked for longest, and have nothing under way, are forgotten beyond it. */
const mostKeys = 1000;

export class KeyedStates<State> {
  readonly #states = new Map<string, State>();
  readonly #make: (key: string) => State;
  readonly #isIdle: (state: State) => boolean;

  constructor(make: (key: string) => State, isIdle: (state: State) => boolean) {
    this.#make = make;
    this.#isIdle = isIdle;
  }

  get size(): number {
    return this.#states.size;
  }

  of(key: string): State {
    let state = this.#states.get(key);
    if (state === undefined) state = this.#make(key);
    // The last one asked for is the last in the map.
    else this.#states.delete(key);
    this.#states.set(key, state);
    if (this.#states.size > mostKeys) this.#forget();
    return state;
  }

  [Symbol.iterator](): IterableIterator<[string, State]> {
    return this.#states.entries();
  }

  #forget(): void {
    for (const [key, state] of this.#states) {
      if (!this.#isIdle(state)) continue;
      this.#states.delete(key);
      if (this.#states.size <= mostKeys) return;
    }
  }
}

export function keyOf(by: KeyOf | undefined): KeyOf {
  if (by === undefined) return originOf;
  if (typeof by !== 'function') throw new InvalidOption('by', 'must be a function that gives a string for a request');
  return (request) => String(by(request));
}

function originOf({ urlParts: [scheme, host, port] }: Request): string {
  return `${scheme}://${host}${port === null || port === undefined ? '' : `:${port}`}`;
}
