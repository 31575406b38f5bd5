import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { refusedPort, seededBuffer, seededDigest, startRawServer, startRelay, startServer } from '../../src/index.ts';

test('everything comes through, in order, later and slower', async () => {
  const size = 512 * 1024;
  await using server = await startRawServer([
    async (peer) => {
      await peer.send(seededBuffer('relayed', size));
      await peer.close();
    },
  ]);
  await using relay = await startRelay({ to: server, delay: 20, rate: 50e6 });
  const started = performance.now();
  const socket = connect(relay.port, relay.host);
  const received = await buffer(socket);
  expect(createHash('sha256').update(received).digest('hex')).toBe(seededDigest('relayed', size));
  // 84 ms for the bytes and 20 for the way. There is no bound above: a machine may always be slower.
  expect(performance.now() - started).toBeGreaterThanOrEqual(100);
  expect(relay).toMatchObject({ connections: 1, downstream: size, upstream: 0 });
});

test('both ways at once, and ends stay where they were', async () => {
  await using server = await startServer('echo', { format: 'raw' });
  await using relay = await startRelay({ to: server, delay: 1 });
  const body = seededBuffer('echoed', 3 * 1024 * 1024);
  const socket = connect({ port: relay.port, host: relay.host, allowHalfOpen: true });
  socket.end(
    Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`), body]),
  );
  const answer = await buffer(socket);
  expect(answer.subarray(answer.indexOf('\r\n\r\n') + 4).equals(body)).toBe(true);
});

test('a receiver that reads little by little gets everything', async () => {
  const size = 16 * 1024 * 1024;
  await using server = await startRawServer([
    async (peer) => {
      await peer.send(seededBuffer('slowly', size));
      await peer.close();
    },
  ]);
  await using relay = await startRelay({ to: server, rate: 10e9 });
  const hash = createHash('sha256');
  const socket = connect({ port: relay.port, host: relay.host });
  for await (const chunk of socket) {
    hash.update(chunk as Buffer);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(hash.digest('hex')).toBe(seededDigest('slowly', size));
});

test('a server that is not there is a reset', async () => {
  await using relay = await startRelay({ to: { host: '127.0.0.1', port: refusedPort() } });
  const socket = connect(relay.port, relay.host);
  await expect(once(socket, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
});
