/** What happens between the moment at which a connection is found and the one at which its guest is served. */
import { expect, it } from 'vitest';

import { settings } from '../../test/support/http2/frame-factory.ts';
import { PatientDialer } from '../../test/support/patient-dialer.ts';
import type { Timeouts } from '../contract/values.ts';
import { HttpDialer } from '../dial/dialer.ts';
import { PoolTimeout } from '../contract/errors.ts';
import { resolvePoolOptions } from '../model/pool-options.ts';
import { Setting } from '../protocol/http2/constants.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { Pool } from './pool.ts';

it('a guest whose connection was filled at the last moment gets the slot of who has waited for less long', async () => {
  const clock = new FakeClock(1_000);
  const dialer = new PatientDialer();
  const options = resolvePoolOptions({ coalesce: true, maxConnections: 2, maxConnectionsPerOrigin: 1 });
  const pool = new Pool(options, new HttpDialer(dialer, options, clock), clock);
  const outcomes: unknown[] = [];
  const get = (host: string, timeouts: Timeouts = [null, null, null, null]): void => {
    const response = pool.submit('GET', ['https', `${host}.example.test`, host === 'c' ? 8443 : null, '/'], [], null, timeouts, undefined);
    response.catch((error: unknown) => outcomes.push(error));
  };

  get('a');
  const transport = dialer.dials[0]!.connect();
  await clock.settle();
  transport.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 2]));
  get('b');
  // The slot of b's dial is the last one.
  get('c', [null, null, null, 50]);
  expect(dialer.hosts).toEqual(['a.example.test', 'b.example.test']);

  dialer.dials[1]!.resolve();
  get('a');
  await clock.settle();
  expect(dialer.hosts).toEqual(['a.example.test', 'b.example.test', 'b.example.test']);
  expect(pool.stats()).toMatchObject({ connections: 1, connecting: 1, active: 2, queued: 2 });
  expect(pool.room).toBe(0);

  clock.advance(50);
  await clock.settle();
  expect(outcomes).toEqual([expect.any(PoolTimeout)]);
  await pool.destroy(outcomes[0] as PoolTimeout);
  await clock.settle();
  expect(pool.stats()).toMatchObject({ connections: 0, connecting: 0, active: 0, queued: 0, origins: [] });
  expect(pool.room).toBe(2);
});

it('a guest whose connection was lost at the last moment dials again', async () => {
  const clock = new FakeClock(1_000);
  const dialer = new PatientDialer();
  const options = resolvePoolOptions({ coalesce: true });
  const pool = new Pool(options, new HttpDialer(dialer, options, clock), clock);
  const preconnected = pool.preconnect(['https', 'a.example.test', null, '/']);
  const transport = dialer.dials[0]!.connect();
  await preconnected;
  const response = pool.submit('GET', ['https', 'b.example.test', null, '/'], [], null, [null, null, null, null], undefined);
  response.catch(() => {});
  dialer.dials[1]!.resolve();
  transport.close();
  await clock.settle();
  expect(dialer.hosts).toEqual(['a.example.test', 'b.example.test', 'b.example.test']);
  dialer.dials[2]!.resolve();
  dialer.dials[2]!.connect();
  await clock.settle();
  expect(pool.stats()).toMatchObject({
    connections: 1,
    active: 1,
    opened: 2,
    origins: [{ origin: 'https://b.example.test:443', coalesced: 0 }],
  });
  await pool.destroy(new PoolTimeout('the end'));
});

it('a host that is spelled in another way is the host still', async () => {
  const clock = new FakeClock(1_000);
  const dialer = new PatientDialer();
  const options = resolvePoolOptions({ coalesce: true });
  const pool = new Pool(options, new HttpDialer(dialer, options, clock), clock);
  const get = (host: string): void => {
    pool.submit('GET', ['https', host, null, '/'], [], null, [null, null, null, null], undefined).catch(() => {});
  };
  get('a.example.test');
  dialer.dials[0]!.connect();
  await clock.settle();
  get('b.example.test');
  dialer.dials[1]!.resolve();
  get('A.example.test');
  get('B.example.test');
  await clock.settle();
  expect(pool.stats().origins).toMatchObject([
    { origin: 'https://a.example.test:443', active: 2 },
    { origin: 'https://b.example.test:443', active: 2 },
  ]);
  await pool.destroy(new PoolTimeout('the end'));
});
