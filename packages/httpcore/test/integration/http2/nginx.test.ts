/** The pool over HTTP/2 against nginx: by ALPN over TLS, and by prior knowledge. */
import { installedProgram, seededBuffer, startNginx, type NginxServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, type ByteIterable, type ConnectionInfo, type HeaderPair, type PoolOptions } from '../../../src/index.ts';

function poolFor({ ca }: NginxServer, options: PoolOptions = {}): ConnectionPool {
  return new ConnectionPool({ ...(ca === undefined ? { http1: false } : { tls: { ca } }), ...options });
}

interface Answer {
  readonly version: string;
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly bytes: Buffer;
  readonly connection: ConnectionInfo | undefined;
}

async function request(
  pool: ConnectionPool,
  nginx: NginxServer,
  method: string,
  target: string,
  headers: readonly HeaderPair[] = [],
  body: ByteIterable | null = null,
): Promise<Answer> {
  let connection: ConnectionInfo | undefined;
  const scheme = nginx.ca === undefined ? 'http' : 'https';
  const [version, status, , fields, responseBody] = await pool.dispatch(
    method,
    [scheme, nginx.host, nginx.port, target],
    headers,
    body,
    undefined,
    {
      trace: (name, _at, detail) => {
        if (name === 'assigned') ({ connection } = detail as { readonly connection: ConnectionInfo });
      },
    },
  );
  return { version, status, headers: new Map(fields), bytes: Buffer.from(await responseBody.bytes()), connection };
}

/** How often each number from 0 on is in the log, where it is not once. */
function notOnce(lines: readonly string[], requests: number): readonly string[] {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  const expected = Array.from({ length: requests }, (_, id) => String(id));
  return [
    ...expected.filter((id) => counts.get(id) !== 1).map((id) => `${id}: ${counts.get(id) ?? 0} times`),
    ...[...counts.keys()].filter((line) => !/^\d+$/.test(line) || Number(line) >= requests),
  ];
}

describe.skipIf(installedProgram('nginx') === undefined)('nginx', () => {
  for (const tls of [true, false]) {
    describe(tls ? 'over TLS' : 'by prior knowledge', () => {
      it('answers GET and HEAD, with what it says of a file, and its digest is right', async () => {
        const large = seededBuffer('nginx', 5_000_000);
        await using nginx = await startNginx({ tls, http2: true, server: '', files: { large, empty: '' } });
        await using pool = poolFor(nginx);
        const answer = await request(pool, nginx, 'GET', '/large');
        expect(answer).toMatchObject({ version: '2', status: 200 });
        expect(answer.connection?.protocol).toBe('h2');
        expect(answer.headers.get('content-length')).toBe('5000000');
        expect(answer.bytes.equals(large)).toBe(true);
        expect((await request(pool, nginx, 'GET', '/large', [['range', 'bytes=10-19']])).bytes.equals(large.subarray(10, 20))).toBe(true);
        const head = await request(pool, nginx, 'HEAD', '/large');
        expect([head.headers.get('content-length'), head.bytes.length]).toEqual(['5000000', 0]);
        expect((await request(pool, nginx, 'GET', '/empty')).bytes).toHaveLength(0);
        expect((await request(pool, nginx, 'GET', '/large', [['if-none-match', head.headers.get('etag') ?? '']])).status).toBe(304);
        expect((await request(pool, nginx, 'GET', '/nothing')).status).toBe(404);
        expect(pool.stats().opened).toBe(1);
      });

      it('is downloaded from again and again over one connection, whose windows have grown', async () => {
        const large = seededBuffer('again', 40_000_000);
        await using nginx = await startNginx({ tls, http2: true, server: '', files: { large } });
        await using pool = poolFor(nginx);
        for (let round = 0; round < 3; round += 1) expect((await request(pool, nginx, 'GET', '/large')).bytes.equals(large)).toBe(true);
        const both = await Promise.all([request(pool, nginx, 'GET', '/large'), request(pool, nginx, 'GET', '/large')]);
        for (const { bytes } of both) expect(bytes.equals(large)).toBe(true);
        expect(pool.stats().opened).toBe(1);
      });

      it('with a GOAWAY every 100 requests: none lost, none sent twice, whatever the method', async () => {
        const requests = 3_000;
        await using nginx = await startNginx({
          tls,
          http2: true,
          server: 'keepalive_requests 100; location / { return 200 "$arg_id"; }',
          accessLog: '$arg_id',
        });
        await using pool = poolFor(nginx);
        let next = 0;
        const loop = async (): Promise<void> => {
          for (let id = next++; id < requests; id = next++) {
            const { status, bytes } = await request(pool, nginx, id % 2 === 0 ? 'POST' : 'GET', `/?id=${id}`);
            expect([status, bytes.toString()]).toEqual([200, String(id)]);
          }
        };
        await Promise.all(Array.from({ length: 50 }, loop));
        expect(pool.stats().opened).toBeGreaterThanOrEqual(requests / 100);
        await pool.close();
        expect(notOnce(await nginx.stop(), requests)).toEqual([]);
      });

      it('with a limit that is lower than assumed: what it refuses goes again, once', async () => {
        const requests = 300;
        await using nginx = await startNginx({
          tls,
          http2: true,
          server: 'http2_max_concurrent_streams 4; location / { return 200 "$arg_id"; }',
          accessLog: '$arg_id',
        });
        await using pool = poolFor(nginx, { maxConnectionsPerOrigin: 3 });
        // The first are sent before its SETTINGS are here.
        const answers = await Promise.all(Array.from({ length: requests }, (_, id) => request(pool, nginx, 'POST', `/?id=${id}`)));
        expect(answers.map(({ bytes }) => bytes.toString())).toEqual(answers.map((_, id) => String(id)));
        expect(pool.stats().opened).toBeLessThanOrEqual(3);
        await pool.close();
        expect(notOnce(await nginx.stop(), requests)).toEqual([]);
      });

      it('answers before an upload has ended, and stops it with NO_ERROR: the answer counts', async () => {
        await using nginx = await startNginx({
          tls,
          http2: true,
          server: 'client_max_body_size 1m; location /taken { client_max_body_size 0; return 200 "taken"; }',
        });
        await using pool = poolFor(nginx);
        function* megabytes(count: number): Generator<Uint8Array> {
          for (let sent = 0; sent < count; sent += 1) yield Buffer.alloc(1_000_000);
        }
        const headers = [['content-length', '8000000']] as const;
        expect(await request(pool, nginx, 'POST', '/refused', headers, megabytes(8))).toMatchObject({ status: 413 });
        const taken = await request(pool, nginx, 'POST', '/taken', headers, megabytes(8));
        expect([taken.status, taken.bytes.toString()]).toEqual([200, 'taken']);
        expect((await request(pool, nginx, 'GET', '/taken')).status).toBe(200);
      });

      it('gets fields as they were given: priority (RFC 9218), long ones, and those that are not indexed', async () => {
        const long = 'v'.repeat(20_000);
        await using nginx = await startNginx({
          tls,
          http2: true,
          server:
            'large_client_header_buffers 4 64k; location / { return 200 "$http_priority|$http_authorization|$http_cookie|$host|$http_x_long"; }',
        });
        await using pool = poolFor(nginx);
        const headers: readonly HeaderPair[] = [
          ['Priority', 'u=1, i'],
          ['Authorization', 'Bearer secret'],
          ['Cookie', 'a=1'],
          ['Cookie', 'b=2'],
          ['Host', 'name.test'],
          ['X-Long', long],
        ];
        for (let round = 0; round < 3; round += 1) {
          const { bytes } = await request(pool, nginx, 'GET', '/', headers);
          expect(bytes.toString()).toBe(`u=1, i|Bearer secret|a=1; b=2|name.test|${long}`);
        }
      });
    });
  }

  it('that speaks HTTP/1.1 alone is spoken to in HTTP/1.1', async () => {
    await using nginx = await startNginx({ tls: true, server: 'location / { return 200 "$server_protocol"; }' });
    await using pool = poolFor(nginx);
    const answer = await request(pool, nginx, 'GET', '/');
    expect([answer.version, answer.bytes.toString()]).toEqual(['1.1', 'HTTP/1.1']);
  });
});
