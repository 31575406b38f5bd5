/** The pool without a network: the same checks, limits, queue and endings, with a dialler that leads to an application. */
import type { CloseOptions, Dispatcher, DispatchContext, DispatchResponse } from '../contract/dispatcher.ts';
import type { ByteIterable, HeaderPair, Timeouts, UrlParts } from '../contract/values.ts';
import type { Dialer } from '../dial/dial.ts';
import { withCallerStack } from '../contract/errors.ts';
import { checkGrace, resolvePoolOptions, type PoolSettings } from '../model/pool-options.ts';
import { Pool } from '../pool/pool.ts';
import { systemClock, type Clock } from '../time/clock.ts';

/** Options of the dispatchers without a network. */
export interface InProcessOptions {
  /** The limits of requests that bring none, in milliseconds. Default `[10_000, 120_000, 60_000, 30_000]`, as for a pool. */
  readonly timeouts?: Timeouts | undefined;
}

/** Refuses what HTTP allows and the application could not be shown. */
export type RequestCheck = (method: string, url: UrlParts, body: ByteIterable | null) => void;

export class InProcessDispatcher implements Dispatcher {
  readonly #pool: Pool;
  readonly #timeouts: Timeouts;
  readonly #check: RequestCheck | undefined;

  /** @throws {LocalProtocolError} `INVALID_OPTION`. */
  constructor({ timeouts }: InProcessOptions, createDialer: (options: PoolSettings, clock: Clock) => Dialer, check?: RequestCheck) {
    const options = resolvePoolOptions({
      timeouts,
      maxConnections: Infinity,
      maxConnectionsPerOrigin: Infinity,
      keepAliveTimeout: 0,
      http2: false,
    });
    this.#check = check;
    this.#timeouts = options.timeouts;
    this.#pool = new Pool(options, createDialer(options, systemClock), systemClock, true);
  }

  async dispatch(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts: Timeouts = this.#timeouts,
    context?: DispatchContext,
  ): Promise<DispatchResponse> {
    try {
      this.#check?.(method, url, body);
      return await this.#pool.submit(method, url, headers, body, timeouts, context);
    } catch (error) {
      throw withCallerStack(error);
    }
  }

  async close(options?: CloseOptions): Promise<void> {
    await this.#pool.close(checkGrace(options?.grace));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#pool.dispose();
  }
}
