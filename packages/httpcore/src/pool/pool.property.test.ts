/**
 * Exact accounting under cancellation at every await: a whole pool on scripted time and scripted transports runs through
 * random schedules of requests, aborts, limits, answers of every kind, resets, closes and blocked loops. Limits hold at every step, every
 * request settles, and at the end nothing is left: no slot, waiter, timer, listener or transport.
 */
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import type { ResponseBody } from '../contract/dispatcher.ts';
import type { ByteIterable, Timeouts } from '../contract/values.ts';
import type { Dial, DialedTransport, TransportDialer } from '../dial/dial.ts';
import { HttpDialer } from '../dial/dialer.ts';
import { ConnectError, HttpCoreError, PoolClosed } from '../contract/errors.ts';
import { resolvePoolOptions } from '../model/pool-options.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { Pool } from './pool.ts';

const schedules = 400;
const stepsPerSchedule = 120;
const maxConnections = 5;
const maxConnectionsPerOrigin = 3;

/** Small, seeded and good enough: the same seed gives the same schedule. */
function random(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761 + 1) >>> 0;
  return (below) => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

class World implements TransportDialer {
  readonly clock = new FakeClock(1_000);
  readonly transports: ScriptedTransport[] = [];
  readonly #ended = new Set<ScriptedTransport>();
  readonly pool: Pool;
  readonly pick: (below: number) => number;
  readonly controllers: AbortController[] = [];
  readonly bodies: ResponseBody[] = [];
  started = 0;
  settled = 0;
  bodiesSettled = 0;
  readonly iterators = { opened: 0, closed: 0 };

  constructor(seed: number) {
    this.pick = random(seed);
    const options = resolvePoolOptions({
      maxConnections,
      maxConnectionsPerOrigin,
      keepAliveTimeout: 50,
      http2: false,
      maxBufferedBytes: this.pick(2) === 0 ? 20 : 67_108_864,
    });
    this.pool = new Pool(options, new HttpDialer(this, options, this.clock), this.clock);
  }

  dial(): Dial<DialedTransport> {
    const { clock, pick, transports } = this;
    let cancel!: (error: HttpCoreError) => void;
    const result = new Promise<DialedTransport>((resolve, reject) => {
      const outcome = clock.schedule(pick(30), () => {
        if (pick(5) === 0) {
          reject(new ConnectError('refused', { phase: 'connect' }));
          return;
        }
        const transport = new ScriptedTransport();
        transports.push(transport);
        const moment = clock.now();
        const none = undefined;
        const timings = {
          start: moment,
          dnsStart: none,
          dnsEnd: none,
          connectStart: moment,
          connectEnd: moment,
          proxyStart: none,
          proxyEnd: none,
          tlsStart: none,
          tlsEnd: none,
          end: moment,
        };
        resolve({ transport, timings });
      });
      cancel = (error) => {
        outcome.cancel();
        reject(error);
      };
    });
    return { result, phase: 'connect', hanging: 'the schedule has not come to it', cancel };
  }

  request(): void {
    const { pick } = this;
    const controller = pick(2) === 0 ? new AbortController() : undefined;
    if (controller !== undefined) this.controllers.push(controller);
    const limit = (): number | null => (pick(3) === 0 ? null : 5 + pick(60));
    const timeouts: Timeouts = [limit(), limit(), limit(), limit()];
    const method = pick(2) === 0 ? 'GET' : 'POST';
    const headers = pick(8) === 0 ? ([['expect', '100-continue']] as const) : [];
    const context = {
      signal: controller?.signal,
      deadline: pick(3) === 0 ? this.clock.now() + 5 + pick(80) : undefined,
    };
    this.started += 1;
    const origin = ['http', `host${pick(3)}.test`, null, '/'] as const;
    let response;
    try {
      response = this.pool.submit(method, origin, headers, method === 'POST' ? this.#body() : null, timeouts, context);
    } catch (error) {
      assert(error instanceof HttpCoreError);
      this.settled += 1;
      this.bodiesSettled += 1;
      return;
    }
    response.then(
      ([, , , , body]) => {
        this.settled += 1;
        this.bodies.push(body);
        this.#consume(body);
      },
      (error: unknown) => {
        assert(error instanceof HttpCoreError);
        this.settled += 1;
        this.bodiesSettled += 1;
      },
    );
  }

  #body(): ByteIterable {
    const { pick, iterators, clock } = this;
    if (pick(2) === 0) return [Buffer.from('abc')];
    return (async function* chunks() {
      iterators.opened += 1;
      try {
        for (let left = pick(4); left > 0; left -= 1) {
          if (pick(6) === 0) throw new Error('the source failed');
          if (pick(3) === 0) await new Promise<void>((resolve) => clock.schedule(pick(40), resolve));
          yield Buffer.from('chunk');
        }
      } finally {
        iterators.closed += 1;
      }
    })();
  }

  #consume(body: ResponseBody): void {
    const counted = (): void => void (this.bodiesSettled += 1);
    const way = this.pick(6);
    if (way === 0) body.close().then(counted, counted);
    else if (way === 1) body.bytes().then(counted, counted);
    else if (way === 2) {
      (async () => {
        for await (const chunk of body) if (chunk.length > 2) break;
      })().then(counted, counted);
    } else if (way === 3) {
      // Slow, and it may stall for longer than anybody waits.
      (async () => {
        for await (const chunk of body) {
          await new Promise<void>((resolve) => this.clock.schedule(this.pick(Math.min(chunk.length * 20, 5_000)), resolve));
        }
      })().then(counted, counted);
    } else if (way === 4) {
      // Left in the middle, and closed long after.
      void body[Symbol.asyncIterator]()
        .next()
        .catch(() => {});
      this.clock.schedule(this.pick(2_000), () => void body.close().then(counted, counted));
    } else {
      // Forgotten for a while, then closed.
      this.clock.schedule(this.pick(60), () => void body.close().then(counted, counted));
    }
  }

  /** A peer does something: sense or nonsense. */
  serve(): void {
    const alive = this.transports.filter((transport) => !transport.destroyed && !transport.closed);
    const transport = alive[this.pick(alive.length || 1)];
    if (transport === undefined) return;
    if (this.#ended.has(transport)) {
      // A peer that has ended its direction can still go away; it is told of the end once the reading goes on.
      if (this.pick(4) === 0) transport.close();
      return;
    }
    const ok = 'HTTP/1.1 200 OK\r\n';
    switch (this.pick(14)) {
      case 0:
        transport.receive(`${ok}Content-Length: 5\r\n\r\nhello`);
        break;
      case 1:
        transport.receive(`${ok}Content-Length: 5\r\nConnection: close\r\n\r\nhello`);
        break;
      case 2:
        transport.receive(`${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`);
        break;
      case 3:
        transport.receive('0\r\n\r\n');
        break;
      case 4:
        transport.receive(`${ok}Content-Length: 5\r\n\r\nhel`);
        break;
      case 5:
        transport.receive('lo');
        break;
      case 6:
        transport.receive('HTTP/1.1 100 Continue\r\n\r\n');
        break;
      case 7:
        transport.receive(`${ok}Content-Length: 2\r\n\r\nhi${ok}`);
        break;
      case 8:
        this.#ended.add(transport);
        transport.receiveEnd();
        break;
      case 9:
        transport.close(this.pick(2) === 0 ? new Error('read ECONNRESET') : undefined);
        break;
      case 10:
        transport.receive(`${ok}\r\nuntil the end`);
        break;
      case 11:
        transport.receive(`${ok}Keep-Alive: timeout=2\r\nContent-Length: 0\r\n\r\n`);
        break;
      case 12:
        transport.drain();
        break;
      default:
        transport.receive('nonsense');
    }
  }

  /** Time goes on and nothing runs: timers are late, while sockets have something to say in that same turn, or not. */
  blockLoop(): void {
    this.clock.jump([1, 60, 900, 7_000, 100_000][this.pick(5)]!);
    for (let arrivals = this.pick(3); arrivals > 0; arrivals -= 1) this.clock.nextTurn(() => this.serve());
    if (this.pick(2) === 0) this.clock.advance(0);
  }

  check(): void {
    const stats = this.pool.stats();
    assert(stats.connections + stats.connecting <= maxConnections);
    for (const origin of stats.origins) assert(origin.connections + origin.connecting <= maxConnectionsPerOrigin);
    assert.equal(this.pool.room, maxConnections - stats.connections - stats.connecting);
    assert.equal(
      stats.bufferedBytes,
      this.pool.running().reduce((sum, exchange) => sum + exchange.buffered, 0),
    );
  }
}

/** Lets every promise callback that is due run. */
async function settle(): Promise<void> {
  for (let round = 0; round < 25; round += 1) await undefined;
}

async function runSchedule(seed: number): Promise<World> {
  const world = new World(seed);
  const { pick } = world;
  for (let step = 0; step < stepsPerSchedule; step += 1) {
    // At any await of anybody's.
    if (pick(400) === 0) void (pick(2) === 0 ? world.pool.dispose() : world.pool.close(pick(100)));
    const action = pick(20);
    if (action < 6) world.request();
    else if (action < 14) world.serve();
    else if (action < 17) world.clock.advance(pick(12));
    else if (action === 17) world.blockLoop();
    else world.controllers[pick(world.controllers.length || 1)]?.abort();
    if (pick(3) > 0) await settle();
    world.check();
  }
  const ends = [
    () => world.pool.close(),
    () => world.pool.close(pick(200)),
    () => world.pool.dispose(),
    () => world.pool.destroy(new PoolClosed('the end')),
  ];
  const closed = ends[pick(ends.length)]!();
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  // In order, what runs and waits may end by itself, and the limits of the rest pass; those that have none are aborted.
  for (let round = 0; round < 60; round += 1) {
    if (isClosed) break;
    await settle();
    world.serve();
    world.clock.advance(10);
    world.check();
  }
  for (const controller of world.controllers) controller.abort();
  await settle();
  if (!isClosed) void world.pool.destroy(new PoolClosed('the end'));
  await settle();
  // Forgotten bodies and draining give up by the clock.
  for (let round = 0; round < 80; round += 1) {
    world.clock.advance(100);
    await settle();
  }
  await closed;
  return world;
}

describe('a pool under random schedules', () => {
  it(`leaves nothing behind (${schedules} schedules)`, { timeout: 60_000 }, async () => {
    for (let seed = 1; seed <= schedules; seed += 1) {
      try {
        const world = await runSchedule(seed);
        expect(world.pool.stats()).toMatchObject({ connections: 0, connecting: 0, active: 0, queued: 0, bufferedBytes: 0, origins: [] });
        expect(world.pool.memory.allowed).toBe(0);
        expect(world.pool.room).toBe(maxConnections);
        expect(world.settled, 'responses that settled').toBe(world.started);
        expect(world.bodiesSettled, 'bodies that settled').toBe(world.started);
        expect(world.iterators.closed, 'request bodies that were closed').toBe(world.iterators.opened);
        expect(world.clock.pending, 'timers').toBe(0);
        expect(world.transports.filter((transport) => !transport.destroyed && !transport.closed)).toHaveLength(0);
        for (const transport of world.transports) expect(transport.handlerError).toBeUndefined();
        for (const controller of world.controllers) expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
      } catch (error) {
        if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
        throw error;
      }
    }
  });

  it('runs the same from the same seed', async () => {
    const log = async (): Promise<string> => {
      const world = await runSchedule(7);
      return JSON.stringify([world.started, world.settled, world.transports.map((transport) => transport.calls.map((call) => call.type))]);
    };
    expect(await log()).toBe(await log());
  });
});
