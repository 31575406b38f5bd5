/**
 * The server in a process of its own: for uploads, and for everything where nginx is not installed. Started by the bench with
 * its setting as argument; says on stdout where it listens, and ends when its stdin does, so that it can't be left behind.
 */
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer, type ServerResponse } from 'node:http';
import {
  createSecureServer,
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import type { TlsOptions } from 'node:tls';
import { DOCUMENT, LARGE_BYTES, SMALL_BODY, uploadChunks } from '../child/payload.ts';

export interface NodeServerSetting {
  /** Paths of PEM files; null for plain HTTP. */
  readonly certificate: { readonly cert: string; readonly key: string } | null;
  readonly http2: boolean;
}

/** So that it is not the server's window that an upload waits for. */
const HTTP2_WINDOW = 16 * 1024 * 1024;

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const ANSWERS: ReadonlyMap<string, Answer> = new Map<string, Answer>([
  ['/small', (_request, response) => answer(response, 'text/plain', SMALL_BODY)],
  [
    '/cacheable',
    (_request, response) => {
      response.setHeader('cache-control', 'max-age=3600');
      answer(response, 'text/plain', SMALL_BODY);
    },
  ],
  [
    '/small-then-close',
    (_request, response) => {
      response.shouldKeepAlive = false;
      answer(response, 'text/plain', SMALL_BODY);
    },
  ],
  ['/json', (_request, response) => answer(response, 'application/json', DOCUMENT)],
  ['/large', (_request, response) => sendLarge(response)],
  ['/upload', countUpload],
]);

function answer(response: ServerResponse, type: string, body: string): void {
  response.writeHead(200, { 'content-type': type, 'content-length': Buffer.byteLength(body) });
  response.end(body);
}

function sendLarge(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': LARGE_BYTES });
  const chunks = uploadChunks(LARGE_BYTES);
  const send = (): void => {
    for (;;) {
      const chunk = chunks.next();
      if (chunk.done === true) {
        response.end();
        return;
      }
      if (!response.write(chunk.value)) {
        response.once('drain', send);
        return;
      }
    }
  };
  send();
}

/** Answers with the number of bytes, once all are here: a receipt that the contender checks. */
function countUpload(request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.once('end', () => answer(response, 'text/plain', String(bytes)));
}

function respond(request: IncomingMessage, response: ServerResponse): void {
  const found = ANSWERS.get((request.url ?? '').replace(/\?.*/, ''));
  if (found !== undefined) {
    found(request, response);
    return;
  }
  response.writeHead(404, { 'content-length': 0 });
  response.end();
}

function makeHttp1Server(tls: TlsOptions | null): HttpServer {
  const server = tls === null ? createHttpServer(respond) : createHttpsServer(tls, respond);
  server.keepAliveTimeout = 3_600_000;
  server.requestTimeout = 0;
  server.headersTimeout = 0;
  return server;
}

/** Node's compatibility layer is enough like node:http for the answers above. */
function makeHttp2Server(tls: TlsOptions | null): NetServer {
  const settings = { initialWindowSize: HTTP2_WINDOW };
  const respondHttp2 = respond as unknown as (request: Http2ServerRequest, response: Http2ServerResponse) => void;
  const server = tls === null ? createHttp2Server({ settings }, respondHttp2) : createSecureServer({ ...tls, settings }, respondHttp2);
  server.on('session', (session: ServerHttp2Session) => session.setLocalWindowSize(HTTP2_WINDOW));
  return server;
}

const { certificate, http2 } = JSON.parse(process.argv[2] ?? '{"certificate":null,"http2":false}') as NodeServerSetting;
const tls = certificate === null ? null : { cert: readFileSync(certificate.cert), key: readFileSync(certificate.key) };
const server = http2 ? makeHttp2Server(tls) : makeHttp1Server(tls);
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.stdin.once('close', () => process.exit(0)).resume();
