/** The program has blocked its event loop for longer than a limit: what lies in the sockets counts. */
import { afterEach, describe, expect, it } from 'vitest';

import { headers, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { endWorlds, startConnected, startWorld } from '../../test/support/http2/pool-harness.ts';

afterEach(endWorlds);

const readLimit = [null, 300, null, null] as const;
const blank = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

describe('after the loop was blocked for longer than the read limit', () => {
  it('an answer that lies in the socket is taken, over HTTP/1.1', async () => {
    const world = startWorld({ http1: true });
    const { clock } = world;
    const waiting = world.call('/', { timeouts: readLimit });
    const { transport } = await world.server();
    clock.jump(600);
    clock.nextTurn(() => transport.receive(blank));
    clock.advance(0);
    await clock.settle();
    expect(waiting.outcome()).toBe('200 ""');
  });

  it('an answer that lies in the socket is taken, over HTTP/2', async () => {
    const { made, server } = await startConnected(['/other']);
    const waiting = made.call('/', { timeouts: readLimit });
    await made.clock.settle();
    made.clock.jump(600);
    made.clock.nextTurn(() => server.receive(headers(3, [[':status', '204']], { endStream: true })));
    made.clock.advance(0);
    await made.clock.settle();
    expect(waiting.outcome()).toBe('204 ""');
  });

  it('a peer that is silent all the same has passed it', async () => {
    const world = startWorld({ http1: true });
    const { clock } = world;
    const waiting = world.call('/', { timeouts: readLimit });
    await world.server();
    clock.jump(600);
    clock.advance(299);
    await clock.settle();
    expect(waiting.outcome()).toBe('running');
    clock.advance(1);
    await clock.settle();
    expect(waiting.outcome()).toBe('READ_TIMEOUT');
  });

  it('a PING that was answered meanwhile does not end the connection', async () => {
    const made = startWorld();
    const waiting = made.call('/');
    const server = await made.server();
    server.receive(settings(), settingsAcknowledgement());
    await made.clock.settle();
    made.clock.advance(30_000);
    expect(server.sent().some((line) => line.startsWith('PING'))).toBe(true);
    made.clock.jump(20_000);
    made.clock.nextTurn(() => server.receive(headers(1, [[':status', '204']], { endStream: true })));
    made.clock.advance(0);
    await made.clock.settle();
    expect(waiting.outcome()).toBe('204 ""');
  });
});

describe('after the loop was blocked', () => {
  it('a final answer to Expect that lies in the socket comes before the body', async () => {
    const world = startWorld({ http1: true });
    const { clock } = world;
    const waiting = world.call('/', { method: 'POST', headers: [['expect', '100-continue']], body: [new Uint8Array(5)] });
    const { transport } = await world.server();
    await clock.settle();
    clock.jump(60_000);
    clock.nextTurn(() => transport.receive('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'));
    clock.advance(0);
    await clock.settle();
    expect(waiting.outcome()).toBe('401 ""');
    expect(transport.written.endsWith('\r\n\r\n')).toBe(true);
  });

  it('an answer that lies in the socket is within the grace of closing', async () => {
    const world = startWorld({ http1: true });
    const { clock } = world;
    const waiting = world.call('/');
    const { transport } = await world.server();
    void world.pool.close(200);
    clock.jump(500);
    clock.nextTurn(() => transport.receive(blank));
    clock.advance(0);
    await clock.settle();
    expect(waiting.outcome()).toBe('200 ""');
  });
});
