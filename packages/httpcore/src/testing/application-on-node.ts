/** Puts an {@link Application} behind `node:http`, so that a dispatcher that speaks HTTP over a network can reach it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

import type { HeaderPair } from '../contract/values.ts';
import type { Application, ApplicationBody, ApplicationRequest, ApplicationResponse } from '../in-process/application.ts';
import { applicationBody, bodyChunks, responseOf } from './application-parts.ts';

/** A listening server on loopback. */
export interface ServedApplication {
  /** The first three of `UrlParts`. */
  readonly origin: readonly [scheme: string, host: string, port: number];
  /** Destroys what is connected, and stops. */
  close(): Promise<void>;
}

/**
 * Serves an application on a port of the moment.
 *
 * @example
 * const { origin, close } = await serveApplication(() => ({ status: 204 }));
 */
export async function serveApplication(application: Application): Promise<ServedApplication> {
  const server = nodeServerOf(application);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: ['http', '127.0.0.1', port],
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** A server that does not listen yet. Reading the body is the permission that `Expect: 100-continue` asks for. */
export function nodeServerOf(application: Application): Server {
  const server = createServer({ requestTimeout: 0, headersTimeout: 0 }, nodeListenerOf(application));
  server.on('checkContinue', (request, response) => answer(application, request, response, () => response.writeContinue()));
  server.on('upgrade', (request, socket, head) => void tunnel(application, request, socket, head));
  server.on('connect', (request, socket, head) => void tunnel(application, request, socket, head));
  return server;
}

/** The listener alone; Node itself grants `Expect: 100-continue` then, and there are no tunnels. */
export function nodeListenerOf(application: Application): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => answer(application, request, response, () => {});
}

function answer(application: Application, request: IncomingMessage, response: ServerResponse, onRead: () => void): void {
  respond(application, request, response, onRead).catch(() => response.destroy());
}

async function respond(application: Application, request: IncomingMessage, response: ServerResponse, onRead: () => void): Promise<void> {
  const abort = new AbortController();
  const closed = new Promise<void>((resolve) => response.once('close', resolve));
  const gone = closed.then(() => {
    if (!response.writableFinished) abort.abort(new Error('The client has gone'));
  });
  // An error that nobody listens to would end the process; `close` follows and says enough.
  request.on('error', () => {});
  response.on('error', () => {});
  const {
    status,
    reason = '',
    headers = [],
    body = null,
    trailers,
  } = responseOf(await application(requestOf(request, abort.signal, onRead, inform.bind(null, response))));
  if (status === 101) throw new Error('A listener has no socket to switch to another protocol');
  response.sendDate = false;
  response.writeHead(status, reason, headers.flat());
  if (trailers === undefined && (body === null || typeof body === 'string' || body instanceof Uint8Array)) {
    response.end(body ?? undefined);
    return;
  }
  response.flushHeaders();
  const chunks = bodyChunks(body);
  for (;;) {
    const next = await Promise.race([chunks.next(), closed]);
    if (next === undefined || response.destroyed) {
      await gone;
      await chunks.return?.();
      return;
    }
    if (next.done === true) break;
    if (!response.write(next.value)) await Promise.race([once(response, 'drain'), closed]);
  }
  const fields = typeof trailers === 'function' ? await trailers() : (trailers ?? []);
  if (fields.length > 0) response.addTrailers(fields.map(([name, value]): [string, string] => [name, value]));
  response.end();
}

function inform(response: ServerResponse, status: number, headers: readonly HeaderPair[] = []): void {
  if (status === 100) response.writeContinue();
  else if (status === 102) response.writeProcessing();
  else if (status === 103) response.writeEarlyHints(Object.fromEntries(headers) as { link: string });
  else throw new RangeError(`node:http has no way to send a ${status}`);
}

function requestOf(
  request: IncomingMessage,
  signal: AbortSignal,
  onRead: () => void,
  informing: ApplicationRequest['inform'],
): ApplicationRequest {
  return {
    method: request.method ?? '',
    url: ['encrypted' in request.socket ? 'https' : 'http', request.headers.host ?? '', null, request.url ?? ''],
    headers: pairsOf(request.rawHeaders),
    body: applicationBody(
      () => {
        onRead();
        return request.iterator({ destroyOnReturn: false });
      },
      () => pairsOf(request.rawTrailers),
    ),
    timeouts: [null, null, null, null],
    context: {},
    signal,
    inform: informing,
  };
}

function pairsOf(raw: readonly string[]): HeaderPair[] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index]!, raw[2 * index + 1]!]);
}

async function tunnel(application: Application, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on('error', () => {});
  try {
    const signal = new AbortController().signal;
    const response: ApplicationResponse = responseOf(
      await application(
        requestOf(
          request,
          signal,
          () => {},
          () => {},
        ),
      ),
    );
    const fields = (response.headers ?? []).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    socket.write(`HTTP/1.1 ${response.status} ${response.reason ?? ''}\r\n${fields}\r\n`, 'latin1');
    if (head.length > 0) socket.unshift(head);
    const body: ApplicationBody = response.tunnel?.(socket.iterator({ destroyOnReturn: false })) ?? null;
    for await (const chunk of { [Symbol.asyncIterator]: () => bodyChunks(body) }) socket.write(chunk);
    socket.end();
  } catch {
    socket.destroy();
  }
}
