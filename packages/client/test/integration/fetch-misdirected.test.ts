/** 421 (RFC 9110 §15.5.20; Fetch Standard §4.6, HTTP-network-or-cache fetch): once more, on another connection. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

import { Client } from '@x/client';
import { describe, expect, it } from 'vitest';

interface Misdirecting extends AsyncDisposable {
  readonly url: string;
  /** What each request said, and how many connections there have been by then. */
  readonly seen: string[];
}

/** Answers 421 on as many connections as are told; what is sent on the next is answered. */
async function misdirecting(connections: number): Promise<Misdirecting> {
  const seen: string[] = [];
  const sockets: unknown[] = [];
  const listener: RequestListener = (request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    request.on('end', () => {
      const connection = sockets.indexOf(request.socket) + 1;
      seen.push(`${request.method} ${text} ${connection}`);
      response.writeHead(connection > connections ? 200 : 421).end(String(connection));
    });
  };
  const server = createServer(listener).on('connection', (socket) => sockets.push(socket));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('a fetch that is answered 421', () => {
  it.each([
    ['GET', undefined, ''],
    ['POST', 'text', 'text'],
    ['POST', Buffer.from('bytes'), 'bytes'],
    ['POST', new Blob(['blob']), 'blob'],
    ['POST', new URLSearchParams({ a: 'b' }), 'a=b'],
  ] as const)('is sent again on another connection: %s %s', async (method, body, text) => {
    await using server = await misdirecting(1);
    await using client = new Client();
    const response = await client.fetch(server.url, { method, ...(body === undefined ? {} : { body }) });
    expect([response.status, await response.text()]).toEqual([200, '2']);
    expect(server.seen).toEqual([`${method} ${text} 1`, `${method} ${text} 2`]);
  });

  it('is sent again once', async () => {
    await using server = await misdirecting(9);
    await using client = new Client();
    const response = await client.fetch(server.url);
    expect([response.status, await response.text()]).toEqual([421, '2']);
    expect(server.seen).toHaveLength(2);
  });

  it('is the answer where the body was a stream', async () => {
    await using server = await misdirecting(1);
    await using client = new Client();
    const body = Readable.toWeb(Readable.from([Buffer.from('once')])) as ReadableStream;
    const response = await client.fetch(server.url, { method: 'POST', body, duplex: 'half' });
    expect(response.status).toBe(421);
    expect(server.seen).toEqual(['POST once 1']);
  });

  it('is the answer where the client says so; other calls say so by themselves', async () => {
    await using server = await misdirecting(1);
    await using client = new Client();
    expect((await client.extend({ retryMisdirected: false }).fetch(server.url)).status).toBe(421);
    expect((await client.get(server.url)).status).toBe(421);
    expect((await client.get(server.url, { retryMisdirected: true })).status).toBe(200);
  });
});
