/**
 * Whose answer is whose: a pool that pipelines, on scripted time and transports, and servers that answer in order, in every framing, cut anywhere, and
 * that close, stall, and now and then say what nobody asked for. Callers abort, lose patience, and read slowly or not at all. Whatever comes, each request
 * gets the answer to it or none, ends once, and nothing is left.
 */
import assert from 'node:assert/strict';

import { expect, it } from 'vitest';

import { seededRandom } from '../../test/support/seeded-random.ts';
import type { ResponseBody } from '../contract/dispatcher.ts';
import { HttpCoreError } from '../contract/errors.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { TransportDispatcher } from '../testing/transport-dispatcher.ts';

const schedules = 60;
const stepsPerSchedule = 100;

type Pick = (below: number) => number;

/** What the server has for a path. */
function contentOf(path: string): string {
  const id = Number(path.slice(1));
  return `<${path}>`.repeat(1 + (id % 7) * (id % 5 === 0 ? 40 : 1));
}

/** Answers what it reads, in order; its bytes wait here until the schedule lets some of them through. */
class Peer {
  readonly transport = new ScriptedTransport();
  readonly seen: string[] = [];
  readonly #pick: Pick;
  readonly #isHonest: boolean;
  #looked = 0;
  #unread = '';
  #asked: { readonly method: string; readonly path: string }[] = [];
  #answers: string[] = [];
  #endsAfter = false;
  #isUntilEnd = false;
  #ended = false;

  constructor(pick: Pick, isHonest: boolean) {
    this.#pick = pick;
    this.#isHonest = isHonest;
  }

  get isGone(): boolean {
    return this.transport.destroyed || this.transport.closed;
  }

  read(): void {
    const { calls } = this.transport;
    for (; this.#looked < calls.length; this.#looked += 1) {
      const call = calls[this.#looked]!;
      if (call.type === 'write') this.#unread += Buffer.from(call.bytes).toString('latin1');
    }
    for (;;) {
      const end = this.#unread.indexOf('\r\n\r\n');
      if (end === -1) return;
      const [, method, path] = /^(\S+) (\S+) HTTP\/1\.1\r\n/.exec(this.#unread)!;
      this.#unread = this.#unread.slice(end + 4);
      // Alone with its connection: nothing is written before it is answered, nor it before what was written.
      if (method === 'POST') assert.deepEqual([this.#asked, this.#answers, this.#unread], [[], [], ''], `POST ${path} is not alone`);
      else assert(!this.#asked.some((other) => other.method === 'POST'), `${path} is written behind a POST`);
      this.seen.push(`${method} ${path}`);
      this.#asked.push({ method: method!, path: path! });
    }
  }

  answer(): void {
    const asked = this.#asked.shift();
    if (asked === undefined || this.#endsAfter) return;
    const pick = this.#pick;
    const content = contentOf(asked.path);
    const isHead = asked.method === 'HEAD';
    const head = `HTTP/1.1 200 OK\r\nX-Path: ${asked.path}\r\n`;
    const interim = pick(6) === 0 ? 'HTTP/1.1 103 Early Hints\r\n\r\n' : '';
    const way = pick(12);
    if (way < 7) this.#say(`${interim}${head}Content-Length: ${content.length}\r\n\r\n${isHead ? '' : content}`);
    else if (way < 9) {
      const chunk = `${content.length.toString(16)}\r\n${content}\r\n0\r\n\r\n`;
      this.#say(`${interim}${head}Transfer-Encoding: chunked\r\n\r\n${isHead ? '' : chunk}`);
    } else if (way === 9) {
      this.#say(`${interim}${head}Content-Length: ${content.length}\r\nConnection: close\r\n\r\n${isHead ? '' : content}`);
      this.#endsAfter = true;
    } else if (way === 10) {
      this.#say(`${interim}HTTP/1.1 204 No Content\r\nX-Path: ${asked.path}\r\n\r\n`);
    } else if (this.#isHonest || isHead) {
      this.#say(`${interim}${head}Connection: close\r\n\r\n${isHead ? '' : content}`);
      this.#endsAfter = true;
      this.#isUntilEnd = true;
    } else {
      // Longer than it says: what is too much does not read as an answer.
      this.#say(`${interim}${head}Content-Length: ${content.length}\r\n\r\n${content}${['\r\n', 'surplus', `${content}\r\n`][pick(3)]}`);
    }
  }

  #say(bytes: string): void {
    this.#answers.push(bytes);
  }

  /** Lets through some of what it has said. */
  send(): void {
    if (this.isGone || this.#ended) return;
    const whole = this.#answers.join('');
    if (whole === '') {
      if (this.#endsAfter) this.#end();
      else if (!this.#isHonest && this.#asked.length === 0 && this.#pick(30) === 0) {
        this.transport.receive('HTTP/1.1 200 OK\r\nX-Path: /nobody\r\nContent-Length: 6\r\n\r\nnobody');
      }
      return;
    }
    const length = this.#pick(3) === 0 ? 1 + this.#pick(whole.length) : whole.length;
    this.#answers = length === whole.length ? [] : [whole.slice(length)];
    this.transport.receive(whole.slice(0, length));
  }

  #end(): void {
    this.#ended = true;
    this.transport.receiveEnd();
  }

  leave(): void {
    if (this.isGone) return;
    // The end of such a body says that it is whole.
    const way = this.#isUntilEnd ? 1 : this.#pick(3);
    if (way === 0 && !this.#ended) this.#end();
    else this.transport.close(way === 1 ? new Error('read ECONNRESET') : undefined);
  }
}

class World {
  readonly clock = new FakeClock(1_000);
  readonly peers: Peer[] = [];
  readonly pick: Pick;
  readonly dispatcher: TransportDispatcher;
  readonly controllers: AbortController[] = [];
  readonly answered = new Set<string>();
  started = 0;
  ended = 0;
  most = 0;

  constructor(seed: number) {
    this.pick = seededRandom(seed);
    const isHonest = this.pick(2) === 0;
    this.dispatcher = new TransportDispatcher({
      clock: this.clock,
      connect: async () => {
        await new Promise<void>((resolve) => this.clock.schedule(this.pick(20), resolve));
        const peer = new Peer(this.pick, isHonest);
        this.peers.push(peer);
        return peer.transport;
      },
      pipelining: 2 + this.pick(6),
      maxConnectionsPerOrigin: 1 + this.pick(3),
      maxRequestsPerConnection: this.pick(4) === 0 ? 5 : Infinity,
      maxBufferedBytes: this.pick(3) === 0 ? 100 : 1_000_000,
      keepAliveTimeout: 200,
      closeGrace: 100,
    });
  }

  request(): void {
    const { pick } = this;
    const controller = pick(3) === 0 ? new AbortController() : undefined;
    if (controller !== undefined) this.controllers.push(controller);
    const limit = (): number | null => (pick(4) === 0 ? 20 + pick(200) : null);
    const way = pick(10);
    const method = way < 7 ? 'GET' : way < 9 ? 'HEAD' : 'POST';
    const path = `/${(this.started += 1)}`;
    let isEnded = false;
    const end = (): void => {
      assert(!isEnded, `${path} has ended twice`);
      isEnded = true;
      this.ended += 1;
    };
    this.dispatcher
      .dispatch(method, ['http', 'a.test', null, path], [], null, [null, limit(), null, limit()], { signal: controller?.signal })
      .then(
        ([, status, , headers, body]) => {
          const of = headers.find(([name]) => name.toLowerCase() === 'x-path')?.[1];
          assert.equal(of, path);
          const expected = method === 'HEAD' || status === 204 ? '' : contentOf(path);
          return this.#consume(body, expected).then(end);
        },
        (error: unknown) => {
          assert(error instanceof HttpCoreError, String(error));
          end();
        },
      )
      .catch((error: unknown) => (this.failure ??= error));
  }

  failure: unknown = undefined;

  async #consume(body: ResponseBody, expected: string): Promise<void> {
    const { pick } = this;
    const way = pick(6);
    let got = '';
    try {
      if (way < 3) got = Buffer.from(await body.bytes()).toString('latin1');
      else if (way === 3) {
        for await (const chunk of body) {
          got += Buffer.from(chunk).toString('latin1');
          await new Promise<void>((resolve) => this.clock.schedule(pick(60), resolve));
        }
      } else {
        // Left alone for a while, and closed or read then.
        await new Promise<void>((resolve) => this.clock.schedule(pick(way === 4 ? 50 : 3_000), resolve));
        if (pick(2) === 0) {
          await body.close();
          return;
        }
        got = Buffer.from(await body.bytes()).toString('latin1');
      }
      assert.equal(got, expected);
    } catch (error) {
      if (!(error instanceof HttpCoreError)) throw error;
      assert(expected.startsWith(got), 'a part of another answer');
    }
  }

  step(): void {
    const { pick } = this;
    const peer = this.peers[pick(this.peers.length || 1)];
    for (const each of this.peers) if (!each.isGone) each.read();
    const action = pick(24);
    if (action < 7) for (let count = 1 + pick(4); count > 0; count -= 1) this.request();
    else if (action < 11) for (let count = 1 + pick(3); count > 0; count -= 1) peer?.answer();
    else if (action < 17) peer?.send();
    else if (action < 21) this.clock.advance(pick(10));
    else if (action === 21) this.clock.advance(pick(400));
    else if (action === 22) this.controllers[pick(this.controllers.length || 1)]?.abort();
    else if (pick(4) === 0) peer?.leave();
    this.most = Math.max(this.most, this.dispatcher.stats().active);
  }
}

async function run(seed: number): Promise<World> {
  const world = new World(seed);
  const settle = async (): Promise<void> => {
    for (let round = 0; round < 25; round += 1) await undefined;
  };
  for (let step = 0; step < stepsPerSchedule; step += 1) {
    world.step();
    if (world.pick(3) > 0) await settle();
  }
  const ended = world.pick(2) === 0 ? world.dispatcher.close() : world.dispatcher.destroy();
  for (let round = 0; round < 40; round += 1) {
    await settle();
    for (const peer of world.peers) {
      if (!peer.isGone) peer.read();
      peer.answer();
      peer.send();
    }
    world.clock.advance(100);
  }
  await settle();
  await ended;
  return world;
}

it(`every answer reaches the request that it belongs to (${schedules} schedules)`, { timeout: 60_000 }, async () => {
  let most = 0;
  for (let seed = 1; seed <= schedules; seed += 1) {
    try {
      const world = await run(seed);
      most = Math.max(most, world.most);
      if (world.failure !== undefined) throw world.failure as Error;
      expect(world.ended, 'requests that ended').toBe(world.started);
      expect(world.dispatcher.stats()).toMatchObject({
        connections: 0,
        connecting: 0,
        active: 0,
        queued: 0,
        bufferedBytes: 0,
        origins: [],
      });
      expect(world.clock.pending, 'timers').toBe(0);
      for (const { transport } of world.peers) {
        expect(transport.handlerError).toBeUndefined();
        expect(transport.destroyed || transport.closed).toBe(true);
      }
      const posts = world.peers.flatMap((peer) => peer.seen).filter((seen) => seen.startsWith('POST'));
      expect(new Set(posts).size, 'POST is sent once').toBe(posts.length);
    } catch (error) {
      if (error instanceof Error) error.message = `seed ${seed}: ${error.message}`;
      throw error;
    }
  }
  expect(most).toBeGreaterThan(8);
});
