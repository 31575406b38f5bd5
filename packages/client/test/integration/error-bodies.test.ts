import zlib from 'node:zlib';

import { startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { Client, HTTPStatusError, Response, type Interceptor } from '../../src/index.ts';

const raising: Interceptor = async (request, _context, next) => (await next(request)).raiseForStatus();
const readingFirst: Interceptor = async (request, _context, next) => {
  const response = await next(request);
  await response.text();
  return response.raiseForStatus();
};

async function errorOf(call: Promise<unknown>): Promise<HTTPStatusError> {
  const error = await call.then(
    () => expect.fail('it did not fail'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HTTPStatusError);
  return error as HTTPStatusError;
}

async function start(body: Buffer) {
  return startServer((request, response) => {
    const isPacked = request.url === '/gzip';
    response.writeHead(422, { 'content-type': 'application/json', ...(isPacked ? { 'content-encoding': 'gzip' } : {}) });
    if (request.url === '/broken') response.write(body, () => response.destroy());
    else if (request.url === '/stalled') response.write(body);
    else response.end(isPacked ? zlib.gzipSync(body) : body);
  });
}

describe.each([10, 200_000])('the body of a status error, of %d characters and more', (size) => {
  const body = Buffer.from(JSON.stringify({ error: 'name is taken', pad: 'ü'.repeat(size) }));

  it.each<[string, (client: Client, url: string) => Promise<unknown>]>([
    ['get', async (client, url) => (await client.get(url)).raiseForStatus()],
    ['get, in one go', (client, url) => client.get(url).raiseForStatus()],
    ['get, of gzip', (client, url) => client.get(`${url}gzip`).raiseForStatus()],
    ['an interceptor', (client, url) => client.extend({ interceptors: [raising] }).get(url)],
    ['an interceptor, of gzip', (client, url) => client.extend({ interceptors: [raising] }).get(`${url}gzip`)],
    ['an interceptor of a stream', (client, url) => client.extend({ interceptors: [raising] }).stream('GET', url)],
    ['an interceptor that has read it', (client, url) => client.extend({ interceptors: [readingFirst] }).get(url)],
    ['two interceptors', (client, url) => client.extend({ interceptors: [raising, raising] }).get(url)],
    ['an interceptor next to the network', (client, url) => client.extend({ networkInterceptors: [raising] }).get(url)],
  ])('is there at once: %s', async (_, call) => {
    await using server = await start(body);
    await using client = new Client();
    const error = await errorOf(call(client, server.url('/')));
    expect(error.json<{ error: string }>().error).toBe('name is taken');
    expect(error.text()).toBe(body.toString());
    expect(error.response).toBeInstanceOf(Response);
    expect((await error.response.json<{ error: string }>()).error).toBe('name is taken');
  });
});

describe('the body of a status error', () => {
  it('is its first mebibyte, and gives its connection back', async () => {
    await using server = await start(Buffer.alloc(3_000_000, 'x'));
    await using client = new Client({ interceptors: [raising] });
    const error = await errorOf(client.get(server.url('/')));
    expect(error.bytes().byteLength).toBe(1024 * 1024);
    await client.close();
  });

  it('is what had come when the rest of it does not', async () => {
    await using server = await start(Buffer.from('half'));
    await using client = new Client({ interceptors: [raising] });
    const error = await errorOf(client.get(server.url('/broken')));
    expect(error.status).toBe(422);
    expect('half').toContain(error.text());
  });

  it('of a stream that was handed out is read by its owner', async () => {
    await using server = await start(Buffer.from('whole'));
    await using client = new Client();
    const response = await client.stream('GET', server.url('/'));
    let error: unknown;
    try {
      response.raiseForStatus();
    } catch (thrown) {
      error = thrown;
    }
    expect(() => (error as HTTPStatusError).text()).toThrow(expect.objectContaining({ code: 'BODY_CONSUMED' }));
    expect(await response.text()).toBe('whole');
  });

  it('of a stream that nobody goes on to read is let go', async () => {
    await using server = await start(Buffer.from('whole'));
    const client = new Client();
    // Its server never ends it.
    const response = await client.stream('GET', server.url('/stalled'));
    expect(() => response.raiseForStatus()).toThrow(expect.objectContaining({ code: 'HTTP_STATUS' }));
    // Not before its limit in time, were it still open.
    await client.close({ grace: Infinity });
    await expect(response.text()).rejects.toMatchObject({ code: 'BODY_CONSUMED' });
  });
});
