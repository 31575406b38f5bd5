/** What happens to a request before, and right when, its answer comes: over both protocols. */
import { afterEach, describe, expect, it } from 'vitest';

import { data, headers, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { endWorlds, startWorld, type Call, type CallOptions, type PoolHarness } from '../../test/support/http2/pool-harness.ts';
import { Proxy } from '../model/proxy/proxy.ts';

afterEach(endWorlds);

const blank = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const expects = { method: 'POST', headers: [['expect', '100-continue']] } as const;
const hello = [new TextEncoder().encode('hello')];

interface Protocol {
  readonly isHttp2: boolean;
  informational(status: number): Uint8Array | string;
  /** The head, and a part of what it announces. */
  readonly refusal: Uint8Array | string;
  readonly answer: Uint8Array | string;
}

const protocols: readonly (readonly [string, Protocol])[] = [
  [
    'HTTP/1.1',
    {
      isHttp2: false,
      informational: (status) => `HTTP/1.1 ${status} x\r\n\r\n`,
      refusal: 'HTTP/1.1 417 No\r\nContent-Length: 10\r\n\r\nabc',
      answer: blank,
    },
  ],
  [
    'HTTP/2',
    {
      isHttp2: true,
      informational: (status) => headers(1, [[':status', String(status)]]),
      refusal: Buffer.concat([headers(1, [[':status', '417']]), data(1, 'abc')]),
      answer: headers(1, [[':status', '200']], { endStream: true }),
    },
  ],
];

async function send(
  world: PoolHarness,
  { isHttp2 }: Protocol,
  options: CallOptions,
): Promise<{ call: Call; receive(bytes: Uint8Array | string): Promise<void> }> {
  const call = world.call('/', options);
  const server = await world.server();
  if (isHttp2) server.receive(settings(), settingsAcknowledgement());
  return {
    call,
    async receive(bytes) {
      server.transport.receive(bytes);
      await world.clock.settle();
    },
  };
}

describe.each(protocols)('Expect: 100-continue over %s', (_, protocol) => {
  it('that is answered by a final status has its read limit', async () => {
    const world = startWorld({ http1: !protocol.isHttp2, expectContinueTimeout: 60_000 });
    const { call, receive } = await send(world, protocol, { ...expects, body: hello, timeouts: [null, 300, null, null] });
    await receive(protocol.refusal);
    world.clock.advance(300);
    await world.clock.settle();
    expect(call.error).toMatchObject({ code: 'READ_TIMEOUT', phase: 'response-body' });
  });

  it('that is answered late is no news', async () => {
    const seen: number[] = [];
    const world = startWorld({ http1: !protocol.isHttp2, expectContinueTimeout: 100 });
    const context = { onInformational: (status: number): void => void seen.push(status) };
    const { call, receive } = await send(world, protocol, { ...expects, body: hello, context });
    world.clock.advance(100);
    await world.clock.settle();
    await receive(protocol.informational(100));
    await receive(protocol.informational(103));
    await receive(protocol.answer);
    expect(call.outcome()).toBe('200 ""');
    expect(seen).toEqual([103]);
  });
});

describe('a request that is aborted before anything of it was written', () => {
  it('leaves the warm connection to the next', async () => {
    const world = startWorld({ http1: true });
    const first = world.call('/1');
    const { transport } = await world.server();
    transport.receive(blank);
    await world.clock.settle();
    const connections: unknown[] = [];
    for (let round = 0; round < 3; round += 1) {
      const controller = new AbortController();
      const aborted = world.call('/never', { context: { signal: controller.signal } });
      controller.abort();
      const next = world.call(`/${round}`, {
        context: { trace: (name, _at, detail) => name === 'assigned' && connections.push((detail as { reused: boolean }).reused) },
      });
      await world.clock.settle();
      transport.receive(blank);
      await world.clock.settle();
      expect([aborted.error?.code, aborted.error?.requestSent, next.outcome()]).toEqual(['ABORTED', false, '200 ""']);
    }
    expect(first.outcome()).toBe('200 ""');
    expect(connections).toEqual([true, true, true]);
    expect(world.servers).toHaveLength(1);
    expect(transport.writes.map((write) => Buffer.from(write).toString('latin1')).join('')).not.toContain('/never');
  });

  it('is not held to have used a new one', async () => {
    const world = startWorld({ http1: true, maxConnectionsPerOrigin: 1 });
    const controller = new AbortController();
    const aborted = world.call('/never', {
      context: { signal: controller.signal, trace: (name) => name === 'assigned' && controller.abort() },
    });
    const next = world.call('/next');
    const { transport } = await world.server();
    transport.close();
    await world.clock.settle();
    // It was new to the second as well: that it closes says something about the server.
    expect([aborted.error?.code, next.error?.code, next.error?.connectionReused]).toEqual(['ABORTED', 'CONNECTION_CLOSED', false]);
  });
});

describe.each([0, 5])('a connection that answered %s ms ago', (idle) => {
  async function warm(): Promise<PoolHarness> {
    const world = startWorld({ http1: true });
    world.call('/');
    const { transport } = await world.server();
    transport.receive(blank);
    await world.clock.settle();
    world.clock.advance(idle);
    return world;
  }

  it.each([
    ['POST', undefined, 2],
    ['POST', hello, 2],
    ['PUT', (function* () {})(), 2],
    ['GET', undefined, 1],
    ['PUT', hello, 1],
  ] as const)('is looked at again before a %s that can not be sent twice goes out', async (method, body, turns) => {
    const world = await warm();
    const { transport } = world.servers[0]!;
    const before = transport.writes.length;
    const call = world.call('/', { method, body: body ?? null });
    world.clock.runTurn();
    expect(transport.writes.length > before).toBe(turns === 1);
    await world.clock.settle();
    expect(transport.writes.length > before).toBe(true);
    transport.receive(blank);
    await world.clock.settle();
    expect(call.outcome()).toBe('200 ""');
  });

  it('and turns out to be closed is not used: nothing was written, and the request goes to another', async () => {
    const world = await warm();
    const { transport } = world.servers[0]!;
    const call = world.call('/', { method: 'POST', body: hello });
    world.clock.runTurn();
    transport.receiveEnd();
    const second = await world.server(1);
    second.transport.receive(blank);
    await world.clock.settle();
    expect(call.outcome()).toBe('200 ""');
  });
});

describe('an authenticator of a proxy that answers later', () => {
  it.each([undefined, 3])(
    'is asked once by a request that follows one that was given up in the same turn (pipelining: %s)',
    async (pipelining) => {
      let asked = 0;
      const authorize = (): Promise<string> => Promise.resolve(`Custom ${(asked += 1)}`);
      const proxy = new Proxy('http://proxy.test', { auth: { authorize, challenged: () => false } });
      const world = startWorld({ http1: true, maxConnectionsPerOrigin: 1, proxy, pipelining });
      world.call('/warm');
      const { transport } = await world.server();
      transport.receive(blank);
      await world.clock.settle();
      const controller = new AbortController();
      const first = world.call('/first', { context: { signal: controller.signal } });
      controller.abort();
      const second = world.call('/second');
      await world.clock.settle();
      transport.receive(blank);
      await world.clock.settle();
      expect([first.outcome(), second.outcome(), asked]).toEqual(['ABORTED', '200 ""', 2]);
      expect(transport.written.split('GET http').length - 1).toBe(2);
    },
  );
});
