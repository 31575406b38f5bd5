import { createHash } from 'node:crypto';
import { get, request as httpRequest, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { mebibytes, seededBuffer, startServer, type EchoedRequest } from '../../src/index.ts';
import { bodyOf, exchange } from './wire.ts';

async function download(url: string): Promise<{ response: IncomingMessage; body: Buffer }> {
  const [response] = (await once(get(url, { agent: false }), 'response')) as [IncomingMessage];
  return { response, body: await buffer(response) };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

describe('echo', () => {
  test('describes the request as it was on the wire', async () => {
    await using server = await startServer('echo');
    const answer = await exchange(server, 'POST /a%20b?c HTTP/1.1\r\nX-Twice: 1\r\nx-twice: 2\r\nContent-Length: 3', 'abc');
    expect(JSON.parse(bodyOf(answer)) as EchoedRequest).toMatchObject({
      method: 'POST',
      target: '/a%20b?c',
      httpVersion: '1.1',
      headers: [
        ['X-Twice', '1'],
        ['x-twice', '2'],
        ['Content-Length', '3'],
        ['Host', 'testbed'],
        ['Connection', 'close'],
      ],
      body: 'abc',
      bodyBase64: 'YWJj',
    });
  });

  test('sends a raw body back while it still comes', async () => {
    await using server = await startServer('echo', { format: 'raw' });
    const request = httpRequest(server.url('/'), { method: 'POST', agent: false });
    request.write('first');
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(String((await once(response, 'data'))[0])).toBe('first');
    request.end(' and last');
    expect(String(await buffer(response))).toBe(' and last');
  });
});

describe('bytes', () => {
  test.each(['length', 'chunked', 'close'] as const)('streams a body of known digest (%s)', async (framing) => {
    await using server = await startServer('bytes', { size: mebibytes(2), seed: 's', framing });
    const { response, body } = await download(server.url('/'));
    expect(sha256(body)).toBe(server.sha256);
    expect(body.equals(seededBuffer('s', server.size))).toBe(true);
    expect(response.headers['content-length']).toBe(framing === 'length' ? '2097152' : undefined);
    expect(response.headers['transfer-encoding']).toBe(framing === 'chunked' ? 'chunked' : undefined);
    expect(response.headers['repr-digest']).toBe(`sha-256=:${Buffer.from(server.sha256, 'hex').toString('base64')}:`);
  });

  test('answers HEAD with the length alone', async () => {
    await using server = await startServer('bytes', { size: 1000 });
    const answer = await exchange(server, 'HEAD / HTTP/1.1');
    expect(answer).toContain('Content-Length: 1000\r\n');
    expect(bodyOf(answer)).toBe('');
  });

  test('flips one bit when told to corrupt', async () => {
    await using server = await startServer('bytes', { size: 100_000, corrupt: true });
    const { body } = await download(server.url('/'));
    const right = seededBuffer('testbed', 100_000);
    expect([...body.keys()].filter((index) => body[index] !== right[index])).toEqual([50_000]);
    expect(server.sha256).toBe(sha256(right));
  });

  test('lets go of a client that leaves half-way', async () => {
    await using server = await startServer('bytes', { size: mebibytes(256) });
    const [response] = (await once(get(server.url('/'), { agent: false }), 'response')) as [IncomingMessage];
    await once(response, 'data');
    response.destroy();
    await server.connections.until((counts) => counts.open === 0);
    expect(server.connections.accepted).toBe(1);
  });
});

test('upload counts, digests and tells the framing', async () => {
  await using server = await startServer('upload');
  await exchange(server, 'PUT / HTTP/1.1\r\nContent-Length: 3\r\nContent-Type: text/x', 'abc');
  await exchange(server, 'PUT / HTTP/1.1\r\nTransfer-Encoding: chunked', '3\r\nabc\r\n0\r\n\r\n');
  await exchange(server, 'PUT / HTTP/1.1');
  const digest = { bytes: 3, sha256: sha256(Buffer.from('abc')), complete: true };
  expect(server.uploads).toEqual([
    { ...digest, framing: 'length', contentType: 'text/x' },
    { ...digest, framing: 'chunked', contentType: undefined },
    { bytes: 0, sha256: sha256(Buffer.alloc(0)), complete: true, framing: 'none', contentType: undefined },
  ]);
});

test('chunking puts each piece into a chunk, and trailers after the last', async () => {
  await using server = await startServer('chunking', { chunks: ['a', 2], trailers: [['X-Sum', '3']] });
  const answer = await exchange(server, 'GET / HTTP/1.1');
  expect(answer).toContain('Trailer: X-Sum\r\n');
  expect(bodyOf(answer)).toBe(`1\r\na\r\n2\r\n${server.body.subarray(1).toString('latin1')}\r\n0\r\nX-Sum: 3\r\n\r\n`);
});

test('json', async () => {
  await using server = await startServer('json', { value: { a: [1, null] }, status: 201 });
  const answer = await exchange(server, 'GET / HTTP/1.1');
  expect(answer).toMatch(/^HTTP\/1\.1 201 /u);
  expect(bodyOf(answer)).toBe('{"a":[1,null]}');
});
