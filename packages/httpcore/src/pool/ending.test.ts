/** Ending many is work in proportion: each is told once, however many end beside it. */
import { Buffer } from 'node:buffer';

import { afterEach, describe, expect, it, vi } from 'vitest';

import { endWorlds, startWorld } from '../../test/support/http2/pool-harness.ts';
import { PatientDialer } from '../../test/support/patient-dialer.ts';
import { Http1Connection } from '../connection/http1-connection.ts';
import type { DispatchContext } from '../contract/dispatcher.ts';
import { PoolClosed, type HttpCoreError } from '../contract/errors.ts';
import type { Dial, DialedTransport, DialRequest } from '../dial/dial.ts';
import { HttpDialer } from '../dial/dialer.ts';
import { resolvePoolOptions, type PoolOptions } from '../model/pool-options.ts';
import type { ProxyAuthenticator } from '../model/proxy/proxy-authenticator.ts';
import { Proxy } from '../model/proxy/proxy.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { Pool } from './pool.ts';

const many = 300;

class CountingDialer extends PatientDialer {
  cancelled = 0;

  override dial(request: DialRequest): Dial<DialedTransport> {
    const { cancel, ...dial } = super.dial(request);
    return {
      ...dial,
      cancel: (error) => {
        this.cancelled += 1;
        cancel(error);
      },
    };
  }
}

class World {
  readonly clock = new FakeClock(1_000);
  readonly dialer = new CountingDialer();
  readonly pool: Pool;
  readonly errors: HttpCoreError[] = [];
  readonly leaving = new AbortController();

  constructor() {
    const settings = resolvePoolOptions({ http2: false, maxConnections: many, maxConnectionsPerOrigin: many });
    this.pool = new Pool(settings, new HttpDialer(this.dialer, settings, this.clock), this.clock);
    for (let count = 0; count < many; count += 1) {
      this.pool
        .submit('GET', ['https', 'a.example.test', null, '/'], [], null, [null, null, null, null], { signal: this.leaving.signal })
        .catch((error: HttpCoreError) => this.errors.push(error));
    }
  }

  async ended(closed: Promise<void>): Promise<void> {
    await this.clock.settle();
    for (const transport of this.dialer.transports) transport?.close();
    await this.clock.settle();
    await closed;
    expect(this.errors).toHaveLength(many);
    expect(new Set(this.errors).size).toBe(many);
    expect(this.pool.stats()).toMatchObject({ connections: 0, connecting: 0, queued: 0, origins: [] });
  }
}

afterEach(() => void vi.restoreAllMocks());

describe('the end of many', () => {
  it('dials, by destroy(), cancels each once, and fails each request with an error of its own', async () => {
    const world = new World();
    expect(world.pool.stats()).toMatchObject({ connecting: many, queued: many });
    await world.ended(world.pool.destroy(new PoolClosed('It was destroyed')));
    expect(world.dialer.cancelled).toBe(many);
    expect(world.errors.every((error) => error instanceof PoolClosed)).toBe(true);
  });

  it('dials, by close() and then the callers, cancels each once', async () => {
    const world = new World();
    const closed = world.pool.close(30_000);
    world.leaving.abort();
    await world.ended(closed);
    expect(world.dialer.cancelled).toBe(many);
    expect(world.errors.every(({ code }) => code === 'ABORTED')).toBe(true);
  });

  it('connections, by destroy(), tells each to end at most twice', async () => {
    const drained = vi.spyOn(Http1Connection.prototype, 'drain');
    const world = new World();
    for (const dial of world.dialer.dials) dial.connect();
    await world.clock.settle();
    expect(world.pool.stats()).toMatchObject({ active: many });
    await world.ended(world.pool.destroy(new PoolClosed('It was destroyed')));
    expect(drained.mock.calls.length).toBeLessThanOrEqual(2 * many);
  });
});

describe('closing', () => {
  afterEach(endWorlds);

  const again: ProxyAuthenticator = { authorize: () => 'Custom token', challenged: ({ method }) => method === 'GET' };
  const proxy = new Proxy('http://proxy.test', { auth: again });

  it.each<[string, PoolOptions, DispatchContext, string]>([
    ['a server answers 421 to', {}, { replayMisdirected: true }, 'HTTP/1.1 421 Misdirected Request\r\nContent-Length: 0\r\n\r\n'],
    ['a proxy wants other credentials for', { proxy }, {}, 'HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n'],
    ['a proxy that closes wants other credentials for', { proxy }, {}, 'HTTP/1.1 407 No\r\nContent-Length: 99999\r\n\r\n'],
  ])('waits for the only request that is left, which %s', async (_, options, context, answer) => {
    const world = startWorld({ http1: true, ...options });
    const call = world.call('/', { context });
    const { transport } = await world.server();
    let isClosed = false;
    void world.pool.close().then(() => (isClosed = true));
    transport.receive(Buffer.from(answer));
    await world.clock.settle();
    world.clock.advance(2_000);
    const second = await world.server(1);
    expect([call.outcome(), isClosed]).toEqual(['running', false]);
    second.transport.receive(Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'));
    second.transport.receiveEnd();
    await world.clock.settle();
    expect([call.outcome(), isClosed]).toEqual(['200 "ok"', true]);
  });
});
