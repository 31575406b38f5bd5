/** The connections of pools, as metrics. Nothing is counted per request: the open ones are looked at when metrics are collected. */
import { ValueType, type Attributes, type Meter } from '@opentelemetry/api';
import type { ConnectionInfo, ConnectionPool, Dispatcher } from '@x/httpcore';

import { attribute, metric } from './conventions.ts';
import type { Instruments } from './instruments.ts';
import { originAttributes } from './request-facts.ts';

type Pool = Pick<ConnectionPool, 'stats' | 'observe'>;

/** All that is measured by one meter, by however many `HttpTelemetry`: of two answers to the same question a meter keeps the last. */
const poolsOf = new WeakMap<Meter, WatchedPools>();

export class WatchedPools {
  readonly #instruments: Instruments;
  /** A pool that is dropped is not held here. */
  readonly #pools = new Set<WeakRef<Pool>>();
  readonly #known = new WeakSet<Pool>();
  /** So many are looked through for those that were dropped: nobody may ever collect. */
  #sweepAt = 64;

  static of(meter: Meter, instruments: Instruments): WatchedPools {
    let pools = poolsOf.get(meter);
    if (pools === undefined) {
      pools = new WatchedPools(meter, instruments);
      poolsOf.set(meter, pools);
    }
    return pools;
  }

  private constructor(meter: Meter, instruments: Instruments) {
    this.#instruments = instruments;
    meter
      .createObservableUpDownCounter(metric.openConnections, {
        unit: '{connection}',
        valueType: ValueType.INT,
        description: 'Number of outbound HTTP connections that are currently active or idle.',
      })
      .addCallback((result) => {
        for (const { attributes, count } of this.#open().values()) result.observe(count, attributes);
      });
  }

  /** Watches the pool that `dispatcher` is, or stands before; does nothing where there is none. */
  watch(dispatcher: Pick<Dispatcher, 'dispatch'>): void {
    const pool = poolOf(dispatcher);
    if (pool === undefined || this.#known.has(pool)) return;
    this.#known.add(pool);
    this.#pools.add(new WeakRef(pool));
    if (this.#pools.size >= this.#sweepAt) this.#sweep();
    pool.observe((name, at, detail) => {
      if (name !== 'closed') return;
      const { origin, connection } = detail as { readonly origin: string; readonly connection: ConnectionInfo };
      this.#instruments.connectionDuration.record((at - connection.timings.end) / 1_000, {
        ...originAttributes(origin),
        ...connectionAttributes(connection),
      });
    });
  }

  #sweep(): void {
    for (const reference of this.#pools) {
      if (reference.deref() === undefined) this.#pools.delete(reference);
    }
    this.#sweepAt = Math.max(64, 2 * this.#pools.size);
  }

  /** One sum for each combination of attributes, over all pools. */
  #open(): Map<string, { readonly attributes: Attributes; count: number }> {
    const sums = new Map<string, { readonly attributes: Attributes; count: number }>();
    for (const reference of this.#pools) {
      const pool = reference.deref();
      if (pool === undefined) {
        this.#pools.delete(reference);
        continue;
      }
      for (const { origin, connections, idle } of pool.stats().origins) {
        for (const [state, count] of [['active', connections - idle] as const, ['idle', idle] as const]) {
          const key = `${state} ${origin}`;
          const sum = sums.get(key);
          if (sum === undefined) sums.set(key, { attributes: { [attribute.connectionState]: state, ...originAttributes(origin) }, count });
          else sum.count += count;
        }
      }
    }
    return sums;
  }
}

export function connectionAttributes({ protocol, remoteAddress }: ConnectionInfo): Attributes {
  const version = { [attribute.protocolVersion]: protocol === 'h2' ? '2' : '1.1' };
  return remoteAddress === undefined ? version : { ...version, [attribute.peerAddress]: remoteAddress };
}

function poolOf(dispatcher: Pick<Dispatcher, 'dispatch'>): Pool | undefined {
  for (let each: unknown = dispatcher; typeof each === 'object' && each !== null; each = (each as { dispatcher?: unknown }).dispatcher) {
    const { stats, observe } = each as Partial<Pool>;
    if (typeof stats === 'function' && typeof observe === 'function') return each as Pool;
  }
  return undefined;
}
