/** Origins that share one HTTP/2 connection (RFC 9113 §9.1.1), against node:http2, with names that lead to loopback addresses. */
import { createGate, trustedAuthority } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, PoolClosed, type DispatchContext, type PoolOptions, type TlsOptions } from '../../../src/index.ts';
import { answer, coalescingPool, get, lookupOf, startNamed, statsOf } from './coalescing-world.ts';

describe('origins share a connection', () => {
  it('whose certificate names both, at the same address', async () => {
    await using server = await startNamed(['a.test', 'b.test']);
    const asked: string[] = [];
    await using pool = await coalescingPool({ lookup: lookupOf({}, asked) });
    const first = await get(pool, 'a.test', server.port);
    const second = await get(pool, 'b.test', server.port);
    const third = await get(pool, 'b.test', server.port);
    expect([first.authority, second.authority, third.authority]).toEqual(['a', 'b', 'b'].map((name) => `${name}.test:${server.port}`));
    expect(server.sessions).toHaveLength(1);
    expect(second.connections.map(({ id }) => id)).toEqual(first.connections.map(({ id }) => id));
    expect(second.events).toEqual(['queued', 'dns-start', 'dns-end', 'assigned', 'head-sent', 'first-byte', 'head-received', 'body-end']);
    expect(third.events).not.toContain('dns-start');
    expect(asked).toEqual(['a.test', 'b.test']);
    expect(pool.stats()).toMatchObject({ connections: 1, connecting: 0, opened: 1, active: 0, queued: 0 });
    expect(statsOf(pool, 'a.test', server.port)).toMatchObject({ connections: 1, coalesced: 0 });
    expect(statsOf(pool, 'b.test', server.port)).toMatchObject({ connections: 0, coalesced: 1 });
  });

  it('where only one of several addresses is that of the connection', async () => {
    await using server = await startNamed(['*.example.test']);
    await using pool = await coalescingPool({ lookup: lookupOf({ 'b.example.test': ['127.0.0.2', '127.0.0.1'] }) });
    await get(pool, 'a.example.test', server.port);
    await get(pool, 'b.example.test', server.port);
    expect(server.sessions).toHaveLength(1);
  });

  it('also under an address that the certificate names', async () => {
    await using server = await startNamed(['a.test', '127.0.0.1']);
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    await get(pool, '127.0.0.1', server.port);
    expect(server.sessions).toHaveLength(1);
  });

  it('also when the session of the connection was resumed', async () => {
    await using server = await startNamed(['a.test', 'b.test']);
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    server.sessions[0]!.close();
    await expect.poll(() => pool.stats().connections).toBe(0);
    const again = await get(pool, 'a.test', server.port);
    expect(again.connections[0]!.tlsResumed).toBe(true);
    await get(pool, 'b.test', server.port);
    expect(server.sessions).toHaveLength(2);
  });

  it('by preconnecting, which then connects to nothing', async () => {
    await using server = await startNamed(['a.test', 'b.test']);
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    await pool.preconnect(`https://b.test:${server.port}`);
    expect(pool.stats()).toMatchObject({ connections: 1, connecting: 0, opened: 1 });
    await get(pool, 'b.test', server.port);
    expect(server.sessions).toHaveLength(1);
  });

  it('and each counts its own exchanges', async () => {
    const gate = createGate();
    await using server = await startNamed(
      ['a.test', 'b.test'],
      (stream, headers, session) => void gate.opened.then(() => answer(stream, headers, session)),
    );
    await using pool = await coalescingPool();
    const preconnected = pool.preconnect(`https://a.test:${server.port}`);
    await preconnected;
    const requests = ['a.test', 'b.test', 'b.test'].map((host) => get(pool, host, server.port));
    await expect.poll(() => pool.stats()).toMatchObject({ active: 3, queued: 0, connections: 1 });
    expect(statsOf(pool, 'a.test', server.port)).toMatchObject({ active: 1 });
    expect(statsOf(pool, 'b.test', server.port)).toMatchObject({ active: 2, connections: 0 });
    gate.open();
    await Promise.all(requests);
    expect(pool.stats()).toMatchObject({ active: 0, idle: 1 });
  });
});

describe('origins do not share a connection', () => {
  const expectSeparate = async (
    names: readonly string[],
    options: PoolOptions,
    second = 'b.test',
    context: DispatchContext = {},
  ): Promise<void> => {
    await using server = await startNamed(names);
    await using pool = await coalescingPool(options);
    expect(await get(pool, 'a.test', server.port)).toMatchObject({ status: 200 });
    expect(await get(pool, second, server.port, context)).toMatchObject({ status: 200 });
    expect(server.sessions).toHaveLength(2);
    expect(pool.stats()).toMatchObject({ connections: 2, opened: 2 });
  };

  it('unless it was asked for', () => expectSeparate(['a.test', 'b.test'], { coalesce: false }));
  it('at different addresses', () => expectSeparate(['a.test', 'b.test'], { lookup: lookupOf({ 'b.test': ['127.0.0.2'] }) }));
  it('under a server name of the pool', () => expectSeparate(['a.test', 'b.test'], { tls: { servername: 'a.test' } }));
  it('under a server name of the request', () => expectSeparate(['a.test', 'b.test'], {}, 'b.test', { servername: 'a.test' }));
  it('when nothing is verified', () => expectSeparate(['a.test'], { tls: { rejectUnauthorized: false } }));
  it('when the caller judges certificates', () => expectSeparate(['a.test', 'b.test'], { tls: { checkServerIdentity: () => undefined } }));

  it.each<[string, TlsOptions]>([
    ['the caller judges certificates', { checkServerIdentity: () => undefined }],
    ['one server name is verified', { servername: 'a.test' }],
    ['nothing is verified', { rejectUnauthorized: false }],
  ])('when, from some moment on, %s', async (_what, changed) => {
    await using server = await startNamed(['a.test', 'b.test']);
    const { certificate: ca } = await trustedAuthority();
    let tls: TlsOptions = { ca };
    await using pool = new ConnectionPool({ coalesce: true, lookup: lookupOf(), tls: () => tls });
    await get(pool, 'a.test', server.port);
    tls = { ca, ...changed };
    await get(pool, 'a.test', server.port);
    await get(pool, 'b.test', server.port);
    expect(server.sessions).toHaveLength(3);
  });

  it('at different ports', async () => {
    await using one = await startNamed(['a.test', 'b.test']);
    await using other = await startNamed(['a.test', 'b.test']);
    await using pool = await coalescingPool();
    await get(pool, 'a.test', one.port);
    await get(pool, 'b.test', other.port);
    expect([one.sessions.length, other.sessions.length]).toEqual([1, 1]);
  });

  it('that the certificate does not cover: the connection of its own says so', async () => {
    await using server = await startNamed(['a.test', '*.b.test']);
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    for (const host of ['b.test', 'x.y.b.test', 'c.test']) {
      await expect(get(pool, host, server.port)).rejects.toMatchObject({ code: 'TLS_FAILED' });
    }
    expect(server.sessions[0]!.destroyed).toBe(false);
  });

  it('that is full: the second dials, and both serve it', async () => {
    const gate = createGate();
    await using server = await startNamed(
      ['a.test', 'b.test'],
      (stream, headers, session) => void gate.opened.then(() => answer(stream, headers, session)),
      1,
    );
    await using pool = await coalescingPool();
    await pool.preconnect(`https://a.test:${server.port}`);
    await expect.poll(() => server.sessions[0]?.localSettings.maxConcurrentStreams).toBe(1);
    const requests = [get(pool, 'a.test', server.port), get(pool, 'b.test', server.port)];
    await expect.poll(() => pool.stats()).toMatchObject({ connections: 2, active: 2 });
    gate.open();
    await Promise.all(requests);
    expect(server.sessions).toHaveLength(2);
  });
});

it('a guest that may not dial gets what room the shared connection has', async () => {
  let gate = createGate();
  await using server = await startNamed(
    ['a.test', 'b.test'],
    (stream, headers, session) => {
      const { opened } = gate;
      void opened.then(() => answer(stream, headers, session));
    },
    1,
  );
  await using pool = await coalescingPool({ maxConnectionsPerOrigin: 1, maxConnections: 2 });
  await pool.preconnect(`https://a.test:${server.port}`);
  await expect.poll(() => server.sessions[0]?.localSettings.maxConcurrentStreams).toBe(1);
  gate.open();
  await get(pool, 'a.test', server.port);
  await get(pool, 'b.test', server.port);
  // Another server has the last slot.
  await using other = await startNamed(['c.test'], () => {});
  const controller = new AbortController();
  const elsewhere = get(pool, 'c.test', other.port, { signal: controller.signal });
  await expect.poll(() => pool.stats()).toMatchObject({ connections: 2, active: 1 });
  gate = createGate();
  const requests = [get(pool, 'a.test', server.port), get(pool, 'b.test', server.port), get(pool, 'b.test', server.port)];
  expect(pool.stats()).toMatchObject({ queued: 2 });
  gate.open();
  const answers = await Promise.all(requests);
  expect(new Set(answers.map(({ connections }) => connections[0]!.id)).size).toBe(1);
  expect(server.sessions).toHaveLength(1);
  controller.abort();
  await expect(elsewhere).rejects.toMatchObject({ name: 'Aborted' });
});

describe('the end of a shared connection', () => {
  it('sets its guests free: they dial, or find another', async () => {
    await using server = await startNamed(['a.test', 'b.test']);
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    await get(pool, 'b.test', server.port);
    server.sessions[0]!.destroy();
    await expect.poll(() => pool.stats()).toMatchObject({ connections: 0, origins: [] });
    const guest = await get(pool, 'b.test', server.port);
    const host = await get(pool, 'a.test', server.port);
    // Now the other way round.
    expect(host.connections[0]!.id).toBe(guest.connections[0]!.id);
    expect(server.sessions).toHaveLength(2);
  });

  it('by GOAWAY sends again what was not processed, and lets the rest end', async () => {
    const gate = createGate();
    await using server = await startNamed(['a.test', 'b.test'], (stream, headers, session) => {
      if (session !== 0 || headers[':authority']!.startsWith('a.test')) answer(stream, headers, session);
      else void gate.opened.then(() => answer(stream, headers, session));
    });
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    const running = get(pool, 'b.test', server.port);
    await expect.poll(() => pool.stats().active).toBe(1);
    // Stream 3 is the one that runs; what is sent before the GOAWAY arrives is above it.
    server.sessions[0]!.goaway(0, 3);
    const guest = await get(pool, 'b.test', server.port);
    const host = await get(pool, 'a.test', server.port);
    expect(host.connections[0]!.id).toBe(guest.connections.at(-1)!.id);
    gate.open();
    expect(await running).toMatchObject({ status: 200 });
    expect(server.sessions).toHaveLength(2);
    await expect.poll(() => pool.stats().connections).toBe(1);
  });

  it('fails what ran on it, for guests too, with their own origin', async () => {
    await using server = await startNamed(['a.test', 'b.test'], (stream, headers, session) => {
      if (headers[':authority']!.startsWith('a.test')) answer(stream, headers, session);
      else stream.session!.destroy();
    });
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    await expect(get(pool, 'b.test', server.port, {}, [Buffer.from('not idempotent')])).rejects.toMatchObject({
      code: 'CONNECTION_CLOSED',
      origin: `https://b.test:${server.port}`,
      requestSent: true,
    });
    await expect.poll(() => pool.stats()).toMatchObject({ connections: 0, active: 0, queued: 0, origins: [] });
  });

  it('by close() comes after the last exchange of a guest', async () => {
    const gate = createGate();
    await using server = await startNamed(['a.test', 'b.test'], (stream, headers, session) => {
      if (headers[':authority']!.startsWith('a.test')) answer(stream, headers, session);
      else void gate.opened.then(() => answer(stream, headers, session));
    });
    const pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    const running = get(pool, 'b.test', server.port);
    await expect.poll(() => pool.stats().active).toBe(1);
    const closed = pool.close();
    gate.open();
    expect(await running).toMatchObject({ status: 200 });
    await closed;
    expect(pool.stats()).toMatchObject({ connections: 0, connecting: 0, active: 0, origins: [] });
  });

  it('by destroy() fails the exchanges of guests', async () => {
    await using server = await startNamed(['a.test', 'b.test'], (stream, headers, session) => {
      if (headers[':authority']!.startsWith('a.test')) answer(stream, headers, session);
    });
    const pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    const running = get(pool, 'b.test', server.port).catch((error: unknown) => error);
    await expect.poll(() => pool.stats().active).toBe(1);
    await pool.destroy();
    expect(await running).toBeInstanceOf(PoolClosed);
    expect(pool.stats()).toMatchObject({ connections: 0, active: 0, origins: [] });
  });

  it('is not brought about by a guest that aborts', async () => {
    const resets: number[] = [];
    await using server = await startNamed(['a.test', 'b.test'], (stream, headers, session) => {
      stream.on('close', () => stream.rstCode !== 0 && resets.push(stream.rstCode));
      if (headers[':authority']!.startsWith('a.test')) answer(stream, headers, session);
    });
    await using pool = await coalescingPool();
    const first = await get(pool, 'a.test', server.port);
    const controller = new AbortController();
    const aborted = get(pool, 'b.test', server.port, { signal: controller.signal });
    await expect.poll(() => pool.stats().active).toBe(1);
    controller.abort();
    await expect(aborted).rejects.toMatchObject({ name: 'Aborted' });
    await expect.poll(() => resets).toEqual([8]);
    expect((await get(pool, 'a.test', server.port)).connections[0]!.id).toBe(first.connections[0]!.id);
  });

  it('forgets the guests of longest ago, where a wildcard names any number', async () => {
    await using server = await startNamed(['*.example.test'], answer, 1_000);
    await using pool = await coalescingPool();
    for (let index = 0; index < 300; index += 1) await get(pool, `host${index}.example.test`, server.port);
    expect(server.sessions).toHaveLength(1);
    // The host and 256 guests.
    expect(pool.stats().origins).toHaveLength(257);
  });
});
