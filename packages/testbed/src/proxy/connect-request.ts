/** CONNECT, the same over HTTP/1.1 and HTTP/2: who asks, for what, and the answer. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { constants, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FarSide } from './far-side.ts';
import { parseTarget } from './target.ts';
import { resetSocket, type NearEnd, type Tunnels } from './tunnels.ts';

/** An answer that opens no tunnel. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** Default a line that names the status. */
  readonly body?: string;
}

/** One CONNECT that waits for its answer. */
export interface ConnectRequest {
  /** `host:port` as asked. */
  readonly target: string;
  readonly near: NearEnd;
  /** Bytes that came behind the request before it was answered. */
  readonly early: Buffer;
  accept(): void;
  refuse(refusal: Refusal): void;
}

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Connects to the target, then opens the tunnel; or says why there is none. */
export function openTunnel(request: ConnectRequest, far: FarSide, tunnels: Tunnels): void {
  const target = parseTarget(request.target);
  if (target === undefined) {
    request.refuse({ status: 400, body: 'not a host with a port\n' });
    return;
  }
  const socket = far.connect(target);
  if (socket === undefined) {
    request.refuse({ status: 403, body: 'not on this machine\n' });
    return;
  }
  const client = request.near.stream;
  const abandon = (): void => void socket.destroy();
  const fail = (error: Error): void => {
    client.off('close', abandon);
    request.refuse({ status: 502, body: `${'code' in error ? String(error.code) : error.message}\n` });
  };
  client.once('close', abandon);
  socket.once('error', fail);
  socket.once('connect', () => {
    client.off('close', abandon);
    socket.off('error', fail);
    request.accept();
    tunnels.join(request.near, socket, request.early);
  });
}

/**
 * A CONNECT of HTTP/1.1, which node:http leaves to its listener, socket and all. A refusal that does not say `Connection: close`
 * gives the socket back through `goOn`, as the next request may come on it: with credentials, for one.
 */
export function http1Connect(
  request: IncomingMessage,
  socket: Duplex,
  early: Buffer,
  ends: { readonly transport: Socket; readonly goOn: () => void },
): ConnectRequest {
  return {
    target: request.url ?? '',
    near: {
      stream: socket,
      drop: () => void socket.destroy(),
      // A TLS socket has no reset of its own.
      reset: () => resetSocket(ends.transport),
    },
    early,
    accept: () => void socket.write('HTTP/1.1 200 Connection established\r\n\r\n'),
    refuse(refusal) {
      const closes = !staysOpen(request) || /(?:^|[\s,])close(?:[\s,]|$)/iu.test(String(fieldOf(refusal, 'connection') ?? ''));
      socket.write(http1Answer(refusal, closes), 'latin1');
      if (closes) {
        socket.resume().end();
        return;
      }
      if (early.length > 0) socket.unshift(early);
      ends.goOn();
    },
  };
}

/** A CONNECT stream of HTTP/2 (RFC 9113 §8.5). */
export function http2Connect(target: string, stream: ServerHttp2Stream): ConnectRequest {
  // Peers that reset are what the testbed is for.
  stream.on('error', () => {});
  const reset = (): void => stream.close(constants.NGHTTP2_CONNECT_ERROR);
  return {
    target,
    near: { stream, drop: reset, reset },
    early: NO_BYTES,
    accept() {
      if (!stream.destroyed) stream.respond({ ':status': 200 });
    },
    refuse(refusal) {
      if (stream.destroyed) return;
      const fields = Object.entries(refusal.headers ?? {}).map(([name, value]) => [name.toLowerCase(), copied(value)]);
      stream.respond({ ...Object.fromEntries(fields), ':status': refusal.status });
      stream.end(bodyOf(refusal));
    },
  };
}

function http1Answer(refusal: Refusal, closes: boolean): string {
  const body = Buffer.from(bodyOf(refusal)).toString('latin1');
  const lines = Object.entries(refusal.headers ?? {}).flatMap(([name, value]) => [copied(value)].flat().map((one) => `${name}: ${one}`));
  if (fieldOf(refusal, 'content-length') === undefined && fieldOf(refusal, 'transfer-encoding') === undefined) {
    lines.push(`Content-Length: ${body.length}`);
  }
  if (closes && fieldOf(refusal, 'connection') === undefined) lines.push('Connection: close');
  return `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Refused'}\r\n${lines.join('\r\n')}\r\n\r\n${body}`;
}

function bodyOf({ status, body }: Refusal): string {
  return body ?? `${status} ${STATUS_CODES[status] ?? 'Refused'}\n`;
}

function fieldOf({ headers = {} }: Refusal, name: string): string | readonly string[] | undefined {
  return Object.entries(headers).find(([given]) => given.toLowerCase() === name)?.[1];
}

function copied(value: string | readonly string[]): string | string[] {
  return typeof value === 'string' ? value : [...value];
}

function staysOpen({ httpVersion, headers }: IncomingMessage): boolean {
  const options = (headers.connection ?? '').toLowerCase();
  return httpVersion === '1.0' ? options.includes('keep-alive') : !options.includes('close');
}
