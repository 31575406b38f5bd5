import { createHash } from 'node:crypto';

import { Client, type StreamResponse } from '@x/client';
import { receiveHead, reset, send, startRawServer, startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

describe('over the network, a response', () => {
  it('is read whole, and its connection is used again', async () => {
    await using server = await startServer('plain', { headers: { 'Set-Cookie': ['a=1', 'b=2'] } });
    await using client = new Client();
    const first = await client.get(server.url('/'));
    expect(first.text()).toBe('hello world');
    expect(first).toMatchObject({ status: 200, reason: 'OK', httpVersion: '1.1', url: server.url('/') });
    expect(first.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    const second = await client.get(server.url('/'));
    expect(server.connections.accepted).toBe(1);

    expect(first.timings).toMatchObject({ reused: false, remoteAddress: '127.0.0.1', httpVersion: '1.1', tls: undefined });
    expect(first.timings.connect).toBeGreaterThan(0);
    expect(second.timings).toMatchObject({ reused: true, connectionId: first.timings.connectionId, dns: undefined, connect: undefined });
    for (const { timings } of [first, second]) {
      const { queued, connect, sent, firstByte, download, total } = timings;
      const sum = queued! + (connect ?? 0) + sent! + firstByte! + download!;
      expect(sum).toBeGreaterThan(0);
      expect(sum).toBeLessThanOrEqual(total + 0.001);
      expect(Math.abs(timings.startedAt - Date.now())).toBeLessThan(60_000);
    }
  });

  it('comes over TLS from a server that is verified', async () => {
    await using server = await startServer('plain', { tls: true });
    await using trusting = new Client({ tls: { ca: server.ca } });
    const response = await trusting.get(server.url('/'));
    expect(response.text()).toBe('hello world');
    expect(response.timings.tls).toBeGreaterThan(0);
    await using suspicious = new Client();
    await expect(suspicious.get(server.url('/'))).rejects.toMatchObject({ name: 'ConnectError', code: 'TLS_FAILED' });
    await using extended = suspicious.extend({ tls: { ca: server.ca } });
    expect((await extended.get(server.url('/'))).status).toBe(200);
  });

  it('is verified whatever was planted on Object.prototype', async () => {
    await using server = await startServer('plain', { tls: true });
    const told: unknown[] = [];
    const planted: Record<string, unknown> = {
      rejectUnauthorized: false,
      ca: server.ca,
      keylog: (line: unknown) => told.push(line),
      checkServerIdentity: () => undefined,
      identities: { '*': null },
      pins: [],
    };
    const prototype = Object.prototype as Record<string, unknown>;
    for (const name of Object.keys(planted)) {
      prototype[name] = planted[name];
      try {
        await using client = new Client();
        await expect(client.get(server.url('/')), name).rejects.toMatchObject({ code: 'TLS_FAILED' });
        await using renewed = new Client({ tls: () => ({ minVersion: 'TLSv1.3' }) });
        await expect(renewed.get(server.url('/')), name).rejects.toMatchObject({ code: 'TLS_FAILED' });
      } finally {
        delete prototype[name];
      }
    }
    expect(told).toEqual([]);
  });

  it('has its trailers', async () => {
    await using server = await startServer('chunking', { chunks: ['a', 'b'], trailers: [['X-Sum', '7']] });
    await using client = new Client();
    const response = await client.get(server.url('/'));
    expect(response.text()).toBe('ab');
    expect([...response.trailers]).toEqual([['X-Sum', '7']]);
  });

  it('is streamed without being gathered', async () => {
    await using server = await startServer('bytes', { size: 8 * 1024 * 1024 });
    await using client = new Client();
    const hash = createHash('sha256');
    await using response = await client.stream('GET', server.url('/'));
    let bytes = 0;
    for await (const chunk of response) {
      hash.update(chunk);
      bytes += chunk.byteLength;
    }
    expect(bytes).toBe(server.size);
    expect(hash.digest('hex')).toBe(server.sha256);
    expect(response.timings.download).toBeGreaterThan(0);
  });

  it('without a body lets its client close, read or not', async () => {
    await using server = await startServer('status');
    const client = new Client({ limits: null });
    const response = await client.stream('HEAD', server.url('/200'));
    await client.close();
    expect(await response.text()).toBe('');
  });

  it('that is streamed and left is no connection lost', async () => {
    await using server = await startServer('bytes', { size: 4 * 1024 * 1024 });
    await using client = new Client({ limits: { maxConnections: 1 }, timeout: { pool: 5_000 } });
    for (let round = 0; round < 3; round++) {
      await using response = await client.stream('GET', server.url('/'));
      for await (const chunk of response) if (chunk.byteLength > 0) break;
    }
    expect((await client.get(server.url('/'))).bytes()).toHaveLength(server.size);
  });

  it('that an interceptor leaves lying is no connection lost', async () => {
    await using server = await startServer('bytes', { size: 4 * 1024 * 1024 });
    await using client = new Client({
      limits: { maxConnections: 2 },
      timeout: { pool: 5_000 },
      interceptors: [
        async (request, _, next) => {
          await next(request);
          return next(request);
        },
      ],
    });
    for (let round = 0; round < 3; round++) expect((await client.get(server.url('/'))).bytes()).toHaveLength(server.size);
  });

  it('tells of the ones before it', async () => {
    await using server = await startServer('informational', { hints: ['</a.css>; rel=preload'] });
    await using client = new Client();
    const hints: [number, string][] = [];
    const response = await client.get(server.url('/'), {
      onInformational: (status, _, headers) => hints.push([status, headers.map(([name, value]) => `${name}: ${value}`).join()]),
    });
    expect(response.text()).toBe('final');
    expect(hints).toEqual([[103, expect.stringMatching(/^link: <\/a\.css>; rel=preload$/i)]]);
  });

  it('to an upgrade can be written to', async () => {
    await using server = await startServer('upgrade', { greeting: 'hi ' });
    await using client = new Client();
    const response: StreamResponse = await client.stream('GET', server.url('/'), { headers: { connection: 'Upgrade', upgrade: 'echo' } });
    expect(response.status).toBe(101);
    const { body } = response;
    if (!('write' in body)) throw new Error('the body of an upgrade can be written to');
    await body.write(Buffer.from('echoed'));
    await body.end();
    let text = '';
    for await (const chunk of response) text += Buffer.from(chunk).toString();
    expect(text).toBe('hi echoed');
  });

  it('that is cut off is the error that the core tells, with the line of the caller', async () => {
    await using server = await startRawServer([receiveHead(), send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhal'), reset()]);
    await using client = new Client();
    const error = await client.get(server.url('/')).catch((thrown: unknown) => thrown as Error);
    expect(error).toMatchObject({ phase: 'response-body', origin: server.origin });
    expect((error as Error).stack).toContain('responses.test.ts');
  });
});
