/** Servers with several names, pools that coalesce, and requests that tell which connection served them. */
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer, type AddressInfo, type LookupFunction, type Server } from 'node:net';

import { serverCertificate, trustedAuthority } from '@x/testbed';

import {
  ConnectionPool,
  type ConnectionInfo,
  type DispatchContext,
  type OriginStats,
  type PoolOptions,
  type TraceEventName,
} from '../../../src/index.ts';

export type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: number) => void;

export interface NamedServer extends AsyncDisposable {
  readonly port: number;
  readonly sessions: readonly ServerHttp2Session[];
}

export const answer: Handler = (stream, headers) => {
  stream.respond({ ':status': 200, 'x-authority': headers[':authority'] });
  stream.end('ok');
};

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}

/** Somebody else may have the port at the second address: then another one is taken. */
async function listenAtBoth(first: Server, second: Server): Promise<number> {
  for (;;) {
    await listen(first, 0, '127.0.0.1');
    const { port } = first.address() as AddressInfo;
    const isFree = await listen(second, port, '127.0.0.2').then(
      () => true,
      () => false,
    );
    if (isFree) return port;
    await new Promise((resolve) => first.close(resolve));
  }
}

/** One server with one certificate, at one port of both 127.0.0.1 and 127.0.0.2. */
export async function startNamed(names: readonly string[], handler: Handler = answer, maxConcurrentStreams = 100): Promise<NamedServer> {
  const sessions: ServerHttp2Session[] = [];
  const server = createSecureServer({ ...(await serverCertificate({ onlyNames: names })), settings: { maxConcurrentStreams } });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    handler(stream, headers, sessions.indexOf(stream.session as ServerHttp2Session));
  });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  const second = createServer((socket) => void server.emit('connection', socket));
  const port = await listenAtBoth(server, second);
  return {
    port,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await Promise.all([server, second].map((each) => new Promise((resolve) => each.close(resolve))));
    },
  };
}

/** Names lead to 127.0.0.1 unless `addresses` says otherwise. */
export function lookupOf(addresses: Readonly<Record<string, readonly string[]>> = {}, asked: string[] = []): LookupFunction {
  return (host, _options, callback) => {
    asked.push(host);
    callback(
      null,
      (addresses[host] ?? ['127.0.0.1']).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

export async function coalescingPool(options: PoolOptions = {}): Promise<ConnectionPool> {
  const { tls, ...rest } = options;
  const ca = (await trustedAuthority()).certificate;
  return new ConnectionPool({ coalesce: true, lookup: lookupOf(), tls: { ca, ...tls }, ...rest });
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly authority: string | undefined;
  readonly connections: readonly ConnectionInfo[];
  readonly events: readonly TraceEventName[];
}

export async function get(
  pool: ConnectionPool,
  host: string,
  port: number,
  context: DispatchContext = {},
  body: Parameters<ConnectionPool['dispatch']>[3] = null,
): Promise<Answer> {
  const connections: ConnectionInfo[] = [];
  const events: TraceEventName[] = [];
  const [, status, , headers, responseBody] = await pool.dispatch(
    body === null ? 'GET' : 'POST',
    ['https', host, port, '/'],
    [],
    body,
    undefined,
    {
      ...context,
      trace: (name, _at, detail) => {
        events.push(name);
        if (name === 'assigned') connections.push((detail as { connection: ConnectionInfo }).connection);
      },
    },
  );
  const text = Buffer.from(await responseBody.bytes()).toString();
  return { status, text, authority: headers.find(([name]) => name === 'x-authority')?.[1], connections, events };
}

export const statsOf = (pool: ConnectionPool, host: string, port: number): OriginStats | undefined =>
  pool.stats().origins.find(({ origin }) => origin === `https://${host}:${port}`);
