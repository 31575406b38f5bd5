/** What servers may do and clients have to live with: refusals, resets, goodbyes, silence, and windows that shrink. */
import { createGate, frames, startHttp2Script, type Http2Peer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import type { ConnectionPool, PoolOptions, UrlParts } from '../../../src/index.ts';
import { ok, outcome, poolFor, rootOf, ways } from './scripted-world.ts';

const { data, FrameType, goAway, headers, resetStream, settings, settingsAcknowledgement, windowUpdate } = frames;

describe.each(ways)('what a server may do (%o)', (way) => {
  async function run(
    script: (peer: Http2Peer, connection: number) => Promise<unknown>,
    requests: (pool: ConnectionPool, url: UrlParts) => Promise<void>,
    options: PoolOptions = {},
  ): Promise<{ readonly connections: number }> {
    await using server = await startHttp2Script(script, way);
    await using pool = await poolFor(way, options);
    await requests(pool, rootOf(server, way));
    for (const { finished } of server.transcripts) await finished;
    expect(server.transcripts.map(({ error }) => error)).toEqual(server.transcripts.map(() => undefined));
    return { connections: server.connections.accepted };
  }

  it.each(['CANCEL', 'INTERNAL_ERROR', 'STREAM_CLOSED'] as const)('reset with %s: a typed error, no replay', async (code) => {
    await run(
      async (peer) => {
        await peer.handshake();
        const { streamId } = await peer.request();
        await peer.send(resetStream(streamId, code));
        await peer.settled();
      },
      async (pool, url) => {
        expect(await outcome(pool.dispatch('GET', url, [], null))).toMatchObject({ code: `H2_${code}`, requestSent: true });
      },
    );
  });

  it('want HTTP/1.1, which this client does not speak: a typed error, no replay, and the connection lives on', async () => {
    const { connections } = await run(
      async (peer) => {
        await peer.handshake();
        await peer.send(resetStream((await peer.request()).streamId, 'HTTP_1_1_REQUIRED'));
        const next = await peer.request();
        await peer.send(headers(next.streamId, ok), data(next.streamId, 'next', { endStream: true }));
      },
      async (pool, url) => {
        expect(await outcome(pool.dispatch('GET', url, [], null))).toMatchObject({ code: 'H2_HTTP_1_1_REQUIRED' });
        expect(await outcome(pool.dispatch('GET', url, [], null))).toBe('200 next');
      },
      { http1: false },
    );
    expect(connections).toBe(1);
  });

  it('say how large a header list may be: what is larger fails here, and costs nobody anything', async () => {
    const { connections } = await run(
      async (peer) => {
        await peer.handshake({ MAX_HEADER_LIST_SIZE: 1_000 });
        const first = await peer.request();
        // The SETTINGS are known by now.
        await peer.send(headers(first.streamId, ok));
        const upload = await peer.request();
        expect(upload.streamId).toBe(3);
        expect(await peer.reset(3)).toBe('CANCEL');
        const next = await peer.request();
        expect(next.streamId).toBe(5);
        await peer.send(headers(next.streamId, ok), data(next.streamId, 'next', { endStream: true }));
        await peer.send(data(first.streamId, 'first', { endStream: true }));
        await peer.settled();
        expect(peer.frames.filter(({ type }) => type === FrameType.HEADERS).map(({ streamId }) => streamId)).toEqual([1, 3, 5]);
      },
      async (pool, url) => {
        const large: [string, string][] = [['x-large', 'v'.repeat(1_000)]];
        const [, , , , body] = await pool.dispatch('GET', url, [], null);
        const refused = await outcome(pool.dispatch('POST', url, large, [Buffer.from('body')]));
        expect(refused).toMatchObject({ name: 'LocalProtocolError', code: 'HEADER_LIST_TOO_LARGE', requestSent: false, phase: 'request' });
        const trailers = { trailers: () => large };
        const cut = await outcome(pool.dispatch('POST', url, [], [Buffer.from('body')], undefined, trailers));
        expect(cut).toMatchObject({ name: 'LocalProtocolError', code: 'HEADER_LIST_TOO_LARGE', requestSent: true });
        expect(await outcome(pool.dispatch('GET', url, [], null))).toBe('200 next');
        expect(Buffer.from(await body.bytes()).toString()).toBe('first');
      },
    );
    expect(connections).toBe(1);
  });

  it('refuse streams: an iterable that begins anew each time is sent again, and one that does not is not', async () => {
    const body: Iterable<Uint8Array> = {
      *[Symbol.iterator]() {
        yield Buffer.from('body');
      },
    };
    await run(
      async (peer) => {
        await peer.handshake();
        for (const isLast of [false, true]) {
          const { streamId } = await peer.request();
          expect((await peer.next(FrameType.DATA, (frame) => frame.streamId === streamId)).payload.toString()).toBe('body');
          await peer.send(
            ...(isLast ? [headers(streamId, ok), data(streamId, 'done', { endStream: true })] : [resetStream(streamId, 'REFUSED_STREAM')]),
          );
        }
        const { streamId } = await peer.request();
        await peer.next(FrameType.DATA, (frame) => frame.streamId === streamId);
        await peer.send(resetStream(streamId, 'REFUSED_STREAM'));
      },
      async (pool, url) => {
        expect(await outcome(pool.dispatch('POST', url, [], body, undefined, { replayableBody: true }))).toBe('200 done');
        await expect(pool.dispatch('POST', url, [], body)).rejects.toMatchObject({ code: 'H2_REFUSED_STREAM', requestSent: false });
      },
    );
  });

  it('refuse streams: sent again, whatever the method, on the same connection', async () => {
    const { connections } = await run(
      async (peer) => {
        await peer.handshake();
        await peer.send(resetStream((await peer.request()).streamId, 'REFUSED_STREAM'));
        const again = await peer.request();
        expect(again.headers).toContainEqual([':method', 'POST']);
        expect((await peer.next(FrameType.DATA, ({ streamId }) => streamId === again.streamId)).payload.toString()).toBe('body');
        await peer.send(headers(again.streamId, ok), data(again.streamId, 'done', { endStream: true }));
      },
      async (pool, url) => {
        expect(await outcome(pool.dispatch('POST', url, [], [Buffer.from('body')]))).toBe('200 done');
      },
    );
    expect(connections).toBe(1);
  });

  it('go away with an error: what was above its last stream is served elsewhere, the rest as far as it goes', async () => {
    const { connections } = await run(
      async (peer, connection) => {
        await peer.handshake();
        const first = await peer.request();
        if (connection === 1) {
          await peer.send(headers(first.streamId, ok), data(first.streamId, 'elsewhere', { endStream: true }));
          return;
        }
        await peer.request();
        await peer.send(goAway(first.streamId, 'INTERNAL_ERROR', 'debug data'), headers(first.streamId, ok), data(first.streamId, 'hal'));
        await peer.settled();
        await peer.close();
      },
      async (pool, url) => {
        const [cut, moved] = await Promise.all([
          outcome(pool.dispatch('POST', url, [], null)),
          outcome(pool.dispatch('POST', url, [], null)),
        ]);
        // What the server said of it, and not only that it closed.
        expect(cut).toMatchObject({ name: 'RemoteProtocolError', code: 'H2_INTERNAL_ERROR', phase: 'response-body' });
        expect(moved).toBe('200 elsewhere');
      },
    );
    expect(connections).toBe(2);
  });

  it('reset the connection: every request is told', async () => {
    await run(
      async (peer) => {
        await peer.handshake();
        await peer.request();
        await peer.request();
        await peer.abort();
      },
      async (pool, url) => {
        const outcomes = await Promise.all([outcome(pool.dispatch('POST', url, [], null)), outcome(pool.dispatch('POST', url, [], null))]);
        for (const error of outcomes) expect(error).toMatchObject({ name: 'ReadError', requestSent: true });
      },
    );
  });

  it('never send SETTINGS, nor anything else: the limits count', async () => {
    await run(
      async (peer) => {
        await peer.preface();
        await peer.request();
        // The client gives the stream up, not the connection.
        expect(await peer.reset(1)).toBe('CANCEL');
      },
      async (pool, url) => {
        const error = await outcome(pool.dispatch('GET', url, [], null, [null, 50, null, null]));
        expect(error).toMatchObject({ name: 'ReadTimeout', phase: 'response-head' });
      },
    );
  });

  it.skipIf(way.pieceBytes !== undefined)(
    'send more than a window allows to somebody who does not read: that stream fails, the others live on',
    async () => {
      await run(
        async (peer) => {
          await peer.handshake();
          await peer.request();
          await peer.request();
          // 1 MiB, and one frame.
          await peer.send(headers(1, ok), ...Array.from({ length: 65 }, () => data(1, Buffer.alloc(16_384))));
          expect(await peer.reset(1)).toBe('FLOW_CONTROL_ERROR');
          await peer.send(headers(3, ok), data(3, 'fine', { endStream: true }));
        },
        async (pool, url) => {
          const unread = pool.dispatch('GET', url, [], null);
          const other = pool.dispatch('GET', url, [], null);
          const [, , , , body] = await unread;
          expect(await outcome(other)).toBe('200 fine');
          await expect(body.bytes()).rejects.toMatchObject({ code: 'H2_FLOW_CONTROL_ERROR', phase: 'response-body' });
        },
      );
    },
  );

  it('take a window back: what is sent never exceeds it', async () => {
    const acknowledged = createGate();
    await run(
      async (peer) => {
        await peer.preface();
        await peer.send(settings({ INITIAL_WINDOW_SIZE: 10 }), settingsAcknowledgement());
        await peer.acknowledgement();
        acknowledged.open();
        const { streamId } = await peer.request();
        const received: Buffer[] = [];
        const total = (): number => received.reduce((sum, { length }) => sum + length, 0);
        const more = async (until: number): Promise<void> => {
          while (total() < until) received.push((await peer.next(FrameType.DATA)).payload);
        };
        await more(10);
        // Less than was sent: the window is −5 now, and 10 more make 5.
        await peer.send(settings({ INITIAL_WINDOW_SIZE: 5 }), windowUpdate(streamId, 10));
        await more(15);
        await peer.settled();
        expect(total()).toBe(15);
        await peer.send(windowUpdate(streamId, 100));
        await more(26);
        expect(Buffer.concat(received).toString()).toBe('abcdefghijklmnopqrstuvwxyz');
        await peer.send(headers(streamId, ok, { endStream: true }));
      },
      async (pool, url) => {
        async function* slowly(): AsyncGenerator<Uint8Array> {
          // Until the server's SETTINGS have come its window is 65,535.
          await acknowledged.opened;
          yield* ['abcdefghijklm', 'nopqrstuvwxyz'].map((part) => Buffer.from(part));
        }
        expect(await outcome(pool.dispatch('POST', url, [], slowly()))).toBe('200 ');
      },
    );
  });

  it('end its side while the client still uploads, after a whole answer with NO_ERROR (RFC 9113 §8.1)', async () => {
    await run(
      async (peer) => {
        await peer.handshake();
        const { streamId } = await peer.request();
        await peer.send(headers(streamId, ok), data(streamId, 'enough', { endStream: true }), resetStream(streamId, 'NO_ERROR'));
        await peer.settled();
      },
      async (pool, url) => {
        let isClosed = false;
        async function* endless(): AsyncGenerator<Uint8Array> {
          try {
            for (;;) {
              yield Buffer.alloc(1_000);
              await new Promise((resolve) => setImmediate(resolve));
            }
          } finally {
            isClosed = true;
          }
        }
        expect(await outcome(pool.dispatch('POST', url, [], endless()))).toBe('200 enough');
        await expect.poll(() => isClosed).toBe(true);
      },
    );
  });
});
