/**
 * Target × route × TLS options × HTTP version: whatever the way, an origin is reached, verified, limited and watched as it is
 * without a proxy.
 */
import {
  clientCertificate,
  createGate,
  hang,
  serverCertificate,
  startRawServer,
  startServer,
  trustedAuthority,
  withEnoughTime,
  type LocalServer,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

import {
  ConnectionPool,
  type ConnectionInfo,
  type HttpCoreError,
  type PoolOptions,
  type TlsOptions,
  type TraceObserver,
  type UrlParts,
} from '../../../src/index.ts';
import { openResources, resourcesBackTo } from '../net/sockets.ts';
import { originName, proxyName, routes, type OpenRoute, type RouteCase } from './routes.ts';

interface TargetCase {
  readonly name: string;
  readonly scheme: 'http' | 'https';
  readonly version: '1.1' | '2';
}

const targets: readonly TargetCase[] = [
  { name: 'http', scheme: 'http', version: '1.1' },
  { name: 'https', scheme: 'https', version: '1.1' },
  { name: 'https over HTTP/2', scheme: 'https', version: '2' },
];

/** Does the proxy answer for the origin, request by request? */
function isForwarded(route: RouteCase, target: TargetCase): boolean {
  return route.forwards && target.scheme === 'http';
}

async function startTarget({ scheme, version }: TargetCase): Promise<LocalServer> {
  const certificate = await serverCertificate({ names: [originName] });
  const tls = scheme === 'https' ? { certificate, requestClientCertificate: true } : false;
  return startServer('echo', { tls, ...(version === '2' && { http2: true }) });
}

/** Who we are to origins; a stranger has nothing to show. */
async function identity(): Promise<TlsOptions> {
  const { certificate } = await trustedAuthority();
  const { cert, key } = await clientCertificate();
  return { ca: certificate, cert, key };
}

function tracer(): { trace: TraceObserver; names: string[]; connections: ConnectionInfo[] } {
  const names: string[] = [];
  const connections: ConnectionInfo[] = [];
  const trace: TraceObserver = (name, _at, detail) => {
    names.push(name);
    if (name === 'assigned') connections.push((detail as { connection: ConnectionInfo }).connection);
  };
  return { trace, names, connections };
}

function lookupOf(asked: string[]): NonNullable<PoolOptions['lookup']> {
  return ((host: string, _options: unknown, done: (error: Error | null, addresses: unknown) => void) => {
    asked.push(host);
    setImmediate(done, null, [{ address: '127.0.0.1', family: 4 }]);
  }) as never;
}

for (const route of routes) {
  describe.each(targets)(`$name by ${route.name}`, (target) => {
    const forwarded = isForwarded(route, target);

    async function open(options: PoolOptions = {}): Promise<{ way: OpenRoute; pool: ConnectionPool; asked: string[] } & AsyncDisposable> {
      const way = await route.open();
      const asked: string[] = [];
      const pool = new ConnectionPool({ proxy: way.proxy, tls: await identity(), lookup: lookupOf(asked), ...options });
      return {
        way,
        pool,
        asked,
        async [Symbol.asyncDispose]() {
          await pool.destroy();
          await way[Symbol.asyncDispose]();
        },
      };
    }

    const urlOf = (port: number, path = '/a?b'): UrlParts => [target.scheme, originName, port, path];

    it('reaches the origin as its certificates say, resolves where it should, and tells each step', async () => {
      await using server = await startTarget(target);
      await using world = await open();
      const { trace, names, connections } = tracer();
      const [version, status, , , body] = await world.pool.dispatch('GET', urlOf(server.port), [['x-own', '1']], null, undefined, {
        trace,
      });
      const echoed = JSON.parse(Buffer.from(await body.bytes()).toString()) as { target: string; headers: [string, string][] };
      expect([status, echoed.target]).toEqual([200, '/a?b']);
      expect(version).toBe(forwarded && route.name.endsWith('HTTP/2') ? '2' : target.version);
      expect(echoed.headers.map(([name]) => name.toLowerCase())).not.toContain('proxy-authorization');

      const first = route.name === 'direct' ? originName : proxyName;
      const local = route.resolves === 'client' && route.name !== 'direct' ? [originName] : [];
      expect(world.asked).toEqual([...local, first]);
      const steps = forwarded ? stepsToProxy(route) : route.steps;
      const secured = target.scheme === 'https' ? ['tls-start', 'tls-end'] : [];
      expect(names).toEqual(['queued', ...steps, ...secured, 'assigned', 'head-sent', 'first-byte', 'head-received', 'body-end']);
      expect(connections[0]?.proxy).toBe(world.way.proxy?.origin);
      const { timings } = connections[0]!;
      const moments = [
        timings.start,
        timings.connectStart,
        timings.connectEnd,
        timings.proxyStart,
        timings.proxyEnd,
        timings.tlsStart,
        timings.tlsEnd,
        timings.end,
      ];
      const known = moments.filter((moment) => moment !== undefined);
      expect(known).toEqual(known.toSorted((a, b) => a - b));
      expect(timings.proxyStart === undefined).toBe(!names.includes('proxy-start'));
    });

    it('uses a warm connection again, and one for another origin only where a proxy forwards', async () => {
      await using one = await startTarget(target);
      await using other = await startTarget(target);
      await using world = await open();
      for (const port of [one.port, one.port, other.port, one.port]) {
        const [, status, , , body] = await world.pool.dispatch('GET', urlOf(port), [], null);
        await body.bytes();
        expect(status).toBe(200);
      }
      expect(world.pool.stats().opened).toBe(forwarded ? 1 : 2);
      if (!forwarded) expect([one.connections.accepted, other.connections.accepted]).toEqual([1, 1]);
    });

    it.skipIf(target.scheme === 'http')(
      'refuses an authority that it does not know, and shows its own certificate to the origin alone',
      async () => {
        await using server = await startTarget(target);
        const { ca } = await identity();
        await using world = await open({ tls: {} });
        const error = await failure(world.pool.dispatch('GET', urlOf(server.port), [], null));
        expect(error).toMatchObject({
          name: 'ConnectError',
          code: 'TLS_FAILED',
          phase: 'tls',
          origin: `https://${originName}:${server.port}`,
        });
        await using stranger = await open({ tls: { ca } });
        const refused = await failure(readAll(stranger.pool, urlOf(server.port)));
        expect(['TLS_FAILED', 'READ_FAILED', 'WRITE_FAILED', 'CONNECTION_CLOSED']).toContain(refused.code);
      },
    );

    it('connects from the local address that it is told to', async () => {
      await using server = await startTarget(target);
      await using world = await open({ localAddress: '127.0.0.2' });
      const { trace, connections } = tracer();
      const [, status, , , body] = await world.pool.dispatch('GET', urlOf(server.port), [], null, undefined, { trace });
      await body.bytes();
      expect([status, connections[0]?.localAddress]).toEqual([200, '127.0.0.2']);
    });

    it('keeps every limit in time, and leaves nothing open', async () => {
      const before = openResources();
      {
        const gate = createGate();
        await using server = await startServer((_request, response) => void gate.opened.then(() => response.end('late')), {
          tls: target.scheme === 'https',
          ...(target.version === '2' && { http2: true }),
        });
        await using world = await open({ maxConnectionsPerOrigin: 1, ...(await tlsFor(target)) });
        const url: UrlParts = [target.scheme, 'localhost', server.port, '/'];
        const read = await failure(world.pool.dispatch('GET', url, [], null, [null, 30, null, null]));
        expect(read).toMatchObject({ name: 'ReadTimeout', phase: 'response-head' });
        const deadline = await failure(world.pool.dispatch('GET', url, [], null, undefined, { deadline: performance.now() + 30 }));
        expect(deadline).toMatchObject({ name: 'DeadlineExceeded', method: 'GET' });
        // Over HTTP/2 there is room for more.
        if (target.version === '1.1' && !(forwarded && route.name.endsWith('HTTP/2'))) {
          const held = world.pool.dispatch('GET', url, [], null);
          const pool = await failure(world.pool.dispatch('GET', url, [], null, [null, null, null, 30]));
          expect(pool).toMatchObject({ name: 'PoolTimeout' });
          gate.open();
          await (await held)[4].bytes();
        }
        const controller = new AbortController();
        const aborted = failure(world.pool.dispatch('GET', url, [], null, undefined, { signal: controller.signal }));
        controller.abort(new Error('enough'));
        expect(await aborted).toMatchObject({ name: 'Aborted' });
        gate.open();
      }
      await resourcesBackTo(before);
    });

    // HTTP/2 is agreed on in TLS: until then it is no different.
    it.skipIf(target.scheme === 'http' || target.version === '2')('counts TLS with the origin against the one connect limit', async () => {
      const before = openResources();
      {
        await using silent = await startRawServer([hang()]);
        await using world = await open();
        await withEnoughTime(async (limit) => {
          const error = await failure(world.pool.dispatch('GET', urlOf(silent.port), [], null, [limit, null, null, null]));
          expect(error).toMatchObject({ name: 'ConnectTimeout', phase: 'tls', requestSent: false });
          expect(error.message).toContain('the TLS handshake was not finished');
        });
      }
      await resourcesBackTo(before);
    });
  });
}

/** Up to the proxy that forwards: TLS with it is that of the connection, and there is no handshake with it. */
function stepsToProxy({ steps }: RouteCase): readonly string[] {
  const last = steps.lastIndexOf('proxy-start');
  return steps.filter((step, index) => index < last || step.startsWith('tls-'));
}

async function tlsFor({ scheme }: TargetCase): Promise<PoolOptions> {
  return scheme === 'https' ? { tls: { ca: (await trustedAuthority()).certificate } } : {};
}

async function readAll(pool: ConnectionPool, url: UrlParts): Promise<void> {
  const [, , , , body] = await pool.dispatch('GET', url, [], null);
  await body.bytes();
}

async function failure(promise: Promise<unknown>): Promise<HttpCoreError> {
  return promise.then(
    () => expect.unreachable('it succeeded'),
    (error: unknown) => error as HttpCoreError,
  );
}
