/**
 * Exact accounting where origins share connections: a whole pool over HTTP/2 on scripted time and scripted transports runs
 * through random schedules. The peers answer, misdirect, refuse, say GOAWAY, want HTTP/1.1, change their limits and go away; every request
 * settles once, slots are exact at every step, and at the end nothing is left.
 */
import assert from 'node:assert/strict';

import { describe, expect, it } from 'vitest';

import { data, goAway, headers, reset, settings } from '../../test/support/http2/frame-factory.ts';
import { seededRandom } from '../../test/support/seeded-random.ts';
import type { ResponseBody } from '../contract/dispatcher.ts';
import type { Timeouts } from '../contract/values.ts';
import type { Dial, DialedTransport, DialRequest, TransportDialer } from '../dial/dial.ts';
import { HttpDialer } from '../dial/dialer.ts';
import { ConnectError, HttpCoreError, PoolClosed } from '../contract/errors.ts';
import { resolvePoolOptions } from '../model/pool-options.ts';
import { ErrorCode, FrameType, Setting } from '../protocol/http2/constants.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { Pool } from './pool.ts';

const schedules = 300;
const stepsPerSchedule = 120;
const maxConnections = 4;
const maxConnectionsPerOrigin = 2;
const prefaceLength = 24;

/** What the peer of one connection has seen, and not answered yet. */
class Peer {
  readonly transport: ScriptedTransport;
  readonly open: number[] = [];
  /** Heads that were answered; the body is to end. */
  readonly answered: number[] = [];
  lastSeen = 0;
  saidGoAway = false;
  readonly #protocol: string;
  #parsed = prefaceLength;
  #answers = 0;

  constructor(address: string, certificateNames: readonly string[], protocol: string) {
    this.#protocol = protocol;
    const tls = { version: 'TLSv1.3', cipher: 'none', resumed: false, certificateNames: () => certificateNames };
    this.transport = new ScriptedTransport({ facts: { remoteAddress: address, remotePort: 443, alpnProtocol: protocol, tls } });
  }

  get alive(): boolean {
    return !this.transport.destroyed && !this.transport.closed && !this.transport.ended;
  }

  read(): void {
    const bytes = Buffer.from(this.transport.written, 'latin1');
    while (this.#parsed + 9 <= bytes.length) {
      const streamId = bytes.readUInt32BE(this.#parsed + 5);
      const type = bytes[this.#parsed + 3];
      if (type === FrameType.HEADERS) {
        this.open.push(streamId);
        this.lastSeen = streamId;
      } else if (type === FrameType.RST_STREAM) this.forget(streamId);
      this.#parsed += 9 + bytes.readUIntBE(this.#parsed, 3);
    }
  }

  get isHttp1(): boolean {
    return this.#protocol === 'http/1.1';
  }

  /** Over HTTP/1.1: answers what was not answered yet. */
  answer(): void {
    const requests = this.transport.written.split(' / HTTP/1.1\r\n').length - 1;
    if (requests === this.#answers) return;
    this.#answers = requests;
    this.transport.receive(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'));
  }

  forget(streamId: number): void {
    for (const list of [this.open, this.answered]) if (list.includes(streamId)) list.splice(list.indexOf(streamId), 1);
  }
}

class World implements TransportDialer {
  readonly clock = new FakeClock(1_000);
  readonly pick: (below: number) => number;
  readonly pool: Pool;
  readonly peers: Peer[] = [];
  readonly controllers: AbortController[] = [];
  started = 0;
  settled = 0;
  bodiesSettled = 0;
  shared = 0;
  misdirected = 0;

  constructor(seed: number) {
    this.pick = seededRandom(seed);
    const options = resolvePoolOptions({ maxConnections, maxConnectionsPerOrigin, coalesce: true });
    this.pool = new Pool(options, new HttpDialer(this, options, this.clock), this.clock);
  }

  dial(request: DialRequest): Dial<DialedTransport> {
    const { clock, pick, peers } = this;
    let cancel!: (error: HttpCoreError) => void;
    const result = new Promise<DialedTransport>((resolve, reject) => {
      const connect = (): void => {
        // Two addresses, and a certificate for the names of one half or for all.
        const address = `192.0.2.${pick(4) === 0 ? 2 : 1}`;
        const end = request.onResolved?.([address]);
        if (end !== undefined) {
          this.shared += 1;
          reject(end);
          return;
        }
        outcome = clock.schedule(pick(20), () => {
          if (pick(6) === 0) {
            reject(new ConnectError('refused', { phase: 'connect' }));
            return;
          }
          const peer = new Peer(address, pick(3) === 0 ? [request.origin.host] : ['*.example.test'], request.protocols[0]!);
          peers.push(peer);
          const moment = clock.now();
          const none = undefined;
          const without = { dnsStart: none, dnsEnd: none, proxyStart: none, proxyEnd: none, tlsStart: none, tlsEnd: none };
          resolve({
            transport: peer.transport,
            timings: { start: moment, connectStart: moment, connectEnd: moment, end: moment, ...without },
          });
        });
      };
      let outcome = clock.schedule(pick(10), connect);
      cancel = (error) => {
        outcome.cancel();
        reject(error);
      };
    });
    return { result, phase: 'connect', hanging: 'the schedule has not come to it', cancel };
  }

  request(): void {
    const { pick } = this;
    const controller = pick(3) === 0 ? new AbortController() : undefined;
    if (controller !== undefined) this.controllers.push(controller);
    const limit = (): number | null => (pick(3) === 0 ? null : 10 + pick(120));
    const timeouts: Timeouts = [limit(), limit(), limit(), limit()];
    const isUpload = pick(3) === 0;
    this.started += 1;
    const url = ['https', `host${pick(5)}.example.test`, null, '/'] as const;
    const body = isUpload ? [new Uint8Array(pick(3) === 0 ? 200_000 : 5)] : null;
    this.pool.submit(isUpload ? 'POST' : 'GET', url, [], body, timeouts, { signal: controller?.signal }).then(
      ([, , , , responseBody]) => {
        this.settled += 1;
        this.#consume(responseBody);
      },
      (error: unknown) => {
        assert(error instanceof HttpCoreError);
        this.settled += 1;
        this.bodiesSettled += 1;
      },
    );
  }

  #consume(body: ResponseBody): void {
    const counted = (): void => void (this.bodiesSettled += 1);
    (this.pick(3) === 0 ? body.close() : body.bytes()).then(counted, counted);
  }

  /** A peer does something. */
  serve(): void {
    const { pick } = this;
    const alive = this.peers.filter((peer) => peer.alive);
    const peer = alive[pick(alive.length || 1)];
    if (peer === undefined) return;
    if (peer.isHttp1) {
      if (pick(8) === 0) peer.transport.close();
      else peer.answer();
      return;
    }
    peer.read();
    const { transport, open, answered } = peer;
    const streamId = open[pick(open.length || 1)];
    switch (pick(17)) {
      case 0:
        transport.receive(settings([Setting.MAX_CONCURRENT_STREAMS, pick(4)]));
        return;
      case 1:
        transport.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 5 + pick(20)]));
        return;
      case 2:
        if (pick(3) > 0 || peer.saidGoAway) return;
        peer.saidGoAway = true;
        transport.receive(goAway(streamId ?? peer.lastSeen, pick(4) === 0 ? ErrorCode.HTTP_1_1_REQUIRED : ErrorCode.NO_ERROR));
        return;
      case 3:
        if (pick(3) === 0) transport.close(pick(2) === 0 ? new Error('read ECONNRESET') : undefined);
        return;
      case 4:
        if (pick(3) === 0) transport.receiveEnd();
        return;
      case 5:
        if (answered[0] !== undefined) transport.receive(reset(answered.shift()!, ErrorCode.CANCEL));
        return;
      case 6:
        if (pick(6) === 0) transport.receive(data(99, 'of no stream'));
        return;
      default:
    }
    if (pick(2) === 0 && answered[0] !== undefined) {
      transport.receive(data(answered.shift()!, 'the rest', { endStream: true }));
      return;
    }
    if (streamId === undefined) return;
    peer.forget(streamId);
    switch (pick(8)) {
      case 0:
      case 1:
        this.misdirected += 1;
        transport.receive(headers(streamId, [[':status', '421']], { endStream: pick(2) === 0 }));
        return;
      case 2:
        transport.receive(reset(streamId, pick(2) === 0 ? ErrorCode.HTTP_1_1_REQUIRED : ErrorCode.REFUSED_STREAM));
        return;
      case 3:
        transport.receive(headers(streamId, [[':status', '200']]));
        answered.push(streamId);
        return;
      default:
        transport.receive(headers(streamId, [[':status', '200']], { endStream: true }));
    }
  }

  check(): void {
    const stats = this.pool.stats();
    assert(stats.connections + stats.connecting <= maxConnections);
    for (const origin of stats.origins) {
      assert(origin.connections + origin.connecting <= maxConnectionsPerOrigin);
      assert(origin.active >= 0, `${origin.origin} has ${origin.active} active`);
    }
    assert.equal(this.pool.room, maxConnections - stats.connections - stats.connecting);
    assert.equal(new Set(stats.origins.map(({ origin }) => origin)).size, stats.origins.length);
  }
}

/** Lets every promise callback that is due run. */
async function settle(): Promise<void> {
  for (let round = 0; round < 25; round += 1) await undefined;
}

async function runSchedule(seed: number): Promise<World> {
  const world = new World(seed);
  const { pick, clock, pool } = world;
  for (let step = 0; step < stepsPerSchedule; step += 1) {
    const action = pick(12);
    if (action < 3) world.request();
    else if (action < 8) world.serve();
    else if (action < 11) clock.advance(pick(12));
    else world.controllers[pick(world.controllers.length || 1)]?.abort();
    if (pick(3) > 0) await settle();
    world.check();
  }
  const closed = pick(2) === 0 ? pool.close() : pool.destroy(new PoolClosed('the end'));
  let isClosed = false;
  void closed.then(() => (isClosed = true));
  for (let round = 0; round < 80; round += 1) {
    if (isClosed) break;
    await settle();
    world.serve();
    clock.advance(10);
    world.check();
  }
  for (const controller of world.controllers) controller.abort();
  await settle();
  if (!isClosed) void pool.destroy(new PoolClosed('the end'));
  await settle();
  for (let round = 0; round < 30; round += 1) {
    clock.advance(100);
    await settle();
  }
  await closed;
  return world;
}

describe('a pool that coalesces, under random schedules', () => {
  it(`leaves nothing behind (${schedules} schedules)`, { timeout: 60_000 }, async () => {
    let shared = 0;
    let misdirected = 0;
    let overHttp1 = 0;
    for (let seed = 1; seed <= schedules; seed += 1) {
      try {
        const world = await runSchedule(seed);
        expect(world.pool.stats()).toMatchObject({ connections: 0, connecting: 0, active: 0, queued: 0, origins: [] });
        expect(world.pool.room).toBe(maxConnections);
        expect(world.settled, 'responses that settled').toBe(world.started);
        expect(world.bodiesSettled, 'bodies that settled').toBe(world.started);
        expect(world.clock.pending, 'timers').toBe(0);
        expect(world.peers.filter(({ transport }) => !transport.destroyed && !transport.closed)).toHaveLength(0);
        for (const { transport } of world.peers) expect(transport.handlerError).toBeUndefined();
        shared += world.shared;
        misdirected += world.misdirected;
        overHttp1 += world.peers.filter(({ isHttp1 }) => isHttp1).length;
      } catch (error) {
        if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
        throw error;
      }
    }
    // Else this tested something else.
    expect(shared).toBeGreaterThan(schedules);
    expect(misdirected).toBeGreaterThan(schedules);
    expect(overHttp1).toBeGreaterThan(schedules / 2);
  });
});
