/** HTTP_1_1_REQUIRED (RFC 9113 §7): what a connection tells its owner, and what becomes of what it carries. */
import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { data, goAway, headers, reset, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { FrameLog } from '../../test/support/http2/frame-log.ts';
import type { ByteIterable } from '../contract.ts';
import { HttpCoreError, PoolTimeout } from '../errors.ts';
import { parseOrigin } from '../model/origin.ts';
import { requestFraming } from '../model/request-framing.ts';
import { ErrorCode } from '../protocol/http2/constants.ts';
import { everySplit } from '../testing/every-split.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import type { Connection, ConnectionOwner } from './connection.ts';
import { Exchange, type ExchangeOwner } from './exchange.ts';
import { Http2Connection } from './http2-connection.ts';

const required = ErrorCode.HTTP_1_1_REQUIRED;
const whole = (id: number): Buffer => Buffer.concat([headers(id, [[':status', '200']]), data(id, 'x', { endStream: true })]);

/** A connection whose owner and whose exchanges' owner are the test. */
class World implements ConnectionOwner, ExchangeOwner {
  readonly clock: FakeClock = new FakeClock(1_000);
  readonly transport: ScriptedTransport = new ScriptedTransport();
  readonly connection: Http2Connection;
  readonly events: string[] = [];
  readonly replayed: Exchange[] = [];
  onHttp1Required?: (connection: Connection, exchange: Exchange | null) => boolean;

  /** @param fallsBack what the owner answers; `undefined`: it has no such method. */
  constructor(fallsBack: boolean | undefined) {
    if (fallsBack !== undefined) {
      this.onHttp1Required = (connection, exchange) => {
        expect(connection).toBe(this.connection);
        this.events.push(`required ${exchange === null ? 'everywhere' : exchange.target}`);
        return fallsBack;
      };
    }
    const at = this.clock.now();
    const none = undefined;
    const timings = {
      start: at,
      dnsStart: none,
      dnsEnd: none,
      connectStart: at,
      connectEnd: at,
      proxyStart: none,
      proxyEnd: none,
      tlsStart: none,
      tlsEnd: none,
      end: at,
    };
    const info = {
      id: 1,
      protocol: 'h2',
      remoteAddress: none,
      remotePort: none,
      localAddress: none,
      localPort: none,
      tlsVersion: none,
      tlsCipher: none,
      tlsResumed: false,
      timings,
    } as const;
    const options = { maxHeaderBytes: 65_536, maxHeaderFields: 256, expectContinueTimeout: 1_000 };
    this.connection = new Http2Connection(this.transport, info, this, this.clock, options);
    this.transport.receive(Buffer.concat([settings(), settingsAcknowledgement()]));
    this.events.length = 0;
  }

  start(target: string, method = 'GET', body: ByteIterable | null = null): Exchange {
    const origin = parseOrigin('https', 'server.test', null, undefined);
    const noLimits = [null, null, null, null] as const;
    const now = this.clock.now();
    const exchange = new Exchange(
      this,
      origin,
      method,
      target,
      [],
      body,
      requestFraming(method, [], body, false),
      noLimits,
      undefined,
      now,
    );
    exchange.response.then(
      ([, status]) => this.events.push(`${target} ${status}`),
      (error: unknown) => {
        if (!(error instanceof HttpCoreError)) throw error;
        this.events.push(`${target} ${error.code}`);
      },
    );
    this.connection.start(exchange, now);
    return exchange;
  }

  sent(): string[] {
    const log = new FrameLog();
    for (const bytes of this.transport.writes) log.add(bytes);
    return log.take();
  }

  onCapacity(connection: Connection): void {
    if (connection.noNewExchanges) this.events.push('offered again');
  }

  onClosed(): void {
    this.events.push('closed');
  }

  onDeadline(): void {}

  onCancelled(): void {}

  onReplay(exchange: Exchange): void {
    expect(this.connection.capacity).toBe(0);
    this.replayed.push(exchange);
    this.events.push(`replay ${exchange.target}`);
  }

  onMisdirected(): boolean {
    return false;
  }

  explainPoolTimeout(): PoolTimeout {
    return new PoolTimeout('There is no pool');
  }
}

describe('HTTP_1_1_REQUIRED for one request', () => {
  it('takes no new ones, gives it back after its owner has heard why, and lets the others end', async () => {
    const runs: { world: World; pieces: readonly Uint8Array[] }[] = [];
    everySplit(Buffer.concat([reset(1, required), whole(3)]), (pieces) => runs.push({ world: new World(true), pieces }));
    for (const { world, pieces } of runs) {
      world.start('/1', 'POST', [Buffer.from('body')]);
      world.start('/3');
      await world.clock.settle();
      for (const piece of pieces) world.transport.receive(piece);
      await world.clock.settle();
      expect(world.events).toEqual(['required /1', 'replay /1', 'closed', '/3 200']);
      expect(world.replayed[0]).toMatchObject({ requestSent: false, replays: 1 });
      expect(world.sent().at(-1)).toBe('GOAWAY 0 NO_ERROR');
      expect(world.transport.ended).toBe(true);
      expect(world.transport.handlerError).toBeUndefined();
    }
  });

  it('is asked once for each, and closes the connection with the last of them', async () => {
    const world = new World(true);
    for (const target of ['/1', '/3']) world.start(target);
    await world.clock.settle();
    world.transport.receive(Buffer.concat([reset(1, required), reset(3, required)]));
    await world.clock.settle();
    expect(world.events).toEqual(['required /1', 'replay /1', 'required /3', 'replay /3', 'closed']);
  });

  it.each([false, undefined])('is an error where its owner has no HTTP/1.1 (%s), and nothing else', async (fallsBack) => {
    const world = new World(fallsBack);
    world.start('/1');
    world.start('/3');
    await world.clock.settle();
    world.transport.receive(Buffer.concat([reset(1, required), whole(3)]));
    await world.clock.settle();
    expect(world.events).toEqual([...(fallsBack === false ? ['required /1'] : []), '/1 H2_HTTP_1_1_REQUIRED', '/3 200']);
    expect(world.connection.noNewExchanges).toBe(false);
    expect(world.sent().at(-1)).not.toContain('GOAWAY');
  });

  it('with a body that can not be sent again is an error, and its owner knows for the next', async () => {
    const world = new World(true);
    async function* once(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(Buffer.from('once'));
    }
    world.start('/1', 'POST', once());
    await world.clock.settle();
    world.transport.receive(reset(1, required));
    await world.clock.settle();
    expect(world.events).toEqual(['required /1', 'closed', '/1 H2_HTTP_1_1_REQUIRED']);
  });

  it('once it was answered is a failure of that answer', async () => {
    const world = new World(true);
    world.start('/1');
    await world.clock.settle();
    world.transport.receive(Buffer.concat([headers(1, [[':status', '200']]), reset(1, required)]));
    await world.clock.settle();
    expect(world.events).toEqual(['/1 200']);
    expect(world.connection.noNewExchanges).toBe(false);
  });
});

describe('HTTP_1_1_REQUIRED for the connection', () => {
  it('gives back what was not served, after its owner has heard why', async () => {
    const world = new World(true);
    for (const target of ['/1', '/3', '/5']) world.start(target);
    await world.clock.settle();
    world.transport.receive(Buffer.concat([goAway(1, required), whole(1)]));
    await world.clock.settle();
    expect(world.events).toEqual(['required everywhere', 'replay /3', 'replay /5', 'closed', '/1 200']);
  });

  it('is heard where there is nothing to give back', async () => {
    const world = new World(true);
    world.transport.receive(goAway(0, required));
    await world.clock.settle();
    expect(world.events).toEqual(['required everywhere', 'closed']);
    expect(world.transport.ended).toBe(true);
  });

  it('is an error where its owner has no HTTP/1.1', async () => {
    const world = new World(false);
    world.start('/1');
    await world.clock.settle();
    world.transport.receive(goAway(0, required));
    await world.clock.settle();
    expect(world.events).toEqual(['required everywhere', 'closed', '/1 H2_HTTP_1_1_REQUIRED']);
  });
});
