import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import zlib from 'node:zlib';

import { close, createGate, mebibytes, receiveRequest, send, startRawServer, startServer, type EchoedRequest } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { Client } from '../../src/index.ts';

type Encode = (bytes: Uint8Array) => Buffer;
const zstdCompress = (zlib as unknown as { zstdCompressSync?: Encode }).zstdCompressSync;
const encoders: Record<string, Encode> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 4 } }),
  ...(zstdCompress === undefined ? {} : { zstd: zstdCompress }),
};
const text = 'the quick brown fox '.repeat(100);
const noise = randomBytes(500_000);

/** Serves `content` in the coding of the path, with or without a Content-Length, under any status. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { pathname, searchParams } = new URL(request.url!, 'http://localhost');
  const content = searchParams.has('large') ? noise : Buffer.from(text);
  const coding = pathname.slice(1);
  let encoded: Uint8Array = content;
  for (const name of coding.split(',')) encoded = encoders[name]?.(encoded) ?? encoded;
  response.writeHead(Number(searchParams.get('status') ?? 200), {
    'content-encoding': coding,
    ...(searchParams.has('chunked') ? {} : { 'content-length': encoded.length }),
  });
  response.end(request.method === 'HEAD' ? undefined : encoded);
}

const rawResponse = (head: string, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Encoding: ${head}\r\n\r\n`), body]);

describe('over the network, a coding', () => {
  const codings = [...Object.keys(encoders), 'deflate,gzip', 'gzip,br,deflate'];
  it.each(codings)('of %s is undone, whole and as it comes', async (coding) => {
    await using server = await startServer(answer);
    await using client = new Client({ baseUrl: server.url('/') });
    for (const query of ['', '?chunked']) {
      const response = await client.get(coding + query);
      expect(response.text()).toBe(text);
      expect(response.headers.get('content-encoding')).toBe(coding);
      await using streamed = await client.stream('GET', coding + query);
      const chunks: Uint8Array[] = [];
      for await (const chunk of streamed) chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toBe(text);
    }
    for (const query of ['?large', '?large&chunked']) {
      expect(Buffer.compare((await client.get(coding + query)).bytes(), noise)).toBe(0);
    }
    expect(server.connections.accepted).toBe(1);
  });

  it.each([
    ['?status=204', 'GET'],
    ['?status=304', 'GET'],
    ['', 'HEAD'],
  ])('of a response without a body (%s, %s) is nothing to undo', async (query, method) => {
    await using server = await startServer(answer);
    await using client = new Client({ baseUrl: server.url('/') });
    const response = await client.request(method, `gzip${query}`);
    expect(response.bytes()).toHaveLength(0);
    expect(server.connections.accepted).toBe(1);
  });

  it('of an empty body is nothing to undo, however that is said', async () => {
    for (const framing of ['Content-Length: 0', 'Transfer-Encoding: chunked']) {
      await using server = await startRawServer([
        receiveRequest(),
        send(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n${framing}\r\n\r\n${framing.endsWith('chunked') ? '0\r\n\r\n' : ''}`),
      ]);
      await using client = new Client();
      expect((await client.get(server.url('/'))).text()).toBe('');
    }
  });

  it.each(['compress', 'gzip,compress', 'identity'])('of %s is left as it is', async (coding) => {
    await using server = await startServer(answer);
    await using client = new Client({ baseUrl: server.url('/') });
    const encoded = coding.startsWith('gzip') ? zlib.gzipSync(text) : Buffer.from(text);
    expect(Buffer.from((await client.get(coding)).bytes())).toEqual(encoded);
  });

  it('of a part is left as it is, and a request for a part asks for no coding', async () => {
    const asked: (string | undefined)[] = [];
    await using server = await startServer((request, response) => {
      asked.push(request.headers['accept-encoding']);
      answer(request, response);
    });
    await using client = new Client({ baseUrl: server.url('/') });
    const part = await client.get('gzip?status=206', { headers: { range: 'bytes=0-' } });
    expect(Buffer.from(part.bytes())).toEqual(zlib.gzipSync(text));
    expect(asked).toEqual(['identity']);
    await client.get('gzip', { headers: { range: 'bytes=0-', 'accept-encoding': 'br' } });
    expect(asked[1]).toBe('br');
  });

  it('that breaks off, is corrupt or too deep ends the call, and leaves nothing behind', async () => {
    const gzip = zlib.gzipSync(randomBytes(10_000));
    for (const [head, body, code] of [
      ['gzip', gzip.subarray(0, 5_000), 'TRUNCATED_CODING'],
      ['gzip', Buffer.from('<html>no gzip at all</html>'), 'CORRUPT_CODING'],
      ['br', gzip, 'CORRUPT_CODING'],
      [Array(6).fill('gzip').join(','), gzip, 'TOO_MANY_CODINGS'],
    ] as const) {
      await using server = await startRawServer([receiveRequest(), send(rawResponse(head, body)), close()]);
      await using client = new Client();
      await expect(client.get(server.url('/'))).rejects.toThrow(expect.objectContaining({ name: 'DecodingError', code }));
    }
  });

  it('is no reason to wait: each part is there when it has come', async () => {
    const go = createGate();
    await using server = await startServer((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const gzip = zlib.createGzip();
      gzip.pipe(response);
      gzip.write('first');
      gzip.flush();
      void go.opened.then(() => gzip.end('second'));
    });
    await using client = new Client();
    await using response = await client.stream('GET', server.url('/'));
    const chunks = response[Symbol.asyncIterator]();
    expect(Buffer.from((await chunks.next()).value as Uint8Array).toString()).toBe('first');
    go.open();
    expect(Buffer.from((await chunks.next()).value as Uint8Array).toString()).toBe('second');
    expect((await chunks.next()).done).toBe(true);
  });

  it('is given up in the middle, and the connection with it', async () => {
    await using server = await startServer((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      const gzip = zlib.createGzip({ level: 0 });
      gzip.pipe(response);
      const write = (): void => {
        while (gzip.write(noise)) if (response.destroyed) return;
        gzip.once('drain', write);
      };
      write();
    });
    await using client = new Client();
    for (let count = 0; count < 5; count += 1) {
      await using response = await client.stream('GET', server.url('/'));
      for await (const chunk of response) if (chunk.length > 0) break;
    }
    expect(server.connections.accepted).toBe(5);
  });
});

describe('what is asked for', () => {
  const offered = async (client: Client, url: string, options?: Parameters<Client['get']>[1]): Promise<string | undefined> => {
    const { headers } = (await client.get(url, options)).json<EchoedRequest>();
    return headers.find(([name]) => name.toLowerCase() === 'accept-encoding')?.[1];
  };
  const all = zstdCompress === undefined ? 'gzip, deflate, br' : 'gzip, deflate, br, zstd';

  it('is what can be undone, unless the caller says otherwise', async () => {
    await using server = await startServer('echo');
    const url = server.url('/');
    await using client = new Client();
    expect(await offered(client, url)).toBe(all);
    expect(await offered(client, url, { headers: { 'x-other': '1' } })).toBe(all);
    expect(await offered(client, url, { headers: { 'Accept-Encoding': 'gzip' } })).toBe('gzip');
    expect(await offered(client, url, { headers: { 'accept-encoding': null } })).toBeUndefined();
    expect(await offered(client, url, { decompress: false })).toBeUndefined();
    expect(await offered(client, url, { decompress: false, headers: { 'accept-encoding': 'gzip' } })).toBe('gzip');
    await using plain = client.extend({ decompress: false });
    expect(await offered(plain, url)).toBeUndefined();
    expect(await offered(plain, url, { decompress: true })).toBe(all);
    await using again = plain.extend({ decompress: true });
    expect(await offered(again, url)).toBe(all);
  });

  it('decompress: false hands bodies on as they are', async () => {
    await using server = await startServer(answer);
    await using client = new Client({ baseUrl: server.url('/'), decompress: false });
    expect(Buffer.from((await client.get('gzip')).bytes())).toEqual(zlib.gzipSync(text));
    expect((await client.get('gzip', { decompress: true })).text()).toBe(text);
  });
});

describe('maxResponseBytes', () => {
  const tooLarge = (limit: number): unknown => expect.objectContaining({ name: 'ResponseTooLarge', code: 'RESPONSE_TOO_LARGE', limit });

  it.each([
    ['of known length', 'length'],
    ['of unknown length', 'chunked'],
    ['that ends with the connection', 'close'],
  ] as const)('holds for a body %s', async (_, framing) => {
    await using server = await startServer('bytes', { size: 100_000, framing });
    await using client = new Client();
    expect((await client.get(server.url('/'), { maxResponseBytes: 100_000 })).bytes()).toHaveLength(100_000);
    await expect(client.get(server.url('/'), { maxResponseBytes: 99_999 })).rejects.toThrow(tooLarge(99_999));
    await using streamed = await client.stream('GET', server.url('/'), { maxResponseBytes: 99_999 });
    const reading = (async () => {
      for await (const chunk of streamed) expect(chunk.length).toBeLessThan(100_000);
    })();
    await expect(reading).rejects.toThrow(tooLarge(99_999));
  });

  it('counts what comes out of the decoder', async () => {
    await using server = await startServer(answer);
    await using client = new Client({ baseUrl: server.url('/'), maxResponseBytes: text.length });
    expect((await client.get('gzip')).text()).toBe(text);
    await expect(client.get('gzip', { maxResponseBytes: text.length - 1 })).rejects.toThrow(tooLarge(text.length - 1));
    expect((await client.get('gzip?large', { maxResponseBytes: null })).bytes()).toHaveLength(noise.length);
    await using streamed = await client.stream('GET', 'gzip?large');
    await expect(streamed.bytes()).rejects.toThrow(tooLarge(text.length));
  });

  it('of 256 MiB holds for whole bodies by default, and not for streams', async () => {
    const size = mebibytes(256) + 1;
    await using server = await startServer((_, response) => response.writeHead(200, { 'content-length': size }).flushHeaders());
    await using client = new Client();
    await expect(client.get(server.url('/'))).rejects.toThrow(tooLarge(mebibytes(256)));
    await using streamed = await client.stream('GET', server.url('/'));
    expect(streamed.headers.get('content-length')).toBe(String(size));
    await expect(streamed.text()).rejects.toThrow(tooLarge(mebibytes(256)));
  });

  it.each([-1, 1.5, NaN, '5' as never])('of %s is refused', async (maxResponseBytes) => {
    expect(() => new Client({ maxResponseBytes })).toThrow(expect.objectContaining({ name: 'InvalidOption', option: 'maxResponseBytes' }));
  });
});

it('a bomb ends long before it is large', async () => {
  const bomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(mebibytes(200))));
  await using server = await startServer((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(bomb));
  await using client = new Client();
  await client.get(server.url('/'), { decompress: false });
  const before = process.memoryUsage.rss();
  await expect(client.get(server.url('/'))).rejects.toThrow(expect.objectContaining({ code: 'EXPANSION_TOO_LARGE' }));
  expect(process.memoryUsage.rss() - before).toBeLessThan(mebibytes(60));
});

it('what looks like a bomb can be permitted', async () => {
  const zeros = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(mebibytes(10))));
  await using server = await startServer((_, response) => void response.writeHead(200, { 'content-encoding': 'gzip, gzip' }).end(zeros));
  await using client = new Client();
  await expect(client.get(server.url('/'))).rejects.toMatchObject({ code: 'EXPANSION_TOO_LARGE' });
  for (const maxExpansion of [null, Infinity, 10_000_000])
    expect((await client.get(server.url('/'), { maxExpansion })).bytes().length).toBeGreaterThan(8 * 1024 * 1024);
  await expect(client.extend({ maxExpansion: null }).get(server.url('/'), { maxExpansion: 2 })).rejects.toMatchObject({
    code: 'EXPANSION_TOO_LARGE',
  });
  for (const maxExpansion of [0, 1.5, '7'])
    await expect(client.get(server.url('/'), { maxExpansion: maxExpansion as number })).rejects.toMatchObject({ option: 'maxExpansion' });
});
