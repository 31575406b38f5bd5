/** 421 on a connection that was made for another origin (RFC 9110 §15.5.20), against node:http2. */
import { describe, expect, it } from 'vitest';

import type { TraceEventName } from '../../../src/index.ts';
import { answer, coalescingPool, get, startNamed, statsOf, type Handler } from './coalescing-world.ts';

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

  describe('with `replayMisdirected`', () => {
    const context = { replayMisdirected: true };
    const once: Handler = (stream, headers, session) => {
      if (session > 0) return answer(stream, headers, session);
      stream.respond({ ':status': 421 });
      stream.end('elsewhere');
    };

    it('leaves also a connection of its own, with all that were under way', async () => {
      await using server = await startNamed(['a.test'], once);
      await using pool = await coalescingPool({ maxConnectionsPerOrigin: 2 });
      const answers = await Promise.all(Array.from({ length: 20 }, () => get(pool, 'a.test', server.port, context, [Buffer.from('body')])));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(server.sessions).toHaveLength(2);
      expect(pool.stats()).toMatchObject({ active: 0, queued: 0, connecting: 0 });
    });

    it('asks once, and only where the body can be sent again', async () => {
      await using server = await startNamed(['a.test'], (stream) => {
        stream.resume().on('end', () => {
          stream.respond({ ':status': 421 });
          stream.end('nobody');
        });
      });
      await using pool = await coalescingPool();
      const twice = await get(pool, 'a.test', server.port, context);
      expect(twice).toMatchObject({ status: 421, text: 'nobody' });
      expect(twice.events.filter((name) => name === 'replayed')).toHaveLength(1);
      expect(server.sessions).toHaveLength(2);
      const streamed = (function* () {
        yield Buffer.from('once');
      })();
      expect((await get(pool, 'a.test', server.port, context, streamed)).events).not.toContain('replayed');
      expect(server.sessions).toHaveLength(2);
    });

    it('is handed over where another connection is not allowed, and others are on this one', async () => {
      let release: (() => void) | undefined;
      await using server = await startNamed(['a.test'], (stream, headers, session) => {
        if (headers[':path'] === '/slow') release = () => answer(stream, headers, session);
        else once(stream, headers, session);
      });
      await using pool = await coalescingPool({ maxConnectionsPerOrigin: 1 });
      const slow = pool.dispatch('GET', ['https', 'a.test', server.port, '/slow'], [], null);
      await expect.poll(() => release).toBeDefined();
      expect(await get(pool, 'a.test', server.port, context)).toMatchObject({ status: 421, text: 'elsewhere' });
      release!();
      await (await slow)[4].bytes();
      // Alone on it, it can leave.
      expect(await get(pool, 'a.test', server.port, context)).toMatchObject({ status: 200 });
    });
  });
});
