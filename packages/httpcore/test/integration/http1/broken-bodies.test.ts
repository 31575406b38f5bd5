/** What has come is given before the failure, however the connection breaks off and whoever reads late. */
import { close, createGate, receiveHead, reset, send, serverCertificate, startProxy, startRawServer, waitFor } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, type DispatchContext, type HeaderPair, type HttpCoreError, Proxy, type ResponseBody } from '../../../src/index.ts';

const ok = 'HTTP/1.1 200 OK\r\n';
const upgrade: readonly HeaderPair[] = [
  ['connection', 'upgrade'],
  ['upgrade', 'x'],
];

interface Break {
  readonly name: string;
  readonly sent: string;
  readonly by: 'end' | 'reset';
  readonly headers?: readonly HeaderPair[];
  readonly code: string;
}

const breaks: readonly Break[] = [
  { name: 'a counted body that ends early', sent: `${ok}Content-Length: 5000\r\n\r\n0123456789`, by: 'end', code: 'INCOMPLETE_BODY' },
  { name: 'a counted body that is reset', sent: `${ok}Content-Length: 5000\r\n\r\n0123456789`, by: 'reset', code: 'READ_FAILED' },
  {
    name: 'chunks without the last',
    sent: `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n5\r\n56789\r\n`,
    by: 'end',
    code: 'INCOMPLETE_BODY',
  },
  { name: 'a chunk without its end', sent: `${ok}Transfer-Encoding: chunked\r\n\r\n64\r\n0123456789`, by: 'end', code: 'INCOMPLETE_BODY' },
  {
    name: 'a bad chunk behind good ones',
    sent: `${ok}Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\nzz\r\n`,
    by: 'end',
    code: 'INVALID_CHUNK',
  },
  { name: 'a body until the end that is reset', sent: `${ok}\r\n0123456789`, by: 'reset', code: 'READ_FAILED' },
  {
    name: 'an upgraded connection that is reset',
    sent: 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n0123456789',
    by: 'reset',
    headers: upgrade,
    code: 'READ_FAILED',
  },
];

/** Reads to the failure. */
async function drain(body: ResponseBody): Promise<{ readonly text: string; readonly error: HttpCoreError | undefined }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of body) chunks.push(chunk);
  } catch (error) {
    return { text: Buffer.concat(chunks).toString(), error: error as HttpCoreError };
  }
  return { text: Buffer.concat(chunks).toString(), error: undefined };
}

const ways = {
  direct: async () => null,
  'through SOCKS': async () => {
    const proxy = await startProxy('socks');
    return { by: proxy.url(), stop: () => proxy.stop() };
  },
  'through CONNECT': async () => {
    const proxy = await startProxy('http');
    return { by: new Proxy(proxy.url, { tunnel: true }), stop: () => proxy.stop() };
  },
} as const;

/** Gives the body of an exchange that has failed by now. */
async function brokenBody({ sent, by, headers = [] }: Break, way: keyof typeof ways): Promise<{ body: ResponseBody } & AsyncDisposable> {
  const headSeen = createGate();
  const failed = createGate();
  const server = await startRawServer([receiveHead(), send(sent), waitFor(headSeen), by === 'end' ? close() : reset()]);
  const proxy = await ways[way]();
  const pool = new ConnectionPool({ proxy: proxy === null ? null : proxy.by });
  const context: DispatchContext = { trace: (name) => name === 'failed' && failed.open() };
  const [, , , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], headers, null, undefined, context);
  headSeen.open();
  await failed.opened;
  return {
    body,
    async [Symbol.asyncDispose]() {
      await pool.destroy();
      await Promise.all([server[Symbol.asyncDispose](), proxy?.stop()]);
    },
  };
}

const cases = Object.keys(ways).flatMap((way) =>
  // A relay makes an end of a reset.
  breaks.filter(({ by }) => way === 'direct' || by === 'end').map((broken) => ({ ...broken, way: way as keyof typeof ways })),
);

describe('what came before the failure', () => {
  it.each(cases)('is iterated first: $name, $way', async ({ way, ...broken }) => {
    await using made = await brokenBody(broken, way);
    const { text, error } = await drain(made.body);
    expect([text, error?.code, error?.phase, error?.receivedBytes]).toEqual(['0123456789', broken.code, 'response-body', 10]);
  });

  it('is not taken for the whole by bytes(), whose error says how much it was', async () => {
    await using made = await brokenBody(breaks[0]!, 'direct');
    await expect(made.body.bytes()).rejects.toMatchObject({ code: 'INCOMPLETE_BODY', receivedBytes: 10 });
  });

  it.each(['http', 'https'] as const)('is iterated first where an upload under way finds the reset: %s', async (scheme) => {
    const isHeld = createGate();
    const failed = createGate();
    const { ca } = await serverCertificate();
    await using server = await startRawServer(
      [receiveHead(), send(`${ok}Content-Length: 300000\r\n\r\n${'x'.repeat(150_000)}`), waitFor(isHeld), reset()],
      { tls: scheme === 'https' },
    );
    await using pool = new ConnectionPool({ tls: { ca } });
    const context: DispatchContext = { trace: (name) => name === 'failed' && failed.open() };
    const upload = (async function* () {
      yield new Uint8Array(1);
      await isHeld.opened;
      for (;;) yield new Uint8Array(65_536);
    })();
    const [, , , , body] = await pool.dispatch('POST', [scheme, 'localhost', server.port, '/'], [], upload, undefined, context);
    // Paused: the rest is in the system's hands.
    await expect.poll(() => pool.stats().bufferedBytes).toBeGreaterThan(65_536);
    isHeld.open();
    await failed.opened;
    const { text, error } = await drain(body);
    expect([text.length, error?.code, error?.receivedBytes]).toEqual([150_000, 'READ_FAILED', 150_000]);
  });

  it('is dropped where the caller ends the exchange', async () => {
    await using server = await startRawServer([receiveHead(), send(`${ok}Content-Length: 5000\r\n\r\n0123456789`)]);
    await using pool = new ConnectionPool();
    const controller = new AbortController();
    const [, , , , body] = await pool.dispatch('GET', ['http', server.host, server.port, '/'], [], null, undefined, {
      signal: controller.signal,
    });
    controller.abort();
    const { text, error } = await drain(body);
    expect([text, error?.code]).toEqual(['', 'ABORTED']);
  });
});
