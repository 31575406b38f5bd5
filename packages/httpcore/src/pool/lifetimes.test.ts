/** How long connections serve: in time, in requests, and idle. */
import { afterEach, describe, expect, it } from 'vitest';

import { goAway, headers, settings } from '../../test/support/http2/frame-factory.ts';
import type { TraceEvents } from '../contract/trace.ts';
import type { PoolOptions } from '../model/pool-options.ts';
import { Proxy } from '../model/proxy/proxy.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { TransportDispatcher } from '../testing/transport-dispatcher.ts';
import { Lifetimes } from './lifetimes.ts';

type Protocol = 'http/1.1' | 'h2';

const firstPort = 50_000;

interface Call {
  assigned: TraceEvents['assigned'] | undefined;
  status: number | undefined;
  error: unknown;
}

/** Servers that answer when the test says so. */
class World {
  readonly clock = new FakeClock(1_000);
  readonly transports: ScriptedTransport[] = [];
  readonly dispatcher: TransportDispatcher;
  readonly #protocol: Protocol;

  constructor(protocol: Protocol, options: Omit<PoolOptions, 'connect'>) {
    this.#protocol = protocol;
    this.dispatcher = new TransportDispatcher({
      clock: this.clock,
      connect: () => this.#connect(),
      timeouts: [null, null, null, null],
      keepAliveTimeout: Infinity,
      http1: protocol === 'http/1.1',
      http2: protocol === 'h2',
      ...options,
    });
  }

  #connect(): ScriptedTransport {
    const transport = new ScriptedTransport({ facts: { localPort: firstPort + this.transports.length } });
    this.transports.push(transport);
    if (this.#protocol === 'h2') this.clock.schedule(0, () => transport.receive(settings()));
    return transport;
  }

  async begin(host = 'a'): Promise<Call> {
    const call: Call = { assigned: undefined, status: undefined, error: undefined };
    const trace = (name: string, _at: number, detail: unknown): void => {
      if (name === 'assigned') call.assigned = detail as TraceEvents['assigned'];
    };
    this.dispatcher.dispatch('GET', ['http', `${host}.test`, null, '/'], [], null, undefined, { trace }).then(
      ([, status]) => (call.status = status),
      (error: unknown) => (call.error = error),
    );
    await this.wait(0);
    await this.wait(0);
    return call;
  }

  async wait(milliseconds: number): Promise<void> {
    this.clock.advance(milliseconds);
    await this.clock.settle();
  }

  /** The number of the connection that it is on. */
  where({ assigned }: Call): number {
    return assigned!.connection.localPort! - firstPort;
  }

  async answer(call: Call): Promise<void> {
    const transport = this.transports[this.where(call)]!;
    const { streamId } = call.assigned!;
    transport.receive(
      streamId === undefined ? 'HTTP/1.1 204 No Content\r\n\r\n' : headers(streamId, [[':status', '204']], { endStream: true }),
    );
    await this.wait(0);
    expect(call).toMatchObject({ status: 204, error: undefined });
  }

  /** One request after the other; the connections that they were on. */
  async get(hosts: readonly string[], pause = 0): Promise<number[]> {
    const connections: number[] = [];
    for (const host of hosts) {
      const call = await this.begin(host);
      connections.push(this.where(call));
      await this.answer(call);
      await this.wait(pause);
    }
    return connections;
  }

  get open(): number {
    return this.dispatcher.stats().connections;
  }
}

const worlds: World[] = [];
function start(protocol: Protocol, options: PoolOptions): World {
  const world = new World(protocol, options);
  worlds.push(world);
  return world;
}
afterEach(async () => {
  for (const world of worlds.splice(0)) {
    const ended = world.dispatcher.destroy();
    for (const transport of world.transports) transport.close();
    await world.wait(1_000);
    await ended;
    expect(world.dispatcher.stats()).toMatchObject({ connections: 0, origins: [] });
    expect(world.clock.pending).toBe(0);
  }
});

it('ages are spread over the last tenth, and no age is none', () => {
  const settings = { maxConnectionAge: 1_000, maxRequestsPerConnection: Infinity };
  expect(new Lifetimes(settings, () => 0).retiresAt(50)).toBe(1_050);
  expect(new Lifetimes(settings, () => 0.5).retiresAt(50)).toBe(1_000);
  expect(new Lifetimes({ ...settings, maxConnectionAge: Infinity }).retiresAt(50)).toBe(Infinity);
});

describe.each<Protocol>(['http/1.1', 'h2'])('over %s', (protocol) => {
  it('a connection that is used all the time is replaced when it is old', async () => {
    const world = start(protocol, { maxConnectionAge: 60_000 });
    const hosts = Array.from({ length: 300 }, () => 'a');
    const connections = await world.get(hosts, 500);
    expect(new Set(connections)).toEqual(new Set([0, 1, 2]));
    expect(connections.lastIndexOf(0)).toBeGreaterThan(100);
    expect(world.open).toBe(1);
  });

  it('what runs on an old one ends in peace, and what comes meanwhile is served by another', async () => {
    const world = start(protocol, { maxConnectionAge: 5_000 });
    const slow = await world.begin();
    await world.wait(6_000);
    expect(await world.get(['a', 'a'])).toEqual([1, 1]);
    await world.answer(slow);
    expect(world.where(slow)).toBe(0);
    expect(await world.get(['a'])).toEqual([1]);
    expect(world.open).toBe(1);
  });

  it('one that is idle closes when it is old', async () => {
    const world = start(protocol, { maxConnectionAge: 5_000 });
    await world.get(['a']);
    await world.wait(4_400);
    expect(world.open).toBe(1);
    await world.wait(900);
    expect(world.open).toBe(0);
  });

  it('an age of nothing is one request for each', async () => {
    const world = start(protocol, { maxConnectionAge: 0 });
    expect(await world.get(['a', 'a', 'a'])).toEqual([0, 1, 2]);
    expect(world.open).toBe(0);
  });

  it('one that is old goes on where there may be no other, for as long as something runs on it', async () => {
    const world = start(protocol, { maxConnectionAge: 5_000, maxConnectionsPerOrigin: 1 });
    const slow = await world.begin();
    await world.wait(6_000);
    const next = await world.begin();
    if (protocol === 'h2') await world.answer(next);
    await world.answer(slow);
    if (protocol === 'http/1.1') {
      await world.wait(0);
      await world.answer(next);
    }
    expect([slow, next].map((call) => world.where(call))).toEqual([0, protocol === 'h2' ? 0 : 1]);
    expect(await world.get(['a'])).toEqual([1]);
  });

  it('each is given so many requests and no more, however they come', async () => {
    const world = start(protocol, { maxRequestsPerConnection: 3 });
    expect(await world.get(Array.from({ length: 7 }, () => 'a'))).toEqual([0, 0, 0, 1, 1, 1, 2]);
    const calls: Call[] = [];
    for (let count = 0; count < 8; count += 1) calls.push(await world.begin());
    for (const call of calls) await world.answer(call);
    const given = Array.from(world.transports, (_, number) => calls.filter((call) => world.where(call) === number).length);
    expect(Math.max(...given)).toBeLessThanOrEqual(3);
    expect(world.dispatcher.stats()).toMatchObject({ active: 0, queued: 0 });
  });

  it('no more idle ones are kept than so many, over all origins: the one goes that has been idle for longest', async () => {
    const world = start(protocol, { maxIdleConnections: 2 });
    expect(await world.get(['a', 'b', 'a', 'c', 'a'], 50)).toEqual([0, 1, 0, 2, 0]);
    expect(world.dispatcher.stats().origins.map(({ origin }) => origin)).toEqual(['http://a.test:80', 'http://c.test:80']);
    // A busy one is not counted.
    await world.begin('b');
    await world.wait(50);
    expect(world.open).toBe(3);
  });

  it('no idle one is kept, and what comes one after the other is served by one', async () => {
    const world = start(protocol, { maxIdleConnections: 0 });
    expect(await world.get(['a', 'a', 'a'])).toEqual([0, 0, 0]);
    await world.wait(50);
    expect(world.open).toBe(0);
  });

  it('a server that closes what is idle is learnt from: by the third time we are before it, and a request never finds the connection closed', async () => {
    const world = start(protocol, { keepAliveTimeout: undefined });
    const lived: (number | undefined)[] = [];
    for (let round = 0; round < 5; round += 1) {
      await world.get(['a']);
      const transport = world.transports.at(-1)!;
      const since = world.clock.now();
      while (world.open > 0 && world.clock.now() < since + 2_000) await world.wait(10);
      lived.push(world.open > 0 ? undefined : world.clock.now() - since);
      transport.receiveEnd();
      transport.close();
      await world.wait(4_000);
      expect(world.open).toBe(0);
    }
    expect(lived.slice(0, 2)).toEqual([undefined, undefined]);
    for (const time of lived.slice(2)) expect(time).toBeGreaterThanOrEqual(1_600);
    for (const time of lived.slice(2)) expect(time).toBeLessThanOrEqual(1_850);
    // What was learnt outlives the connections, and is of one server.
    expect(await world.get(['a', 'a'], 1_500)).toEqual([5, 5]);
    expect(await world.get(['a', 'b', 'b'], 1_900)).toEqual([5, 6, 6]);
  });

  it.each<[way: string, proxy: Proxy, isShared: boolean]>([
    ['a proxy that forwards', new Proxy('http://p.test:3128'), true],
    ['tunnels', new Proxy('http://p.test:3128', { tunnel: true }), false],
    ['SOCKS', new Proxy('socks5h://p.test'), false],
  ])('is learnt through %s, for whom the connection leads to', async (_way, proxy, isForwarded) => {
    const isShared = isForwarded && protocol === 'http/1.1';
    const world = start(protocol, { keepAliveTimeout: undefined, proxy });
    for (let round = 0; round < 2; round += 1) {
      await world.get(['a'], 2_000);
      const transport = world.transports.at(-1)!;
      transport.receiveEnd();
      transport.close();
      await world.wait(4_000);
    }
    const idle = async (host: string, time: number): Promise<number> => {
      await world.get([host], time);
      return world.open;
    };
    expect([await idle('a', 1_500), await idle('a', 1_900)]).toEqual([1, 0]);
    expect(await idle('b', 1_900)).toBe(isShared ? 0 : 1);
  });

  it('a server that restarts, and closes what happens to be idle, teaches nothing', async () => {
    const world = start(protocol, { keepAliveTimeout: undefined, maxRequestsPerConnection: 1_000 });
    for (let round = 0; round < 4; round += 1) {
      const calls = [await world.begin(), await world.begin(), await world.begin()];
      for (const call of calls) {
        await world.answer(call);
        await world.wait(300 + 40 * round);
      }
      for (const transport of world.transports) transport.receiveEnd();
      for (const transport of world.transports) transport.close();
      await world.wait(2_000);
      // As long as it stands it keeps what is idle.
      await world.get(['a', 'a'], 3_000);
    }
    expect(new Set(await world.get(['a', 'a'], 4_000)).size).toBe(1);
  });
});

/** As Envoy ends a connection that has lasted for long enough: a word that it will, time for what is on its way, the last stream that it has seen, the end. */
describe('a server that drains its connections', () => {
  const anyStream = 2 ** 31 - 1;

  it('by two GOAWAY over HTTP/2, loses no request, and sees none twice', async () => {
    const world = start('h2', {});
    const [first, second] = [await world.begin(), await world.begin()];
    const draining = world.transports[0]!;
    draining.receive(goAway(anyStream));
    const next = await world.begin();
    expect([first, second, next].map((call) => world.where(call))).toEqual([0, 0, 1]);
    await world.answer(first);
    draining.receive(goAway(second.assigned!.streamId!));
    await world.answer(second);
    draining.receiveEnd();
    await world.answer(next);
    expect(await world.get(['a', 'a'])).toEqual([1, 1]);
    expect([draining.ended, world.open]).toEqual([true, 1]);
  });

  it('by a last stream below one that is under way, is asked again on another connection', async () => {
    const world = start('h2', {});
    const [seen, unseen] = [await world.begin(), await world.begin()];
    const draining = world.transports[0]!;
    draining.receive(goAway(anyStream));
    draining.receive(goAway(seen.assigned!.streamId!));
    await world.wait(0);
    await world.wait(0);
    expect([seen, unseen].map((call) => world.where(call))).toEqual([0, 1]);
    await world.answer(seen);
    await world.answer(unseen);
    expect(world.transports).toHaveLength(2);
  });

  it('again and again, has each request served once', async () => {
    const world = start('h2', {});
    const calls: Call[] = [];
    for (let round = 0; round < 20; round += 1) {
      const running = [await world.begin(), await world.begin()];
      const draining = world.transports[world.where(running[0]!)]!;
      draining.receive(goAway(anyStream));
      const late = await world.begin();
      for (const call of running) await world.answer(call);
      draining.receive(goAway(running[1]!.assigned!.streamId!));
      draining.receiveEnd();
      await world.answer(late);
      calls.push(...running, late);
    }
    expect(calls.every(({ status }) => status === 204)).toBe(true);
    expect(world.open).toBe(1);
    expect(world.transports).toHaveLength(21);
  });

  it('by Connection: close over HTTP/1.1, is left with the answer that says so', async () => {
    const world = start('http/1.1', {});
    expect(await world.get(['a', 'a'])).toEqual([0, 0]);
    const last = await world.begin();
    world.transports[0]!.receive('HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n');
    await world.wait(0);
    expect(last.status).toBe(204);
    expect(await world.get(['a', 'a'])).toEqual([1, 1]);
    expect(world.open).toBe(1);
  });

  it('in the middle of an answer to come, is not left before its end', async () => {
    const world = start('http/1.1', {});
    const call = await world.begin();
    world.transports[0]!.receive('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\na');
    await world.wait(0);
    expect(world.where(await world.begin())).toBe(1);
    world.transports[0]!.receive('b');
    await world.wait(0);
    expect(call.status).toBe(200);
    expect(world.open).toBe(1);
  });
});
