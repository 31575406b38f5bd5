import { createNoopMeter, type Attributes, type Meter, type ObservableCallback } from '@opentelemetry/api';
import { ConnectionPool } from '@x/httpcore';
import { expect, it } from 'vitest';

import { createInstruments } from './instruments.ts';
import { WatchedPools } from './watched-pools.ts';

function poolWithIdle(idle: number): ConnectionPool {
  const pool = new ConnectionPool();
  const origins = [{ origin: 'http://a.example:80', connections: idle, idle }];
  return Object.assign(pool, { stats: () => ({ origins }) });
}

it('counts each pool once for a meter, however many watch by it', () => {
  const callbacks: ObservableCallback[] = [];
  const noop = createNoopMeter();
  const gauge = { addCallback: (callback: ObservableCallback) => void callbacks.push(callback), removeCallback() {} };
  const meter: Meter = Object.assign(Object.create(noop) as Meter, { createObservableUpDownCounter: () => gauge });
  const [one, another] = [WatchedPools.of(meter, createInstruments(meter)), WatchedPools.of(meter, createInstruments(meter))];
  const [shared, own] = [poolWithIdle(1), poolWithIdle(2)];
  one.watch(shared);
  another.watch(shared);
  another.watch(own);
  const seen: unknown[] = [];
  const observe = (count: number, attributes?: Attributes): void => void seen.push([attributes?.['http.connection.state'], count]);
  for (const callback of callbacks) void callback({ observe });
  expect(seen).toEqual([
    ['active', 0],
    ['idle', 3],
  ]);
});
