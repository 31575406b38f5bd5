import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { startServer } from '@x/testbed';
import { expect, it } from 'vitest';

import { ConnectionPool, isDuplexBody, toNodeStream, type HeaderPair } from '../../../src/index.ts';

const upgrade: readonly HeaderPair[] = [
  ['connection', 'upgrade'],
  ['upgrade', 'echo'],
];

it('an upgraded body is told apart, and is a duplex stream', async () => {
  await using server = await startServer('upgrade', { protocol: 'echo' });
  await using pool = new ConnectionPool();
  const [, , , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], upgrade, null);
  if (!isDuplexBody(body)) return expect.unreachable('it can be written to');
  const stream = toNodeStream(body);
  const received: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => {
    received.push(chunk);
    if (Buffer.concat(received).length === 300_005) stream.end();
  });
  stream.write('hello');
  stream.write(Buffer.alloc(300_000, 'x'));
  await new Promise((resolve) => stream.on('close', resolve));
  expect(Buffer.concat(received).toString()).toBe(`hello${'x'.repeat(300_000)}`);
});

it('any other is a readable one, and destroying that closes it', async () => {
  await using server = await startServer('bytes', { size: 300_000 });
  await using pool = new ConnectionPool();
  const get = async () => (await pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], [], null))[4];
  const body = await get();
  expect(isDuplexBody(body)).toBe(false);
  let length = 0;
  await pipeline(toNodeStream(body), async (chunks: AsyncIterable<Uint8Array>) => {
    for await (const chunk of chunks) length += chunk.length;
  });
  expect(length).toBe(300_000);
  const dropped = await get();
  const stream = toNodeStream(dropped);
  expect(stream).toBeInstanceOf(Readable);
  stream.destroy();
  expect(() => toNodeStream(dropped)).toThrow(expect.objectContaining({ code: 'BODY_ALREADY_READ' }) as Error);
});
