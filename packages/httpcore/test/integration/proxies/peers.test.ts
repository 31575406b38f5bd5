/** Proxies and origins by other hands: squid, tinyproxy and dante on the way to nginx over HTTP, over TLS, and over HTTP/2. */
import { createHash } from 'node:crypto';

import {
  canReplaceFiles,
  installedProgram,
  startDante,
  startNginx,
  startSquid,
  startTinyproxy,
  trustedAuthority,
  type NginxServer,
} from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import {
  ConnectionPool,
  Proxy,
  type ConnectionInfo,
  type HttpCoreError,
  type ProxiedRequest,
  type ProxyAuthenticator,
  type ProxyChallenge,
  type TraceObserver,
} from '../../../src/index.ts';
import { failure, fieldOf, generated, send } from './world.ts';

interface OpenPeer extends AsyncDisposable {
  readonly proxy: Proxy;
  /** The same, as somebody whom it does not know. */
  readonly stranger?: Proxy;
}

interface PeerCase {
  readonly name: string;
  readonly program: string;
  /** It is shown files that are not the system's. */
  readonly replaces?: boolean;
  readonly forwards: boolean;
  /** What it says to a stranger. Default 407, or what SOCKS has in its place. */
  readonly refusal?: number;
  open(): Promise<OpenPeer>;
}

const user = 'ada-of-the-testbed';
const password = 'lovelace';

/** RFC 7616 as squid wants it: MD5, with `qop=auth`. */
class Digest implements ProxyAuthenticator {
  #challenge: ReadonlyMap<string, string> | undefined;
  #count = 0;

  authorize({ method, target }: ProxiedRequest): string | undefined {
    const challenge = this.#challenge;
    if (challenge === undefined) return undefined;
    const [realm, nonce] = [challenge.get('realm')!, challenge.get('nonce')!];
    const count = (this.#count += 1).toString(16).padStart(8, '0');
    const hash = (text: string): string => createHash('md5').update(text).digest('hex');
    const response = hash(`${hash(`${user}:${realm}:${password}`)}:${nonce}:${count}:0a4f113b:auth:${hash(`${method}:${target}`)}`);
    return `Digest username="${user}", realm="${realm}", nonce="${nonce}", uri="${target}", response="${response}", qop=auth, nc=${count}, cnonce="0a4f113b"`;
  }

  challenged(_request: ProxiedRequest, { headers, attempt }: ProxyChallenge): boolean {
    const fields = fieldOf({ headers }, 'proxy-authenticate') ?? '';
    this.#challenge = new Map(Array.from(fields.matchAll(/(\w+)="?([^",]*)"?/g), ([, name, value]) => [name!, value!]));
    this.#count = 0;
    return attempt === 0;
  }
}

function http(
  { url }: { readonly url: string },
  auth: readonly [string, string] | ProxyAuthenticator,
  ca?: string,
): Pick<OpenPeer, 'proxy' | 'stranger'> {
  const tls = ca === undefined ? {} : { tls: { ca } };
  return { proxy: new Proxy(url, { auth, ...tls }), stranger: new Proxy(url, { auth: [user, 'guess'], ...tls }) };
}

const peers: readonly PeerCase[] = [
  {
    name: 'squid with Basic',
    program: 'squid',
    forwards: true,
    async open() {
      const squid = await startSquid({ auth: 'basic', user, password });
      return Object.assign(http(squid, [user, password]), { [Symbol.asyncDispose]: () => squid[Symbol.asyncDispose]() });
    },
  },
  {
    name: 'squid with Digest, over TLS',
    program: 'squid',
    forwards: true,
    async open() {
      const squid = await startSquid({ auth: 'digest', user, password, tls: true });
      return Object.assign(http(squid, new Digest(), squid.ca), { [Symbol.asyncDispose]: () => squid[Symbol.asyncDispose]() });
    },
  },
  {
    name: 'tinyproxy with Basic',
    program: 'tinyproxy',
    forwards: true,
    // It has 407 for who says nothing.
    refusal: 401,
    async open() {
      const tinyproxy = await startTinyproxy({ user, password });
      return Object.assign(http(tinyproxy, [user, password]), { [Symbol.asyncDispose]: () => tinyproxy[Symbol.asyncDispose]() });
    },
  },
  ...(['socks4', 'socks5', 'socks5h'] as const).map((scheme): PeerCase => ({
    name: `dante as ${scheme}`,
    program: 'danted',
    forwards: false,
    async open() {
      const dante = await startDante();
      return { proxy: new Proxy(dante.url(scheme)), [Symbol.asyncDispose]: () => dante[Symbol.asyncDispose]() };
    },
  })),
  {
    name: 'dante with a password',
    program: 'danted',
    replaces: true,
    forwards: false,
    async open() {
      const dante = await startDante({ user, password });
      return {
        proxy: new Proxy(dante.url(), { auth: [user, password] }),
        stranger: new Proxy(dante.url(), { auth: [user, 'guess'] }),
        [Symbol.asyncDispose]: () => dante[Symbol.asyncDispose](),
      };
    },
  },
];

const origins = [
  { name: 'http', scheme: 'http', version: '1.1', options: {} },
  { name: 'https', scheme: 'https', version: '1.1', options: { tls: true } },
  { name: 'https over HTTP/2', scheme: 'https', version: '2', options: { tls: true, http2: true } },
] as const;

const size = 100_000;
const file = Buffer.alloc(size, 'nginx ');

describe.skipIf(installedProgram('nginx') === undefined)('to nginx', () => {
  const servers: NginxServer[] = [];
  beforeAll(async () => {
    const server = 'location = /post { client_max_body_size 1m; return 200 "$request_method"; }';
    servers.push(...(await Promise.all(origins.map(({ options }) => startNginx({ ...options, files: { file }, server })))));
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  });

  for (const peer of peers) {
    const isThere = installedProgram(peer.program) !== undefined && (peer.replaces !== true || canReplaceFiles());
    describe.skipIf(!isThere)(`by ${peer.name}`, () => {
      let open: OpenPeer;
      beforeAll(async () => {
        open = await peer.open();
      });
      afterAll(async () => {
        await open?.[Symbol.asyncDispose]();
      });

      it.each(origins)('$name', async ({ scheme, version }) => {
        const { port } = servers[origins.findIndex((each) => each.scheme === scheme && each.version === version)]!;
        const { certificate: ca } = await trustedAuthority();
        await using pool = new ConnectionPool({ proxy: open.proxy, tls: { ca } });
        const names: string[] = [];
        const connections = new Set<ConnectionInfo>();
        const trace: TraceObserver = (name, _at, detail) => {
          names.push(name);
          if (name === 'assigned') connections.add((detail as { connection: ConnectionInfo }).connection);
        };
        const isForwarded = peer.forwards && scheme === 'http';
        for (let count = 0; count < 3; count += 1) {
          const [spoken, status, , , body] = await send(pool, [scheme, '127.0.0.1', port, '/file'], { context: { trace } });
          expect([spoken === version || isForwarded, status, file.equals(Buffer.from(await body.bytes()))]).toEqual([true, 200, true]);
        }
        const [, status, , , body] = await send(pool, [scheme, '127.0.0.1', port, '/post'], {
          method: 'PUT',
          body: [Buffer.alloc(5_000)],
        });
        expect([status, Buffer.from(await body.bytes()).toString()]).toEqual([200, 'PUT']);
        expect(Array.from(connections, ({ proxy }) => proxy)).toEqual(Array.from(connections, () => open.proxy.origin));
        // A tunnel is used again; whether a proxy that forwards keeps its connection is its own business.
        if (!isForwarded) {
          expect(connections.size).toBe(1);
          expect(names.filter((name) => name.startsWith('proxy'))).toEqual(['proxy-start', 'proxy-end']);
        }
        await pool.close();
      });

      it('as a stranger', async ({ skip }) => {
        if (open.stranger === undefined) return skip();
        const { certificate: ca } = await trustedAuthority();
        await using pool = new ConnectionPool({ proxy: open.stranger, tls: { ca } });
        const error = await failure<HttpCoreError>(
          send(pool, ['https', '127.0.0.1', servers[1]!.port, '/file'], { method: 'POST', body: generated('a') }),
        );
        const code = peer.refusal === undefined ? 'PROXY_AUTH_REQUIRED' : 'PROXY_REFUSED';
        expect(error).toMatchObject({ name: 'ProxyError', code, requestSent: false });
        if (peer.forwards) {
          const [, status, , , body] = await send(pool, ['http', '127.0.0.1', servers[0]!.port, '/file']);
          await body.close();
          expect(status).toBe(peer.refusal ?? 407);
        }
        await pool.destroy();
      });
    });
  }
});
