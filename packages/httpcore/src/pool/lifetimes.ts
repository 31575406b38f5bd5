import type { PoolSettings } from '../model/pool-options.ts';

/** So much of its age a connection may be short of, so that those that were made together are not replaced together. */
const jitter = 0.1;

/** How long a connection serves, in time and in requests. */
export class Lifetimes {
  readonly maxRequests: number;
  readonly #maxAge: number;
  readonly #random: () => number;

  constructor(settings: Pick<PoolSettings, 'maxConnectionAge' | 'maxRequestsPerConnection'>, random: () => number = Math.random) {
    this.maxRequests = settings.maxRequestsPerConnection;
    this.#maxAge = settings.maxConnectionAge;
    this.#random = random;
  }

  /** When a connection that was made at `madeAt` takes nothing new any more. */
  retiresAt(madeAt: number): number {
    return madeAt + this.#maxAge * (1 - jitter * this.#random());
  }
}
