/** Origins that share one HTTP/2 connection (RFC 9113 §9.1.1), against node:http2, with names that lead to loopback addresses. */
import { createSecureServer, type IncomingHttpHeaders, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import { createServer, type AddressInfo, type LookupFunction, type Server } from 'node:net';

import { createGate, serverCertificate, trustedAuthority } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import {
  ConnectionPool,
  PoolClosed,
  type ConnectionInfo,
  type DispatchContext,
  type PoolOptions,
  type TraceEventName,
} from '../../../src/index.ts';

type Handler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, session: number) => void;

interface NamedServer extends AsyncDisposable {
  readonly port: number;
  readonly sessions: readonly ServerHttp2Session[];
}

const answer: Handler = (stream, headers) => {
  stream.respond({ ':status': 200, 'x-authority': headers[':authority'] });
  stream.end('ok');
};

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(port, host, resolve);
  });
}

/** One server with one certificate, at one port of both 127.0.0.1 and 127.0.0.2. */
async function startNamed(names: readonly string[], handler: Handler = answer, maxConcurrentStreams = 100): Promise<NamedServer> {
  const sessions: ServerHttp2Session[] = [];
  const server = createSecureServer({ ...(await serverCertificate({ onlyNames: names })), settings: { maxConcurrentStreams } });
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    handler(stream, headers, sessions.indexOf(stream.session as ServerHttp2Session));
  });
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  await listen(server, 0, '127.0.0.1');
  const { port } = server.address() as AddressInfo;
  const second = createServer((socket) => void server.emit('connection', socket));
  await listen(second, port, '127.0.0.2');
  return {
    port,
    sessions,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      await Promise.all([server, second].map((each) => new Promise((resolve) => each.close(resolve))));
    },
  };
}

/** Names lead to 127.0.0.1 unless `addresses` says otherwise. */
function lookupOf(addresses: Readonly<Record<string, readonly string[]>> = {}, asked: string[] = []): LookupFunction {
  return (host, _options, callback) => {
    asked.push(host);
    callback(
      null,
      (addresses[host] ?? ['127.0.0.1']).map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );
  };
}

async function coalescingPool(options: PoolOptions = {}): Promise<ConnectionPool> {
  const { tls, ...rest } = options;
  const ca = (await trustedAuthority()).certificate;
  return new ConnectionPool({ coalesce: true, lookup: lookupOf(), tls: { ca, ...tls }, ...rest });
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly authority: string | undefined;
  readonly connections: readonly ConnectionInfo[];
  readonly events: readonly TraceEventName[];
}

async function get(
  pool: ConnectionPool,
  host: string,
  port: number,
  context: DispatchContext = {},
  body: Parameters<ConnectionPool['dispatch']>[3] = null,
): Promise<Answer> {
  const connections: ConnectionInfo[] = [];
  const events: TraceEventName[] = [];
  const [, status, , headers, responseBody] = await pool.dispatch(
    body === null ? 'GET' : 'POST',
    ['https', host, port, '/'],
    [],
    body,
    undefined,
    {
      ...context,
      trace: (name, _at, detail) => {
        events.push(name);
        if (name === 'assigned') connections.push((detail as { connection: ConnectionInfo }).connection);
      },
    },
  );
  const text = Buffer.from(await responseBody.bytes()).toString();
  return { status, text, authority: headers.find(([name]) => name === 'x-authority')?.[1], connections, events };
}

const statsOf = (pool: ConnectionPool, host: string, port: number): unknown =>
  pool.stats().origins.find(({ origin }) => origin === `https://${host}:${port}`);

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
  const separately = async (
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

  it('unless it was asked for', () => separately(['a.test', 'b.test'], { coalesce: false }));
  it('at different addresses', () => separately(['a.test', 'b.test'], { lookup: lookupOf({ 'b.test': ['127.0.0.2'] }) }));
  it('under a server name of the pool', () => separately(['a.test', 'b.test'], { tls: { servername: 'a.test' } }));
  it('under a server name of the request', () => separately(['a.test', 'b.test'], {}, 'b.test', { servername: 'a.test' }));
  it('when nothing is verified', () => separately(['a.test'], { tls: { rejectUnauthorized: false } }));
  it('when the caller judges certificates', () => separately(['a.test', 'b.test'], { tls: { checkServerIdentity: () => undefined } }));

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

describe('421 Misdirected Request', () => {
  // The first connection is good for a.test alone.
  const misdirecting: Handler = (stream, headers, session) => {
    if (session === 0 && !headers[':authority']!.startsWith('a.test')) {
      stream.respond({ ':status': 421 });
      stream.end('elsewhere');
    } else answer(stream, headers, session);
  };

  it('gives the origin a connection of its own, and the request is sent again', async () => {
    await using server = await startNamed(['a.test', 'b.test', 'c.test'], misdirecting);
    await using pool = await coalescingPool();
    const first = await get(pool, 'a.test', server.port);
    const second = await get(pool, 'b.test', server.port, {}, [Buffer.from('body')]);
    expect(second).toMatchObject({ status: 200, text: 'ok', authority: `b.test:${server.port}` });
    expect(second.connections).toHaveLength(2);
    expect(second.connections[0]!.id).toBe(first.connections[0]!.id);
    expect(second.connections[1]!.id).not.toBe(first.connections[0]!.id);
    expect(second.events.filter((name) => name === 'replayed' || name === 'head-received')).toEqual(['replayed', 'head-received']);
    expect(server.sessions).toHaveLength(2);
    expect(statsOf(pool, 'b.test', server.port)).toMatchObject({ connections: 1, coalesced: 0 });
    // Remembered, also when that connection is gone; and the first one lives on.
    server.sessions[1]!.close();
    await expect.poll(() => pool.stats().connections).toBe(1);
    expect((await get(pool, 'b.test', server.port)).events).not.toContain('replayed');
    expect((await get(pool, 'a.test', server.port)).connections[0]!.id).toBe(first.connections[0]!.id);
    expect(server.sessions).toHaveLength(3);
  });

  it('sends all again that were under way', async () => {
    await using server = await startNamed(['a.test', 'b.test'], misdirecting);
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(pool, 'b.test', server.port)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(server.sessions).toHaveLength(2);
    expect(pool.stats()).toMatchObject({ connections: 2, active: 0, queued: 0 });
  });

  it('is handed over where the body is gone, and undone all the same', async () => {
    await using server = await startNamed(['a.test', 'b.test'], (stream, headers, session) => {
      stream.resume().on('end', () => misdirecting(stream, headers, session));
    });
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    const streamed = (function* () {
      yield Buffer.from('once');
    })();
    expect(await get(pool, 'b.test', server.port, {}, streamed)).toMatchObject({ status: 421, text: 'elsewhere' });
    expect(await get(pool, 'b.test', server.port)).toMatchObject({ status: 200 });
    expect(server.sessions).toHaveLength(2);
  });

  it('stops a body that is being sent, and sends it whole on the next connection', async () => {
    const received: number[] = [];
    await using server = await startNamed(['a.test', 'b.test'], (stream, headers, session) => {
      if (session === 0 && headers[':authority']!.startsWith('b.test')) {
        // Before the window is used up; the rest is never read.
        stream.respond({ ':status': 421 });
        stream.end();
        return;
      }
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => (bytes += chunk.length));
      stream.on('end', () => {
        received.push(bytes);
        answer(stream, headers, session);
      });
    });
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    const size = 4 * 1024 * 1024;
    const sent = await get(pool, 'b.test', server.port, {}, [new Uint8Array(size)]);
    expect(sent.status).toBe(200);
    expect(sent.events.filter((name) => name === 'body-sent' || name === 'replayed')).toEqual(['replayed', 'body-sent']);
    expect(received).toEqual([0, size]);
  });

  it('lets an observer abort instead', async () => {
    await using server = await startNamed(['a.test', 'b.test'], misdirecting);
    await using pool = await coalescingPool();
    await get(pool, 'a.test', server.port);
    const controller = new AbortController();
    const { signal } = controller;
    const trace = (name: TraceEventName): void => {
      if (name === 'replayed') controller.abort();
    };
    await expect(pool.dispatch('GET', ['https', 'b.test', server.port, '/'], [], null, undefined, { signal, trace })).rejects.toMatchObject(
      {
        name: 'Aborted',
      },
    );
    expect(await get(pool, 'a.test', server.port)).toMatchObject({ status: 200 });
    expect(server.sessions).toHaveLength(1);
    expect(pool.stats()).toMatchObject({ connections: 1, active: 0, queued: 0, connecting: 0 });
  });

  it('is handed over on a connection of its own', async () => {
    await using server = await startNamed(['a.test', 'b.test'], (stream) => {
      stream.respond({ ':status': 421 });
      stream.end('nobody');
    });
    await using pool = await coalescingPool();
    expect(await get(pool, 'a.test', server.port)).toMatchObject({ status: 421 });
    const second = await get(pool, 'b.test', server.port);
    expect(second).toMatchObject({ status: 421, text: 'nobody' });
    expect(second.events.filter((name) => name === 'replayed')).toHaveLength(1);
    expect(server.sessions).toHaveLength(2);
  });
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
    // No stream is refused: that one has been seen.
    server.sessions[0]!.goaway(0, 3);
    await expect
      .poll(
        async () =>
          (await get(pool, 'b.test', server.port)).connections[0]!.id !== (await get(pool, 'a.test', server.port)).connections[0]!.id,
      )
      .toBe(false);
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
