/** Limits are each request's own, whoever's connection it is that is being made. */
import { afterEach, describe, expect, it } from 'vitest';

import { PatientDialer } from '../../test/support/patient-dialer.ts';
import type { DispatchContext } from '../contract/dispatcher.ts';
import type { Timeouts } from '../contract/values.ts';
import { PoolClosed, type HttpCoreError } from '../contract/errors.ts';
import { HttpDialer } from '../dial/dialer.ts';
import { resolvePoolOptions, type PoolOptions } from '../model/pool-options.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { Pool } from './pool.ts';

const blank = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

class World {
  readonly clock = new FakeClock(1_000);
  readonly dialer = new PatientDialer(() => this.clock.now());
  readonly pool: Pool;
  readonly outcomes = new Map<string, string>();
  readonly errors = new Map<string, HttpCoreError>();

  constructor(options: PoolOptions = {}) {
    const settings = resolvePoolOptions(options);
    this.pool = new Pool(settings, new HttpDialer(this.dialer, settings, this.clock), this.clock);
  }

  get(name: string, connect: number | null, context?: DispatchContext, host = 'a', pool: number | null = null): void {
    const timeouts: Timeouts = [connect, null, null, pool];
    this.pool.submit('GET', ['https', `${host}.example.test`, null, `/${name}`], [], null, timeouts, context).then(
      ([, status]) => this.outcomes.set(name, `${status}`),
      (error: HttpCoreError) => {
        this.outcomes.set(name, `${error.code} in ${error.phase} at ${this.clock.now()}`);
        this.errors.set(name, error);
      },
    );
  }

  async advance(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.clock.settle();
  }
}

const worlds: World[] = [];
function start(options?: PoolOptions): World {
  const world = new World(options);
  worlds.push(world);
  return world;
}
afterEach(async () => {
  for (const { pool, clock, dialer } of worlds.splice(0)) {
    const closed = pool.destroy(new PoolClosed('The test is over'));
    await clock.settle();
    await closed;
    for (const transport of dialer.transports) transport?.close();
    await clock.settle();
    expect(clock.pending).toBe(0);
    expect(pool.stats()).toMatchObject({ connections: 0, connecting: 0, queued: 0, origins: [] });
  }
});

describe('two requests and one connection that is being made', () => {
  it('the short limit of who came second passes in its time, and the first goes on', async () => {
    const world = start();
    world.get('patient', 10_000);
    world.get('hasty', 300);
    await world.advance(300);
    expect(Array.from(world.outcomes)).toEqual([['hasty', 'CONNECT_TIMEOUT in connect at 1300']]);
    expect(world.errors.get('hasty')?.message).toBe(
      'No connection to https://a.example.test:443 within 300 ms: the test has not said go on',
    );
    world.dialer.dials[0]!.connect();
    await world.advance(0);
    expect(world.pool.stats()).toMatchObject({ active: 1, opened: 1 });
  });

  it('the short limit of who came first passes in its time, and the second has all of its own', async () => {
    const world = start();
    world.get('hasty', 100);
    await world.advance(50);
    world.get('patient', 400);
    await world.advance(50);
    expect(Array.from(world.outcomes)).toEqual([['hasty', 'CONNECT_TIMEOUT in connect at 1100']]);
    await world.advance(300);
    expect(world.pool.stats()).toMatchObject({ connecting: 1, queued: 1 });
    await world.advance(200);
    expect(world.outcomes.get('patient')).toMatch(/^CONNECT_TIMEOUT in connect/);
    expect(world.dialer.dials).toHaveLength(1);
    // Nobody waits for it any more.
    expect(world.pool.stats()).toMatchObject({ connecting: 0 });
  });

  it('who gets a dial from one that was aborted has its own limit and sees its steps from there on', async () => {
    const world = start({ http2: false, maxConnectionsPerOrigin: 1 });
    const controller = new AbortController();
    const seen: string[] = [];
    world.get('first', 100, { signal: controller.signal });
    world.get('second', 300, { trace: (name) => void seen.push(name) });
    await world.advance(50);
    controller.abort();
    await world.advance(0);
    expect(world.outcomes.get('first')).toBe('ABORTED in connect at 1050');
    world.dialer.dials[0]!.trace('connect-end', world.clock.now(), { address: '192.0.2.1', port: 443 });
    await world.advance(250);
    expect(seen).toEqual(['queued', 'connect-end']);
    world.dialer.dials[0]!.connect();
    await world.advance(0);
    expect(world.pool.stats()).toMatchObject({ active: 1, connecting: 0, opened: 1 });
  });

  it('a limit in the future is a deadline all the same', async () => {
    const world = start();
    world.get('hurried', 1_000, { deadline: world.clock.now() + 20 });
    world.get('patient', 1_000);
    await world.advance(20);
    expect(Array.from(world.outcomes)).toEqual([['hurried', 'DEADLINE_EXCEEDED in connect at 1020']]);
    expect(world.pool.stats()).toMatchObject({ connecting: 1, queued: 1 });
  });
});

it('who has no dial waits for a slot, by the limit on that', async () => {
  const world = start({ http2: false, maxConnectionsPerOrigin: 1 });
  world.get('first', 1_000);
  world.get('second', 10, undefined, 'a', 200);
  await world.advance(200);
  expect(Array.from(world.outcomes)).toEqual([['second', 'POOL_TIMEOUT in pool at 1200']]);
});

describe('preconnect', () => {
  it('keeps to both limits on connections, and waits for what is being made', async () => {
    const world = start({ http2: false, maxConnections: 3, maxConnectionsPerOrigin: 2 });
    const made = Array.from({ length: 50 }, () => world.pool.preconnect(['https', 'a.example.test', null, '/']));
    expect(world.dialer.dials).toHaveLength(2);
    const others = Array.from({ length: 50 }, () => world.pool.preconnect(['https', 'b.example.test', null, '/']));
    expect(world.dialer.hosts).toEqual(['a.example.test', 'a.example.test', 'b.example.test']);
    for (const dial of world.dialer.dials) dial.connect();
    await world.advance(0);
    await Promise.all([...made, ...others]);
    expect(world.pool.stats()).toMatchObject({ connections: 3, opened: 3 });
  });

  it('makes one connection where one may serve all', async () => {
    const world = start();
    const made = Array.from({ length: 50 }, () => world.pool.preconnect(['https', 'a.example.test', null, '/']));
    expect(world.dialer.dials).toHaveLength(1);
    world.dialer.dials[0]!.connect();
    await world.advance(0);
    await Promise.all(made);
    expect(world.pool.stats()).toMatchObject({ connections: 1, opened: 1 });
  });

  it('ends by its limit, and not the dial of a request that has come to need it', async () => {
    const world = start({ timeouts: [100, null, null, null] });
    const made = world.pool.preconnect(['https', 'a.example.test', null, '/']);
    world.get('needy', 1_000);
    await Promise.all([world.advance(150), expect(made).rejects.toMatchObject({ code: 'CONNECT_TIMEOUT', phase: 'connect' })]);
    expect(world.dialer.dials).toHaveLength(1);
    world.dialer.dials[0]!.connect();
    await world.advance(0);
    expect(world.pool.stats()).toMatchObject({ active: 1, opened: 1 });
  });

  it('that nobody needs is given up with its limit', async () => {
    const world = start({ timeouts: [100, null, null, null] });
    const made = world.pool.preconnect(['https', 'a.example.test', null, '/']);
    await Promise.all([world.advance(150), expect(made).rejects.toMatchObject({ code: 'CONNECT_TIMEOUT' })]);
    expect(world.pool.stats()).toMatchObject({ connecting: 0, origins: [] });
  });
});

describe('room in the pool', () => {
  const answer = async (world: World, number: number): Promise<void> => {
    world.dialer.transports[number]!.receive(blank);
    await world.advance(0);
  };

  it.each([
    ['after a number of requests', 16, 0],
    ['after a time', 2, 600],
  ])('goes to who has waited longest, also from an origin that has something to do itself: %s', async (_, turn, pause) => {
    const world = start({ http2: false, maxConnections: 4, maxConnectionsPerOrigin: 4 });
    for (let n = 0; n < 8; n += 1) world.get(`a${n}`, null);
    for (const dial of world.dialer.dials.slice()) dial.connect();
    await world.advance(1);
    world.get('b', null, undefined, 'b');
    for (let n = 8; n < 80; n += 1) world.get(`a${n}`, null);
    const ofB = (): number => world.dialer.hosts.filter((host) => host.startsWith('b')).length;
    for (let round = 1; round < turn; round += 1) {
      await world.advance(pause);
      for (const number of [0, 1, 2, 3]) await answer(world, number);
    }
    expect(ofB()).toBe(0);
    await world.advance(pause);
    await answer(world, 0);
    expect(ofB()).toBe(1);
    expect(world.pool.stats()).toMatchObject({ connections: 3, connecting: 1 });
  });

  it('does not change hands with every request where both have as much', async () => {
    const world = start({ http2: false, maxConnections: 2, maxConnectionsPerOrigin: 2 });
    for (const host of ['a', 'b']) for (let n = 0; n < 20; n += 1) world.get(`${host}${n}`, null, undefined, host);
    // Both of the first two are a's; b gets one as soon as one of them is done.
    for (const dial of world.dialer.dials.slice()) dial.connect();
    await world.advance(0);
    for (let round = 0; round < 30; round += 1) {
      for (let number = 0; number < world.dialer.dials.length; number += 1) {
        if (!world.dialer.isConnected(number)) world.dialer.dials[number]!.connect();
        await world.advance(0);
        if (world.dialer.transports[number]!.destroyed) continue;
        world.dialer.transports[number]!.receive(blank);
        await world.advance(0);
      }
    }
    expect(world.outcomes.size).toBe(40);
    expect(world.dialer.dials.length).toBeLessThan(8);
  });

  it('is made by closing what has been idle for longest', async () => {
    const world = start({ http2: false, maxConnections: 3, keepAliveTimeout: 60_000 });
    for (const [number, host] of ['a', 'b', 'c'].entries()) {
      world.get(host, null, undefined, host);
      world.dialer.dials[number]!.connect();
      await world.advance(100);
    }
    // b has been idle for longest, then c.
    for (const number of [1, 2, 0]) {
      await answer(world, number);
      await world.advance(100);
    }
    world.get('d', null, undefined, 'd');
    await world.advance(0);
    expect(world.dialer.transports.map(({ destroyed }) => destroyed)).toEqual([false, true, false]);
  });
});
