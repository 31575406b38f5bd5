/** A service whose name gets another address while a client never rests: on scripted time, how long the old address is used. */
import { describe, expect, it } from 'vitest';

import { headers, settings } from '../../test/support/http2/frame-factory.ts';
import type { TraceEvents } from '../contract/trace.ts';
import type { Dial, DialedTransport, TransportDialer } from '../dial/dial.ts';
import { HttpDialer } from '../dial/dialer.ts';
import { resolvePoolOptions, type PoolOptions } from '../model/pool-options.ts';
import { Resolver } from '../net/dns/resolver.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { Pool } from './pool.ts';

type Protocol = 'http/1.1' | 'h2';

class World {
  readonly clock = new FakeClock(1_000);
  readonly transports = new Map<string, ScriptedTransport>();
  address = '192.0.2.1';
  dials = 0;
  lookUps = 0;
  readonly pool: Pool;
  readonly #protocol: Protocol;

  constructor(protocol: Protocol, options: PoolOptions) {
    this.#protocol = protocol;
    const settled = resolvePoolOptions({ http1: protocol === 'http/1.1', http2: protocol === 'h2', ...options });
    const lookup = ((_host: string, _options: unknown, done: (error: null, address: string, family: number) => void) => {
      this.lookUps += 1;
      done(null, this.address, 4);
    }) as never;
    const resolver = new Resolver({ lookup, dns: settled.dns }, this.clock);
    const dialer: TransportDialer = { dial: ({ origin: { host, port } }) => this.#dial(resolver, host, port) };
    this.pool = new Pool(settled, new HttpDialer(dialer, settled, this.clock), this.clock);
  }

  #dial(resolver: Resolver, host: string, port: number): Dial<DialedTransport> {
    const result = new Promise<DialedTransport>((resolve) => {
      resolver.resolve({ host, port, localAddress: undefined }, (_error, found) => {
        const localPort = 50_000 + (this.dials += 1);
        const transport = new ScriptedTransport({ facts: { remoteAddress: found!.endpoints[0]!.address, localPort } });
        this.transports.set(String(localPort), transport);
        if (this.#protocol === 'h2') this.clock.schedule(0, () => transport.receive(settings()));
        const at = this.clock.now();
        resolve({ transport, timings: { start: at, end: at } as DialedTransport['timings'] });
      });
    });
    return { result, phase: 'connect', hanging: 'nothing', unreachedProxy: undefined, cancel: () => {} };
  }

  /** One request, answered at once: the address that it went to. */
  async get(): Promise<string> {
    let assigned!: TraceEvents['assigned'];
    const trace = (name: string, _at: number, detail: unknown): void => {
      if (name === 'assigned') assigned = detail as TraceEvents['assigned'];
    };
    const response = this.pool.submit('GET', ['http', 'app.test', null, '/'], [], null, [null, null, null, null], { trace });
    for (let turn = 0; turn < 2; turn += 1) {
      this.clock.advance(0);
      await this.clock.settle();
    }
    const { connection, streamId } = assigned;
    const transport = this.transports.get(String(connection.localPort))!;
    transport.receive(
      streamId === undefined ? 'HTTP/1.1 204 No Content\r\n\r\n' : headers(streamId, [[':status', '204']], { endStream: true }),
    );
    await this.clock.settle();
    await response;
    return connection.remoteAddress!;
  }
}

describe.each<Protocol>(['http/1.1', 'h2'])('a service that moves, over %s', (protocol) => {
  it.each([
    ['the defaults', {}, 310_000],
    ['others', { maxConnectionAge: 30_000, dns: { ttl: 1_000 } }, 31_000],
  ])('is followed within the bound that the guide states, with %s', async (_, options: PoolOptions, bound) => {
    for (const offset of [0.1, 0.5, 0.95]) {
      const world = new World(protocol, { dns: { ttl: 10_000 }, ...options });
      const step = bound / 200;
      const pass = async (until: number): Promise<Map<string, number>> => {
        const lastUse = new Map<string, number>();
        while (world.clock.now() < until) {
          lastUse.set(await world.get(), world.clock.now());
          world.clock.advance(step);
          await world.clock.settle();
        }
        return lastUse;
      };
      await pass(1_000 + bound * offset);
      world.address = '192.0.2.2';
      const movedAt = world.clock.now();
      const lastUse = await pass(movedAt + 2 * bound);
      // Where the old connection has just retired by chance, the old address is not used again at all.
      expect((lastUse.get('192.0.2.1') ?? movedAt) - movedAt).toBeLessThanOrEqual(bound + step);
      expect(lastUse.get('192.0.2.2')).toBeGreaterThan(movedAt + bound);
      // It is no matter of asking all the time.
      expect(world.lookUps).toBeLessThanOrEqual(world.dials);
      expect(world.dials).toBeLessThan(8);
      world.pool.destroy(new Error('over') as never).catch(() => {});
    }
  });
});
