/** What the suites of this folder share: how a request went, and what a proxy saw of it. */
import {
  serverCertificate,
  startProxy,
  startServer,
  trustedAuthority,
  type BasicProxyAuth,
  type EchoedRequest,
  type HttpProxy,
  type HttpProxyOptions,
  type LocalProxy,
  type LocalServer,
  type ProxiedRequest,
} from '@x/testbed';
import { expect } from 'vitest';

import {
  ConnectionPool,
  type ByteIterable,
  type DispatchContext,
  type DispatchResponse,
  type HeaderPair,
  type HttpCoreError,
  type ProxiedRequest as AskedRequest,
  type Proxy,
  type ProxyAuthenticator,
  type ProxyChallenge,
  type ProxyError,
  type Timeouts,
  type UrlParts,
} from '../../../src/index.ts';
import { originName } from './routes.ts';

export interface Sent {
  readonly method?: string;
  readonly headers?: readonly HeaderPair[];
  readonly body?: ByteIterable | null;
  readonly timeouts?: Timeouts;
  readonly context?: DispatchContext;
}

export function send(pool: ConnectionPool, url: UrlParts, sent: Sent = {}): Promise<DispatchResponse> {
  const { method = 'GET', headers = [], body = null, timeouts, context } = sent;
  return pool.dispatch(method, url, headers, body, timeouts, context);
}

/** Status and text of the answer. */
export async function answerOf(pool: ConnectionPool, url: UrlParts, sent: Sent = {}): Promise<[status: number, text: string]> {
  const [, status, , , body] = await send(pool, url, sent);
  return [status, Buffer.from(await body.bytes()).toString()];
}

export async function failure<Failure extends HttpCoreError = ProxyError>(promise: Promise<unknown>): Promise<Failure> {
  return promise.then(
    (value) => expect.unreachable(`it succeeded: ${JSON.stringify(value)}`),
    (error: unknown) => error as Failure,
  );
}

/** A body that can be had once. */
export async function* generated(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

export function fieldOf({ headers }: Pick<ProxiedRequest, 'headers'>, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1];
}

/** The credentials that came with each request. */
export function credentialsSeen({ requests }: Pick<LocalProxy, 'requests'>): readonly (string | undefined)[] {
  return requests.map((request) => fieldOf(request, 'proxy-authorization'));
}

/** Names that only the proxy knows are this machine. */
export const resolve = (): string => '127.0.0.1';

/** Who we are in these suites, with what has to be encoded somewhere. */
export const user = 'ädä@b';
export const password = 'p w/:%';
export const auth: BasicProxyAuth = { scheme: 'basic', user, password };
export const inUrl: string = `${encodeURIComponent(user)}:${encodeURIComponent(password)}`;

/** An origin that echoes, a proxy that knows its name, and pools that end with them. */
export interface EchoWorld extends AsyncDisposable {
  readonly origin: LocalServer;
  readonly proxy: HttpProxy;
  readonly ca: string;
  readonly url: UrlParts;
  pool(by: string | Proxy | null): ConnectionPool;
}

export async function echoWorld(scheme: 'http' | 'https', options: HttpProxyOptions = {}): Promise<EchoWorld> {
  const { certificate: ca } = await trustedAuthority();
  const origin = await startServer('echo', {
    tls: scheme === 'https' && { certificate: await serverCertificate({ names: [originName] }) },
  });
  const proxy = await startProxy('http', { resolve, ...options });
  const pools: ConnectionPool[] = [];
  return {
    origin,
    proxy,
    ca,
    url: [scheme, originName, origin.port, '/a?b'],
    pool(by) {
      const pool = new ConnectionPool({ proxy: by, tls: { ca } });
      pools.push(pool);
      return pool;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(pools.map((pool) => pool.destroy()));
      await Promise.all([proxy.stop(), origin[Symbol.asyncDispose]()]);
    },
  };
}

export function echoed(text: string): EchoedRequest {
  return JSON.parse(text) as EchoedRequest;
}

export const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

/** Says one word after the other, each refused one making place for the next. */
export class Words implements ProxyAuthenticator {
  readonly asked: AskedRequest[] = [];
  readonly challenges: ProxyChallenge[] = [];
  readonly accepts: (readonly HeaderPair[])[] = [];
  readonly #words: (string | undefined)[];

  constructor(...words: (string | undefined)[]) {
    this.#words = words;
  }
  authorize(request: AskedRequest): string | undefined {
    this.asked.push(request);
    return this.#words[0];
  }
  challenged(_request: AskedRequest, challenge: ProxyChallenge): boolean {
    this.challenges.push(challenge);
    if (this.#words.length > 1) this.#words.shift();
    return true;
  }
  accepted(_request: AskedRequest, headers: readonly HeaderPair[]): void {
    this.accepts.push(headers);
  }
}
