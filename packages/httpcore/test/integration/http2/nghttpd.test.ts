/** The pool over HTTP/2 against nghttpd, the server of nghttp2, which knows every corner of the protocol. */
import { installedProgram, seededBuffer, startNghttpd, type NghttpdOptions, type NghttpdServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, type ByteIterable, type HeaderPair, type Http2Options } from '../../../src/index.ts';

interface World extends AsyncDisposable {
  readonly server: NghttpdServer;
  readonly pool: ConnectionPool;
  readonly request: (
    method: string,
    target: string,
    headers?: readonly HeaderPair[],
    body?: ByteIterable | null,
  ) => Promise<{ readonly status: number; readonly bytes: Buffer; readonly trailers: readonly HeaderPair[] }>;
}

async function start(options: NghttpdOptions, http2: Http2Options = {}): Promise<World> {
  const server = await startNghttpd(options);
  const { ca } = server;
  const pool = new ConnectionPool(ca === undefined ? { http1: false, http2 } : { tls: { ca }, http2 });
  return {
    server,
    pool,
    async request(method, target, headers = [], body = null) {
      const scheme = ca === undefined ? 'http' : 'https';
      const [version, status, , , responseBody] = await pool.dispatch(method, [scheme, server.host, server.port, target], headers, body);
      expect(version).toBe('2');
      const bytes = Buffer.from(await responseBody.bytes());
      return { status, bytes, trailers: responseBody.trailers ?? [] };
    },
    async [Symbol.asyncDispose]() {
      await pool.close();
      await server.stop();
    },
  };
}

const page = seededBuffer('page', 300_000);

describe.skipIf(installedProgram('nghttpd') === undefined).each([true, false])('nghttpd, TLS %s', (tls) => {
  it('serves files and their absence', async () => {
    await using world = await start({ tls, files: { page } });
    expect((await world.request('GET', '/page')).bytes.equals(page)).toBe(true);
    expect((await world.request('HEAD', '/page')).bytes).toHaveLength(0);
    expect((await world.request('GET', '/nothing')).status).toBe(404);
    expect(world.pool.stats().opened).toBe(1);
  });

  it('sends padding, trailers and no length', async () => {
    await using world = await start({
      tls,
      files: { page },
      options: ['--padding=255', '--trailer=x-sum: 42', '--trailer=x-more: yes', '--no-content-length'],
    });
    for (let round = 0; round < 20; round += 1) {
      const { bytes, trailers } = await world.request('GET', '/page');
      expect(bytes.equals(page)).toBe(true);
      expect(trailers).toEqual([
        ['x-sum', '42'],
        ['x-more', 'yes'],
      ]);
    }
  });

  it.each([
    ['no table', ['--header-table-size=0', '--encoder-header-table-size=0']],
    ['a small table', ['--header-table-size=100', '--encoder-header-table-size=100']],
    ['a large table', ['--header-table-size=64K', '--encoder-header-table-size=64K']],
  ])('compresses with %s, and so do we', async (_what, options) => {
    await using world = await start({ tls, files: { page: 'x' }, options });
    for (let round = 0; round < 50; round += 1) {
      const headers = [
        ['x-round', String(round)],
        ['x-same', 'the same each time'],
        ['authorization', `Bearer ${round}`],
      ] as const;
      expect((await world.request('GET', `/page?${round % 7}`, headers)).status).toBe(200);
    }
    expect(world.pool.stats().opened).toBe(1);
  });

  it('echoes uploads through windows of a few octets', async () => {
    const body = seededBuffer('echo', 100_000);
    await using world = await start({ tls, options: ['--echo-upload', '--window-bits=10', '--connection-window-bits=12'] });
    const chunks = Array.from({ length: 100 }, (_, index) => body.subarray(index * 1_000, (index + 1) * 1_000));
    // Both know these windows before there is an upload. By what came of one before, within the window of 65,535 of that time, nghttp2 1.52
    // thinks itself wronged: a WINDOW_UPDATE may be queued while the smaller window comes into force, and once that is sent it holds the
    // octets that came since against the new window, and resets the stream with FLOW_CONTROL_ERROR.
    await world.request('GET', '/');
    const [one, other] = await Promise.all([world.request('POST', '/a', [], chunks), world.request('PUT', '/b', [], [body])]);
    expect(one.bytes.equals(body)).toBe(true);
    expect(other.bytes.equals(body)).toBe(true);
  });

  it('allows 5 streams at a time: 200 at once are served, all on connections of the pool', async () => {
    await using world = await start({ tls, files: { page: 'x' }, options: ['--max-concurrent-streams=5'] });
    const answers = await Promise.all(Array.from({ length: 200 }, () => world.request('GET', '/page')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(world.pool.stats().opened).toBeLessThanOrEqual(64);
  });

  it.each([
    [3, 1],
    [3, 2],
    [50, 4],
  ])('has %i streams on a connection and %i connections at most', async (maxConcurrentStreams, maxConnectionsPerOrigin) => {
    const options = ['--max-concurrent-streams=50'];
    await using world = await start({ tls, files: { small: 'x' }, options }, { maxConcurrentStreams, maxConnectionsPerOrigin });
    const answers = await Promise.all(Array.from({ length: 60 }, () => world.request('GET', '/small')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    // Fewer where the first has answered all before another one is made.
    expect(world.pool.stats().opened).toBeLessThanOrEqual(maxConcurrentStreams === 3 ? maxConnectionsPerOrigin : 2);
  });

  it('is told windows as they are said, and fills them', async () => {
    await using world = await start({ tls, files: { page } }, { streamWindow: 5_000, maxStreamWindow: 5_000, connectionWindow: 70_000 });
    const [one, other] = await Promise.all([world.request('GET', '/page'), world.request('GET', '/page')]);
    expect([one.bytes.equals(page), other.bytes.equals(page)]).toEqual([true, true]);
    const chatty = await start({ tls, files: { small: 'x' } }, { streamWindow: 5_000, connectionWindow: 70_000 });
    await using _chatty = chatty;
    await chatty.request('GET', '/small');
    await expect.poll(() => chatty.server.log()).toContain('SETTINGS_INITIAL_WINDOW_SIZE(0x04):5000');
    expect(chatty.server.log()).toContain(`(window_size_increment=${70_000 - 65_535})`);
  });

  it('answers the PING that keeps a connection under watch', async () => {
    await using world = await start({ tls, files: { small: 'x' } }, { pingInterval: 10, pingWhileIdle: true });
    await world.request('GET', '/small');
    await expect.poll(() => world.server.log().split('recv PING frame').length).toBeGreaterThan(3);
    await world.request('GET', '/small');
    expect(world.pool.stats().opened).toBe(1);
  });

  it('would push, and does not, since it was told not to', async () => {
    await using world = await start({ tls, files: { page, pushed: 'p' }, options: ['--push=/page=/pushed'] });
    expect((await world.request('GET', '/page')).bytes.equals(page)).toBe(true);
    await expect.poll(() => world.server.log()).toContain('SETTINGS_ENABLE_PUSH(0x02):0');
    expect(world.server.log()).not.toContain('send PUSH_PROMISE');
  });
});
