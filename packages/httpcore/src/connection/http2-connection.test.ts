import { Buffer } from 'node:buffer';

import { afterEach, describe, expect, it } from 'vitest';

import { data, headers, ping, reset, settings, settingsAcknowledgement, windowUpdate } from '../../test/support/http2/frame-factory.ts';
import { endWorlds, outcomes, startConnected, startWorld, type Call, type PoolHarness } from '../../test/support/http2/pool-harness.ts';
import type { ByteIterable } from '../contract/values.ts';
import { ErrorCode, Setting } from '../protocol/http2/constants.ts';
import { everySplit } from '../testing/every-split.ts';

const ok = (id: number): Buffer => headers(id, [[':status', '200']]);
const whole = (id: number, text = 'x'): Buffer => Buffer.concat([ok(id), data(id, text, { endStream: true })]);
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const preface = ['PREFACE', 'SETTINGS 2=0 4=1048576 6=65536', `WINDOW_UPDATE ${16 * 1_048_576 - 65_535}`];

afterEach(endWorlds);

describe('a connection', () => {
  it('sends what one turn asks for in one write, the preface included', async () => {
    const made = startWorld();
    const calls = ['/a', '/b', '/c'].map((target) => made.call(target));
    const server = await made.server();
    expect(server.transport.writes).toHaveLength(1);
    expect(server.sent()).toEqual([
      ...preface,
      ...['/a', '/b', '/c'].map(
        (path, index) => `HEADERS ${2 * index + 1} END_STREAM :method=GET :scheme=http :authority=server.test :path=${path}`,
      ),
    ]);
    server.receive(settings(), settingsAcknowledgement(), whole(5, 'c'), whole(1, 'a'), whole(3, 'b'));
    await made.clock.settle();
    expect(outcomes(calls)).toEqual(['200 "a"', '200 "b"', '200 "c"']);
  });

  it('gives the same answers however its bytes are cut', async () => {
    const script = Buffer.concat([
      settings([Setting.MAX_CONCURRENT_STREAMS, 10]),
      settingsAcknowledgement(),
      headers(1, [
        [':status', '103'],
        ['link', '</a>'],
      ]),
      ok(3),
      whole(1, 'first'),
      data(3, 'sec', { padding: 4 }),
      ping(1, 2),
      data(3, 'ond'),
      headers(3, [['x-sum', '6']], { endStream: true }),
      reset(5, ErrorCode.CANCEL),
    ]);
    const runs: { made: PoolHarness; calls: Call[]; pieces: readonly Uint8Array[] }[] = [];
    everySplit(script, (pieces) => {
      const made = startWorld();
      runs.push({ made, calls: ['/1', '/2', '/3'].map((target) => made.call(target)), pieces });
    });
    await Promise.all(
      runs.map(async ({ made, calls, pieces }) => {
        const server = await made.server();
        for (const piece of pieces) server.receive(piece);
        await made.clock.settle();
        expect(outcomes(calls)).toEqual(['200 "first"', '200 "second"', 'H2_CANCEL']);
        expect(calls[1]?.body?.trailers).toEqual([['x-sum', '6']]);
      }),
    );
  });

  it('stops at a transport that is full, and goes on when it has drained', async () => {
    const made = startWorld({}, { highWaterMark: 40_000 });
    const call = made.call('/', { method: 'POST', body: [Buffer.alloc(60_000, 'u')] });
    const server = await made.server();
    const sizes = (lines: readonly string[]): number[] =>
      lines.flatMap((line) => /^DATA 1 .*\((\d+) octets\)$/.exec(line)?.slice(1).map(Number) ?? []);
    const before = sizes(server.sent());
    expect(before).toEqual([16_384, 16_384, 16_384]);
    server.transport.drain();
    await made.clock.settle();
    expect(sizes(server.sent())).toEqual([60_000 - 3 * 16_384]);
    server.receive(settings(), settingsAcknowledgement(), whole(1));
    await made.clock.settle();
    expect(call.outcome()).toBe('200 "x"');
  });

  it('is no reason for a program to go on while it is idle', async () => {
    const { made, server, calls } = await startConnected(['/']);
    expect(server.transport.referenced).toBe(true);
    server.receive(whole(1));
    await made.clock.settle();
    made.clock.advance(100);
    expect(outcomes(calls)).toEqual(['200 "x"']);
    expect(server.transport.referenced).toBe(false);
    expect(made.clock.pendingForeground).toBe(0);
    made.call('/again');
    await made.clock.settle();
    expect(server.transport.referenced).toBe(true);
  });

  it('is closed after 90 s without a stream: GOAWAY, then the end', async () => {
    const { made, server } = await startConnected(['/']);
    server.receive(whole(1));
    await made.clock.settle();
    made.clock.advance(89_000);
    expect([server.sent(), made.pool.stats().connections]).toEqual([[], 1]);
    made.clock.advance(1_001);
    expect(server.sent()).toEqual(['GOAWAY 0 NO_ERROR']);
    expect(server.transport.ended).toBe(true);
    expect(made.pool.stats().connections).toBe(0);
    // A server that does not end its side is not waited for.
    expect(server.transport.destroyed).toBe(false);
    made.clock.advance(1_000);
    expect(server.transport.destroyed).toBe(true);
  });

  it('is closed for a server that ends it while it is idle, and the next request has another', async () => {
    const { made, server } = await startConnected(['/']);
    server.receive(whole(1));
    await made.clock.settle();
    server.transport.receiveEnd();
    await made.clock.settle();
    expect(made.pool.stats().connections).toBe(0);
    const next = made.call('/next');
    (await made.server(1)).receive(settings(), settingsAcknowledgement(), whole(1, 'new'));
    await made.clock.settle();
    expect(next.outcome()).toBe('200 "new"');
  });

  it('says GOAWAY when its pool closes, and lets what runs end', async () => {
    const { made, server, calls } = await startConnected(['/']);
    const closed = made.pool.close();
    await made.clock.settle();
    expect(server.sent()).toEqual(['GOAWAY 0 NO_ERROR']);
    server.receive(whole(1, 'late'));
    await made.clock.settle();
    await closed;
    expect(outcomes(calls)).toEqual(['200 "late"']);
    expect(server.transport.ended).toBe(true);
  });
});

describe('liveness', () => {
  it('is asked for after 30 s of silence while a stream is open; an answer is enough', async () => {
    const { made, server, calls } = await startConnected(['/']);
    made.clock.advance(29_990);
    expect(server.sent()).toEqual([]);
    made.clock.advance(20);
    expect(server.sent()).toEqual(['PING 6c69766500000001']);
    made.clock.advance(9_000);
    server.receive(ping(0x6c69_7665, 1, true));
    made.clock.advance(20_000);
    expect([server.sent(), outcomes(calls)]).toEqual([[], ['running']]);
    made.clock.advance(11_000);
    expect(server.sent()).toEqual(['PING 6c69766500000002']);
    server.receive(whole(1));
    await made.clock.settle();
    expect(outcomes(calls)).toEqual(['200 "x"']);
  });

  it('is shown by anything that comes', async () => {
    const { made, server } = await startConnected(['/']);
    server.receive(ok(1));
    for (let second = 0; second < 120; second += 20) {
      made.clock.advance(20_000);
      server.receive(data(1, 'tick'));
    }
    await made.clock.settle();
    expect(server.sent().filter((line) => line.startsWith('PING'))).toEqual([]);
  });

  it('ends without an answer within 10 s: every exchange is told, and the connection is dropped', async () => {
    const { made, server, calls } = await startConnected(['/a', '/b']);
    server.receive(ok(3));
    await made.clock.settle();
    made.clock.advance(30_010);
    expect(server.sent()).toHaveLength(1);
    made.clock.advance(10_000);
    await made.clock.settle();
    expect(outcomes(calls)).toEqual(['H2_PING_TIMEOUT', 'H2_PING_TIMEOUT']);
    expect(calls.map(({ error }) => [error?.name, error?.phase, error?.requestSent])).toEqual([
      ['ReadTimeout', 'response-head', true],
      ['ReadTimeout', 'response-body', true],
    ]);
    expect(server.transport.destroyed).toBe(true);
    expect(made.pool.stats().connections).toBe(0);
  });

  it('is not asked of an idle connection', async () => {
    const { made, server } = await startConnected(['/']);
    server.receive(whole(1));
    await made.clock.settle();
    made.clock.advance(60_000);
    expect(server.sent()).toEqual([]);
  });

  it('is asked at once of one that was silent for long before it is used again; what may be sent twice goes to another', async () => {
    const { made, server } = await startConnected(['/']);
    server.receive(whole(1));
    await made.clock.settle();
    made.clock.advance(60_000);
    const get = made.call('/get');
    const post = made.call('/post', { method: 'POST' });
    await made.clock.settle();
    made.clock.advance(1);
    await made.clock.settle();
    expect(server.sent().map((line) => line.split(' ')[0])).toEqual(['HEADERS', 'HEADERS', 'PING']);
    made.clock.advance(10_001);
    const second = await made.server(1);
    expect(post.error).toMatchObject({ code: 'H2_PING_TIMEOUT', requestSent: true, connectionReused: true });
    second.receive(settings(), settingsAcknowledgement(), whole(1, 'second'));
    await made.clock.settle();
    expect(get.outcome()).toBe('200 "second"');
  });
});

describe('limits of an exchange', () => {
  it('reset its stream and leave the others alone', async () => {
    const made = startWorld();
    const slow = made.call('/slow', { timeouts: [null, 1_000, null, null] });
    const other = made.call('/other');
    const server = await made.server();
    server.receive(settings(), settingsAcknowledgement());
    await made.clock.settle();
    server.sent();
    made.clock.advance(1_001);
    await made.clock.settle();
    expect(slow.outcome()).toBe('READ_TIMEOUT');
    expect(server.sent()).toEqual(['RST_STREAM 1 CANCEL']);
    server.receive(whole(1, 'too late'), whole(3, 'on time'));
    await made.clock.settle();
    expect(other.outcome()).toBe('200 "on time"');
  });

  it('count writing, too: a window that stays closed', async () => {
    const { made, server } = await startConnected(['/'], [Setting.INITIAL_WINDOW_SIZE, 10]);
    const upload = made.call('/', { method: 'POST', body: [bytes('more than ten octets')], timeouts: [null, null, 2_000, null] });
    await made.clock.settle();
    expect(server.sent().at(-1)).toBe('DATA 3 "more than "');
    made.clock.advance(1_500);
    server.receive(windowUpdate(3, 4));
    await made.clock.settle();
    expect(server.sent()).toEqual(['DATA 3 "ten "']);
    made.clock.advance(2_100);
    await made.clock.settle();
    expect(upload.outcome()).toBe('WRITE_TIMEOUT');
    expect(server.sent()).toEqual(['RST_STREAM 3 CANCEL']);
  });
});

describe('a response that is whole', () => {
  /** Sends responses of 960 KiB, each in one piece, and returns by how much the connection's window was enlarged. */
  async function download(unread: boolean): Promise<number> {
    const { made, server } = await startConnected(['/']);
    server.receive(whole(1));
    const chunk = Buffer.alloc(16_384);
    const calls: Call[] = [];
    let given = 0;
    for (let id = 3; id < 80; id += 2) {
      calls.push(made.call('/', { unread }));
      await made.clock.settle();
      server.receive(ok(id), ...Array.from({ length: 59 }, () => data(id, chunk)), data(id, chunk, { endStream: true }));
      await made.clock.settle();
      for (const line of server.sent()) given += Number(/^WINDOW_UPDATE (\d+)$/.exec(line)?.[1] ?? 0);
    }
    for (const call of calls) expect([call.error, call.status]).toEqual([undefined, 200]);
    return given;
  }

  it.each([false, true])('counts against no window any more, whether or not somebody has read it (unread: %s)', async (unread) => {
    // More than twice what the connection's window is.
    expect(await download(unread)).toBeGreaterThan(2 * 16 * 1_048_576);
  });

  it('ends its stream also where the request is not: what waits for a window is dropped', async () => {
    const { made, server } = await startConnected(['/'], [Setting.INITIAL_WINDOW_SIZE, 10]);
    server.receive(whole(1));
    const upload = made.call('/', { method: 'POST', body: [Buffer.alloc(30_000)] });
    await made.clock.settle();
    server.sent();
    server.receive(whole(3, 'enough'));
    await made.clock.settle();
    expect([upload.outcome(), server.sent(), made.pool.stats().active]).toEqual(['200 "enough"', ['RST_STREAM 3 CANCEL'], 0]);
  });
});

describe('what one chunk brings of a response', () => {
  const frame = (id: number, text: string, endStream = false): Buffer => data(id, text, { endStream });

  async function chunksOf(call: Call): Promise<string[]> {
    const chunks: string[] = [];
    for await (const chunk of call.body!) {
      expect([chunk.constructor, chunk.byteOffset, chunk.buffer.byteLength]).toEqual([Uint8Array, 0, chunk.length]);
      chunks.push(Buffer.from(chunk).toString('latin1'));
    }
    return chunks;
  }

  async function startTwo(): Promise<{ readonly made: PoolHarness; readonly calls: Call[]; receive(...frames: Buffer[]): Promise<void> }> {
    const { made, server } = await startConnected(['/']);
    server.receive(whole(1));
    const calls = ['/3', '/5'].map((target) => made.call(target, { unread: true }));
    await made.clock.settle();
    return {
      made,
      calls,
      receive(...frames) {
        server.receive(...frames);
        return made.clock.settle();
      },
    };
  }

  it('is handed on in one piece, however many frames it came in, and in its order among others', async () => {
    const { calls, receive } = await startTwo();
    await receive(ok(3), frame(3, 'a'), data(3, 'b', { padding: 9 }), frame(3, ''), frame(3, 'c'.repeat(5_000)));
    await receive(ok(5), frame(3, 'd'), frame(5, '1'), frame(5, '2'), frame(3, 'e', true), frame(5, '3', true));
    expect(await chunksOf(calls[0]!)).toEqual([`ab${'c'.repeat(5_000)}`, 'de']);
    expect((await chunksOf(calls[1]!)).join('')).toBe('123');
  });

  it('is handed on in more of them where its frames are tiny and many', async () => {
    const { calls, receive } = await startTwo();
    await receive(ok(3), ...Array.from({ length: 300 }, (_, index) => frame(3, String(index % 10), index === 299)));
    expect((await chunksOf(calls[0]!)).join('')).toBe('0123456789'.repeat(30));
  });

  it.each([
    ['the stream is reset', () => reset(3, ErrorCode.INTERNAL_ERROR), 'H2_INTERNAL_ERROR'],
    ['the connection breaks its rules', () => data(0, 'x'), 'H2_PROTOCOL_ERROR'],
  ])('is handed on before the failure where %s behind it', async (_what, last, code) => {
    const { calls, receive } = await startTwo();
    await receive(ok(3), frame(3, 'a'), frame(3, 'b'), last());
    const seen: string[] = [];
    const reading = (async () => {
      for await (const chunk of calls[0]!.body!) seen.push(Buffer.from(chunk).toString('latin1'));
    })();
    await expect(reading).rejects.toMatchObject({ code });
    expect(seen).toEqual(['ab']);
  });

  it('is dropped where its caller aborts meanwhile', async () => {
    const { made, receive } = await startTwo();
    const abort = new AbortController();
    const aborted = made.call('/7', { unread: true, context: { signal: abort.signal } });
    // Told of a head in the same chunk.
    const other = made.call('/9', { context: { trace: (name) => name === 'head-received' && abort.abort() } });
    await made.clock.settle();
    await receive(ok(7), frame(7, 'a'));
    await receive(frame(7, 'b'), whole(9, 'other'));
    await expect(aborted.body!.bytes()).rejects.toMatchObject({ code: 'ABORTED' });
    expect([other.outcome(), made.pool.stats().bufferedBytes]).toEqual(['200 "other"', 0]);
  });
});

describe('a response that nobody wants', () => {
  it('costs its stream, and its windows are given back', async () => {
    const made = startWorld();
    const call = made.call('/', { unread: true });
    const server = await made.server();
    server.receive(settings(), settingsAcknowledgement(), ok(1), ...Array.from({ length: 60 }, () => data(1, Buffer.alloc(16_384))));
    await made.clock.settle();
    server.sent();
    await call.body?.close();
    await made.clock.settle();
    expect(server.sent()).toEqual(['RST_STREAM 1 CANCEL']);
    // What is still under way counts too: in all it is more than the connection's window.
    for (let round = 0; round < 20; round += 1) {
      server.receive(...Array.from({ length: 60 }, () => data(1, Buffer.alloc(16_384))));
      await made.clock.settle();
    }
    const given = server
      .sent()
      .flatMap((line) => /^WINDOW_UPDATE (\d+)$/.exec(line)?.slice(1).map(Number) ?? [])
      .reduce((sum, each) => sum + each, 0);
    expect(given).toBeGreaterThan(8 * 1_048_576);
    const next = made.call('/next');
    await made.clock.settle();
    server.receive(whole(3, 'fine'));
    await made.clock.settle();
    expect(next.outcome()).toBe('200 "fine"');
  });

  it('is told to the server at once where the caller aborts, also before anything has left', async () => {
    const made = startWorld();
    const early = new AbortController();
    const late = new AbortController();
    const calls = [early, late].map(({ signal }) => made.call('/', { context: { signal } }));
    const kept = made.call('/kept');
    await null;
    early.abort();
    const server = await made.server();
    expect(server.sent().filter((line) => line.startsWith('HEADERS'))).toHaveLength(2);
    server.receive(settings(), settingsAcknowledgement());
    await made.clock.settle();
    server.sent();
    late.abort();
    await made.clock.settle();
    expect(server.sent()).toEqual(['RST_STREAM 1 CANCEL']);
    server.receive(whole(3));
    await made.clock.settle();
    expect(outcomes([...calls, kept])).toEqual(['ABORTED', 'ABORTED', '200 "x"']);
  });

  it('is the rest of an upload, once the whole answer is here', async () => {
    const { made, server } = await startConnected(['/']);
    let closed = 0;
    const endless: ByteIterable = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: () => {
          closed += 1;
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const upload = made.call('/', { method: 'POST', body: endless });
    await made.clock.settle();
    server.receive(whole(3, 'enough'));
    await made.clock.settle();
    expect([upload.outcome(), closed]).toEqual(['200 "enough"', 1]);
    expect(server.sent().at(-1)).toBe('RST_STREAM 3 CANCEL');
  });
});
