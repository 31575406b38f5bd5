import { describe, expect, it } from 'vitest';

import { ConnectError, PoolClosed } from '../contract/errors.ts';
import { FakeClock } from './fake-clock.ts';
import { ScriptedTransport } from './scripted-transport.ts';
import { TransportDispatcher, type TransportDispatcherOptions } from './transport-dispatcher.ts';

function world(options: Partial<TransportDispatcherOptions> = {}) {
  const transports: ScriptedTransport[] = [];
  const clock = new FakeClock();
  const dispatcher = new TransportDispatcher({
    clock,
    connect() {
      const transport = new ScriptedTransport();
      transports.push(transport);
      return transport;
    },
    ...options,
  });
  return { transports, clock, dispatcher };
}

describe('a pool over transports of the test', () => {
  it('speaks on them, and uses them again', async () => {
    const { transports, clock, dispatcher } = world();
    for (const target of ['/a', '/b']) {
      const response = dispatcher.dispatch('GET', ['http', 'a.test', null, target], [], null);
      await clock.settle();
      transports[0]!.receive('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
      const [, status, , , body] = await response;
      expect([status, Buffer.from(await body.bytes()).toString()]).toEqual([200, 'hi']);
    }
    expect(transports).toHaveLength(1);
    expect(transports[0]!.written).toContain('GET /b HTTP/1.1');
  });

  it('tells what could not be connected, by its own error', async () => {
    const cause = new Error('no way');
    const { dispatcher } = world({ connect: () => Promise.reject(cause) });
    const failure = dispatcher.dispatch('GET', ['http', 'a.test', 81, '/'], [], null);
    await expect(failure).rejects.toBeInstanceOf(ConnectError);
    await expect(failure).rejects.toMatchObject({ message: 'No connection to a.test:81', cause });
  });

  it('destroys a transport that comes when nobody wants it any more', async () => {
    let give!: (transport: ScriptedTransport) => void;
    const late = new ScriptedTransport();
    const { clock, dispatcher } = world({
      connect: () =>
        new Promise((resolve) => {
          give = resolve;
        }),
    });
    const abort = new AbortController();
    const failure = dispatcher.dispatch('GET', ['http', 'a.test', null, '/'], [], null, undefined, { signal: abort.signal });
    await clock.settle();
    abort.abort();
    await expect(failure).rejects.toMatchObject({ name: 'Aborted' });
    give(late);
    await clock.settle();
    expect(late.calls.map(({ type }) => type)).toContain('destroy');
  });

  it('ends what runs when it is destroyed', async () => {
    const { clock, dispatcher } = world();
    const failure = dispatcher.dispatch('GET', ['http', 'a.test', null, '/'], [], null);
    failure.catch(() => {});
    await clock.settle();
    await dispatcher.destroy();
    await expect(failure).rejects.toBeInstanceOf(PoolClosed);
  });
});
