/** What is left of requests to many hosts: nothing, however they end, and also where they never begin. */
import { describe, expect, it } from 'vitest';

import { PatientDialer } from '../../test/support/patient-dialer.ts';
import { ConnectError } from '../contract/errors.ts';
import { HttpDialer } from '../dial/dialer.ts';
import type { DispatchContext } from '../contract/dispatcher.ts';
import { resolvePoolOptions, type PoolOptions } from '../model/pool-options.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { Pool } from './pool.ts';

const noLimits = [null, null, null, null] as const;
const refusing = { check: () => 'nothing may be reached' };
const hosts = Array.from({ length: 300 }, (_, number) => `host-${number}.test`);

interface World {
  readonly pool: Pool;
  readonly dialer: PatientDialer;
  readonly get: (host: string, context?: DispatchContext) => Promise<unknown>;
}

function world(options: PoolOptions): World {
  const clock = new FakeClock(1_000);
  const dialer = new PatientDialer();
  const resolved = resolvePoolOptions(options);
  const pool = new Pool(resolved, new HttpDialer(dialer, resolved, clock), clock);
  const get = async (host: string, context?: DispatchContext): Promise<unknown> =>
    pool.submit('GET', ['https', host, null, '/'], [], null, noLimits, context);
  return { pool, dialer, get };
}

describe('of requests to many hosts nothing is left', () => {
  it('that a guard refuses', async () => {
    const { pool, dialer, get } = world({ guard: refusing, proxy: 'http://proxy.test:3128' });
    for (const host of hosts) await expect(get(host)).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    await expect((async () => pool.preconnect(['https', 'a.test', null, '/']))()).rejects.toMatchObject({ code: 'ADDRESS_REFUSED' });
    expect([pool.stats().origins, dialer.dials.length]).toEqual([[], 0]);
  });

  it('that an observer ends as they begin', async () => {
    const { pool, dialer, get } = world({});
    for (const host of hosts) {
      const controller = new AbortController();
      const ended = get(host, { signal: controller.signal, trace: (name) => name === 'queued' && controller.abort() });
      await expect(ended).rejects.toMatchObject({ name: 'Aborted' });
    }
    expect([pool.stats().origins, dialer.dials.length]).toEqual([[], 0]);
  });

  it('that can not be connected to', async () => {
    const { pool, dialer, get } = world({});
    for (const [number, host] of hosts.entries()) {
      const failed = get(host);
      await Promise.resolve();
      dialer.dials[number]!.fail(new ConnectError('refused'));
      await expect(failed).rejects.toMatchObject({ name: 'ConnectError' });
    }
    expect(pool.stats().origins).toEqual([]);
  });

  it('for which there is no room to connect beforehand', async () => {
    const { pool, get } = world({ maxConnections: 1 });
    get('busy.test').catch(() => {});
    for (const host of hosts) await pool.preconnect(['https', host, null, '/']);
    expect(pool.stats().origins.map(({ origin }) => origin)).toEqual(['https://busy.test:443']);
  });
});
