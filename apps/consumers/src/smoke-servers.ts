import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import type { AddressInfo, Server } from 'node:net';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';

import { serverCertificate, startProxy } from '@x/testbed';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const whole = 1_000_000;

/** What this Node can encode: zstd since 22.15. */
const coders = new Map<string, (text: string) => Buffer>([
  ['gzip', zlib.gzipSync],
  ['deflate', zlib.deflateSync],
  ['br', zlib.brotliCompressSync],
]);
const { zstdCompressSync } = zlib as { readonly zstdCompressSync?: (text: string) => Buffer };
if (zstdCompressSync !== undefined) coders.set('zstd', zstdCompressSync);

const answers: Readonly<Record<string, Answer>> = {
  hello: (request, response) => void request.resume().on('end', () => response.end('hello')),
  echo: (request, response) => void request.pipe(response),
  bytes: (_request, response) => void response.end(Buffer.alloc(whole, 'x')),
  count(request, response) {
    let count = 0;
    request.on('data', (chunk: Buffer) => (count += chunk.length)).on('end', () => response.end(String(count)));
  },
  field(request, response) {
    response.end(Buffer.from(String(request.headers['x-field']), 'latin1').toString('hex'));
  },
  silent() {},
  cut(_request, response) {
    response.writeHead(200, { 'content-length': '1000' });
    response.write('part', () => setImmediate(() => response.destroy()));
  },
  cookie(_request, response) {
    response.setHeader('set-cookie', 'sid=1; Path=/');
    response.end();
  },
  cookies: (request, response) => void response.end(request.headers.cookie),
  accepted: (request, response) => void response.end(request.headers['accept-encoding']),
  moved(_request, response) {
    response.writeHead(302, { location: '/hello' });
    response.end();
  },
  events(_request, response) {
    response.setHeader('content-type', 'text/event-stream');
    for (let n = 0; n < 3; n += 1) response.write(`data: ${n}\n\n`);
  },
  trailers(_request, response) {
    response.writeHead(200, { trailer: 'x-end' });
    response.write('body');
    response.addTrailers({ 'x-end': 'yes' });
    response.end();
  },
  coded(request, response) {
    const coding = request.url!.split('/')[2]!.split('?')[0]!;
    const coded = coders.get(coding)!('coded');
    response.setHeader('content-encoding', coding);
    response.end(request.url!.endsWith('?cut') ? coded.subarray(0, -2) : coded);
  },
};

const listener = (request: IncomingMessage, response: ServerResponse): void => {
  const name = /^\/([^/?]*)/u.exec(request.url ?? '')?.[1] ?? '';
  request.on('error', () => {});
  response.on('error', () => {});
  (answers[name] ?? answers['hello']!)(request, response);
};

export interface SmokeServers extends AsyncDisposable {
  /** For the environment of a program: where everything is. */
  readonly addresses: string;
}

/** Plain, TLS with both protocols, and proxies of every kind. */
export async function startSmokeServers(): Promise<SmokeServers> {
  const { cert, key, ca } = await serverCertificate();
  const plain = createHttp(listener);
  plain.on('upgrade', (_request, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.pipe(socket);
  });
  const both = listener as unknown as (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  const secure = createSecureServer({ cert, key, allowHTTP1: true }, both);
  secure.on('sessionError', () => {});
  const sockets = new Set<{ destroy(): void }>();
  for (const server of [plain, secure] as readonly Server[]) {
    server.on('connection', (socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }
  const proxies = {
    'an HTTP proxy': await startProxy('http'),
    'an HTTPS proxy': await startProxy('http', { tls: true }),
    'an HTTP/2 proxy': await startProxy('http', { tls: true, http2: true }),
    SOCKS: await startProxy('socks'),
  };
  const port = (server: unknown): number => ((server as Server).address() as AddressInfo).port;
  return {
    addresses: JSON.stringify({
      ca,
      codings: [...coders.keys()],
      plain: `http://127.0.0.1:${port(plain)}`,
      secure: `https://127.0.0.1:${port(secure)}`,
      proxies: Object.fromEntries(Object.entries(proxies).map(([kind, { url }]) => [kind, typeof url === 'string' ? url : url()])),
    }),
    async [Symbol.asyncDispose]() {
      for (const proxy of Object.values(proxies)) await proxy[Symbol.asyncDispose]();
      for (const socket of sockets) socket.destroy();
      await Promise.all([promisify(plain.close.bind(plain))(), promisify(secure.close.bind(secure))()]);
    },
  };
}
