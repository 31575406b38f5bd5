/** Serves an application over cleartext HTTP/2, by the core API of `node:http2`: its compatibility layer is modelled on HTTP/1.1. */
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { AddressInfo } from 'node:net';

import type { Application, HeaderPair } from '../../../src/index.ts';
import type { ServedApplication } from '../../../src/testing/index.ts';
import { applicationBody, bodyChunks, responseOf } from '../../../src/testing/application-parts.ts';

export async function serveApplicationOverHttp2(application: Application): Promise<ServedApplication> {
  const server = createServer();
  const sessions = new Set<ServerHttp2Session>();
  server.on('session', (session) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: unknown) => {
    // Errors are told by `close`, too.
    stream.on('error', () => {});
    // Not `close()`, which ends the stream as one that is whole before it resets it.
    answer(application, stream, headers, raw as readonly string[]).catch((error: unknown) => stream.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: ['http', '127.0.0.1', (server.address() as AddressInfo).port],
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

async function answer(
  application: Application,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  raw: readonly string[],
): Promise<void> {
  const abort = new AbortController();
  const closed = new Promise<void>((resolve) => stream.once('close', resolve));
  void closed.then(() => abort.abort(new Error('The client has gone')));
  const method = headers[':method'] ?? '';
  let requestTrailers: readonly HeaderPair[] = [];
  stream.on('trailers', (_trailers: IncomingHttpHeaders, _flags: number, rawTrailers: unknown) => {
    requestTrailers = pairsOf(rawTrailers as readonly string[]);
  });
  const expectsContinue = headers['expect'] === '100-continue';
  const {
    status,
    headers: fields = [],
    body = null,
    trailers,
  } = responseOf(
    await application({
      method,
      url: ['http', headers[':authority'] ?? '', null, headers[':path'] ?? ''],
      headers: pairsOf(raw),
      body: applicationBody(
        () => {
          if (expectsContinue) stream.additionalHeaders({ ':status': 100 });
          return stream.iterator({ destroyOnReturn: false });
        },
        () => requestTrailers,
      ),
      timeouts: [null, null, null, null],
      context: {},
      signal: abort.signal,
      inform: (informational, pairs = []) => stream.additionalHeaders({ ':status': informational, ...grouped(pairs) }),
    }),
  );
  const head = { ':status': status, ...grouped(fields.filter(([name]) => name.toLowerCase() !== 'connection')) };
  if (body === null && trailers === undefined) {
    stream.respond(head, { endStream: true });
    return;
  }
  stream.respond(head, { waitForTrailers: trailers !== undefined });
  stream.once('wantTrailers', () => {
    void (async () => stream.sendTrailers(grouped((typeof trailers === 'function' ? await trailers() : trailers) ?? [])))();
  });
  await send(stream, bodyChunks(body), closed);
}

async function send(stream: ServerHttp2Stream, chunks: AsyncIterator<Uint8Array, undefined>, closed: Promise<void>): Promise<void> {
  for (;;) {
    const next = await Promise.race([chunks.next(), closed]);
    if (next === undefined) {
      await chunks.return?.();
      return;
    }
    if (next.done === true) break;
    if (!stream.write(next.value)) await Promise.race([once(stream, 'drain'), closed]);
  }
  stream.end();
}

function pairsOf(raw: readonly string[]): HeaderPair[] {
  const pairs: HeaderPair[] = [];
  for (let index = 0; index < raw.length; index += 2) if (!raw[index]!.startsWith(':')) pairs.push([raw[index]!, raw[index + 1]!]);
  return pairs;
}

/** `node:http2` takes an object: names that repeat become lists. */
function grouped(pairs: readonly HeaderPair[]): OutgoingHttpHeaders {
  const headers: Record<string, string[]> = {};
  for (const [name, value] of pairs) (headers[name.toLowerCase()] ??= []).push(value);
  return headers;
}
