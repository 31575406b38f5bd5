/** Clients of proxies for these tests, on node:http and node:net, so that nothing but the proxy is under test. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';

/** An HTTP proxy, by whoever made it. */
export interface Reached {
  readonly url: string;
  readonly ca: string | undefined;
}

export interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  readonly trailers: IncomingMessage['trailers'];
}

/** A request in absolute-form. */
export async function viaProxy(proxy: Reached, url: string, options: RequestOptions = {}, body: string | Buffer = ''): Promise<Answer> {
  const send = proxy.url.startsWith('https') ? httpsRequest : httpRequest;
  const { host } = new URL(url);
  const request = send(proxy.url, { agent: false, ...options, path: url, headers: { Host: host, ...options.headers }, ...trust(proxy) });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const received = await text(response);
  return { status: response.statusCode, headers: response.headers, body: received, trailers: response.trailers };
}

function trust(proxy: Reached): { ca: string } | object {
  return proxy.ca === undefined ? {} : { ca: proxy.ca };
}

/** CONNECT: the answer's head, and the socket behind it. */
export async function tunnel(
  proxy: Reached,
  target: string,
  headers: RequestOptions['headers'] = {},
  options: object = {},
): Promise<[IncomingMessage, Socket]> {
  const send = proxy.url.startsWith('https') ? httpsRequest : httpRequest;
  const request = send(proxy.url, {
    agent: false,
    ...options,
    method: 'CONNECT',
    path: target,
    headers: { Host: target, ...headers },
    ...trust(proxy),
  });
  request.end();
  const [response, socket] = (await once(request, 'connect')) as [IncomingMessage, Socket, Buffer];
  return [response, socket];
}

export async function getThrough(socket: Socket, path = '/'): Promise<string> {
  socket.setEncoding('latin1');
  socket.write(`GET ${path} HTTP/1.1\r\nHost: origin.test\r\nConnection: close\r\n\r\n`);
  return text(socket);
}

export const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** The answer to a challenge of Digest, nothing but what RFC 7616 §3.4.1 says. */
export function digest(challenge: string, user: string, password: string, method: string, uri: string, nc = 1): string {
  const parameter = (name: string): string | undefined => {
    const [, quoted, bare] = new RegExp(`[ ,]${name}=(?:"([^"]*)"|([^ ,]+))`, 'u').exec(challenge) ?? [];
    return quoted ?? bare;
  };
  const algorithm = parameter('algorithm') ?? 'MD5';
  const hash = (value: string): string => createHash(algorithm.replace('-', '').toLowerCase()).update(value).digest('hex');
  const realm = parameter('realm') ?? '';
  const nonce = parameter('nonce') ?? '';
  const opaque = parameter('opaque');
  const count = nc.toString(16).padStart(8, '0');
  const qop = parameter('qop') === undefined ? '' : `${count}:c0ffee:auth:`;
  const response = hash(`${hash(`${user}:${realm}:${password}`)}:${nonce}:${qop}${hash(`${method}:${uri}`)}`);
  return [
    `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${uri}", response="${response}", algorithm=${algorithm}`,
    ...(opaque === undefined ? [] : [`opaque="${opaque}"`]),
    ...(qop === '' ? [] : [`qop=auth, nc=${count}, cnonce="c0ffee"`]),
  ].join(', ');
}

export const port16 = (port: number): number[] => [port >> 8, port & 0xff];
export const octets = (value: string): number[] => [...Buffer.from(value)];
export const counted = (value: string): number[] => [value.length, ...octets(value)];

/** Sends octets and reads as many as an answer has. */
export async function ask(socket: Socket, bytes: readonly number[], length: number): Promise<number[]> {
  socket.write(Buffer.from(bytes));
  return receive(socket, length);
}

export async function receive(socket: Socket, length: number): Promise<number[]> {
  let received = '';
  while (received.length < length) {
    const chunk = socket.read() as string | null;
    if (chunk !== null) received += chunk;
    else if (socket.readableEnded || socket.destroyed) throw new Error(`ended after ${received.length} octets`);
    else await Promise.race([once(socket, 'readable'), once(socket, 'end')]);
  }
  if (received.length > length) socket.unshift(received.slice(length), 'latin1');
  return [...Buffer.from(received.slice(0, length), 'latin1')];
}
