/** One state for each origin, or for whatever a guard counts by. */
import { InvalidOption } from '../errors.ts';
import { givenAtOnce } from '../options/at-once.ts';
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

/** Beyond so many, those that were not asked for longest are forgotten if nothing is lost by it. */
const mostKeys = 1000;
/** Beyond so many, also what is lost by it, such as that a circuit is open: all but where something is under way. */
const mostInAll = 10_000;
/** A program that asks a hundred thousand servers does not look at all of them each time. */
const looks = 8;

export class KeyedStates<State> {
  readonly #states = new Map<string, State>();
  readonly #make: (key: string) => State;
  readonly #isIdle: (state: State) => boolean;
  readonly #isInUse: (state: State) => boolean;

  /** `isIdle`: it would be the same if it were new. `isInUse`: something is under way that counts on it. */
  constructor(make: (key: string) => State, isIdle: (state: State) => boolean, isInUse: (state: State) => boolean) {
    this.#make = make;
    this.#isIdle = isIdle;
    this.#isInUse = isInUse;
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
    let left = looks;
    for (const [key, state] of this.#states) {
      const isFull = this.#states.size > mostInAll;
      this.#states.delete(key);
      // What stays is looked at again once all the others have been.
      if (!this.#isIdle(state) && (!isFull || this.#isInUse(state))) this.#states.set(key, state);
      left -= 1;
      if (left === 0 || this.#states.size <= mostKeys) return;
    }
  }
}

export function keyOf(by: KeyOf | undefined): KeyOf {
  if (by === undefined) return originOf;
  if (typeof by !== 'function') throw new InvalidOption('by', 'must be a function that gives a string for a request');
  return (request) => {
    const key: unknown = by(request);
    return typeof key === 'string' ? key : String(givenAtOnce('by', key, 'must give its string at once, and gives a promise'));
  };
}

function originOf({ urlParts: [scheme, host, port] }: Request): string {
  return `${scheme}://${host}${port === null || port === undefined ? '' : `:${port}`}`;
}
