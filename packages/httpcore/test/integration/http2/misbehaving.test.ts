/**
 * Servers that break HTTP/2, frame by frame over real sockets: each mistake gets the right answer on the wire and a typed error,
 * other streams live on where it was one stream's, and nothing hangs. The engine's own tests cut the same bytes at every point.
 */
import { frames, startHttp2Script, type Http2ScriptOptions } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { RemoteProtocolError } from '../../../src/index.ts';
import { ok, outcome, poolFor, rootOf, ways } from './scripted-world.ts';

const {
  continuation,
  data,
  frame,
  FrameFlag,
  FrameType,
  goAway,
  headers,
  ping,
  priority,
  pushPromise,
  resetStream,
  settings,
  windowUpdate,
} = frames;

interface Mistake {
  readonly name: string;
  /** What is sent in answer to the request on stream 1; stream 3 is open, too. */
  readonly frames: () => readonly Uint8Array[];
  /** The code that it is answered with. */
  readonly code: string;
  /** Too much to be sent octet by octet. */
  readonly isLarge?: boolean;
}

const mistakesOfStreams: readonly Mistake[] = [
  { name: 'DATA before the head', frames: () => [data(1, 'early')], code: 'PROTOCOL_ERROR' },
  { name: 'a head without :status', frames: () => [headers(1, [['a', 'b']])], code: 'PROTOCOL_ERROR' },
  { name: 'a second :status', frames: () => [headers(1, [...ok, ...ok])], code: 'PROTOCOL_ERROR' },
  { name: 'a request pseudo-header', frames: () => [headers(1, [...ok, [':path', '/']])], code: 'PROTOCOL_ERROR' },
  { name: 'a pseudo-header after a field', frames: () => [headers(1, [['a', 'b'], ...ok])], code: 'PROTOCOL_ERROR' },
  { name: 'an upper-case name', frames: () => [headers(1, [...ok, ['X-Upper', 'b']])], code: 'PROTOCOL_ERROR' },
  { name: 'a line break in a value', frames: () => [headers(1, [...ok, ['a', 'b\r\nset-cookie: c=d']])], code: 'PROTOCOL_ERROR' },
  { name: 'Transfer-Encoding', frames: () => [headers(1, [...ok, ['transfer-encoding', 'chunked']])], code: 'PROTOCOL_ERROR' },
  { name: '101 Switching Protocols', frames: () => [headers(1, [[':status', '101']])], code: 'PROTOCOL_ERROR' },
  {
    name: 'an informational response that ends the stream',
    frames: () => [headers(1, [[':status', '103']], { endStream: true })],
    code: 'PROTOCOL_ERROR',
  },
  {
    name: 'more than its Content-Length',
    frames: () => [headers(1, [...ok, ['content-length', '3']]), data(1, 'four', { endStream: true })],
    code: 'PROTOCOL_ERROR',
  },
  {
    name: 'less than its Content-Length',
    frames: () => [headers(1, [...ok, ['content-length', '5']]), data(1, 'four', { endStream: true })],
    code: 'PROTOCOL_ERROR',
  },
  {
    name: 'two lengths',
    frames: () => [headers(1, [...ok, ['content-length', '4'], ['content-length', '5']]), data(1, 'four', { endStream: true })],
    code: 'PROTOCOL_ERROR',
  },
  { name: 'trailers that do not end it', frames: () => [headers(1, ok), headers(1, [['x-sum', '1']])], code: 'PROTOCOL_ERROR' },
  {
    name: 'a header list above the limit',
    frames: () => [headers(1, [...ok, ...Array.from({ length: 200 }, (_, index) => [`x-${index}`, 'y'] as const)])],
    code: 'ENHANCE_YOUR_CALM',
  },
];

const mistakesOfConnections: readonly Mistake[] = [
  { name: 'DATA on stream 0', frames: () => [data(0, 'x')], code: 'PROTOCOL_ERROR' },
  { name: 'HEADERS on stream 0', frames: () => [headers(0, ok)], code: 'PROTOCOL_ERROR' },
  { name: 'HEADERS on an idle stream', frames: () => [headers(77, ok)], code: 'PROTOCOL_ERROR' },
  { name: 'HEADERS on a stream of its own', frames: () => [headers(2, ok)], code: 'PROTOCOL_ERROR' },
  { name: 'RST_STREAM on an idle stream', frames: () => [resetStream(77, 'CANCEL')], code: 'PROTOCOL_ERROR' },
  {
    name: 'PUSH_PROMISE',
    frames: () => [
      pushPromise(1, 2, [
        [':method', 'GET'],
        [':path', '/pushed'],
      ]),
    ],
    code: 'PROTOCOL_ERROR',
  },
  { name: 'CONTINUATION without HEADERS', frames: () => [continuation(1, ok)], code: 'PROTOCOL_ERROR' },
  {
    name: 'a frame in the middle of a header block',
    frames: () => [headers(1, ok, { endHeaders: false }), ping()],
    code: 'PROTOCOL_ERROR',
  },
  {
    name: 'a header block that goes on on another stream',
    frames: () => [headers(1, ok, { endHeaders: false }), continuation(3, [['a', 'b']])],
    code: 'PROTOCOL_ERROR',
  },
  { name: 'DATA after the end of its stream', frames: () => [headers(1, ok, { endStream: true }), data(1, 'more')], code: 'STREAM_CLOSED' },
  {
    name: 'a frame above the limit',
    frames: () => [frame(FrameType.DATA, 0, 1, Buffer.alloc(16_385))],
    code: 'FRAME_SIZE_ERROR',
    isLarge: true,
  },
  {
    name: 'more padding than frame',
    frames: () => [frame(FrameType.DATA, FrameFlag.PADDED, 1, Buffer.of(9, 1, 2))],
    code: 'PROTOCOL_ERROR',
  },
  { name: 'SETTINGS on a stream', frames: () => [frame(FrameType.SETTINGS, 0, 1)], code: 'PROTOCOL_ERROR' },
  { name: 'SETTINGS of 5 octets', frames: () => [frame(FrameType.SETTINGS, 0, 0, 'five.')], code: 'FRAME_SIZE_ERROR' },
  { name: 'an acknowledgement of nothing', frames: () => [frame(FrameType.SETTINGS, FrameFlag.ACK, 0)], code: 'PROTOCOL_ERROR' },
  { name: 'ENABLE_PUSH', frames: () => [settings({ ENABLE_PUSH: 1 })], code: 'PROTOCOL_ERROR' },
  { name: 'a window that can not be', frames: () => [settings({ INITIAL_WINDOW_SIZE: 2 ** 31 })], code: 'FLOW_CONTROL_ERROR' },
  { name: 'a frame size that can not be', frames: () => [settings({ MAX_FRAME_SIZE: 100 })], code: 'PROTOCOL_ERROR' },
  { name: 'PING on a stream', frames: () => [frame(FrameType.PING, 0, 1, '12345678')], code: 'PROTOCOL_ERROR' },
  { name: 'PING of 7 octets', frames: () => [frame(FrameType.PING, 0, 0, '1234567')], code: 'FRAME_SIZE_ERROR' },
  { name: 'GOAWAY on a stream', frames: () => [frame(FrameType.GOAWAY, 0, 1, Buffer.alloc(8))], code: 'PROTOCOL_ERROR' },
  { name: 'GOAWAY that takes back what it said', frames: () => [goAway(3), goAway(5)], code: 'PROTOCOL_ERROR' },
  { name: 'WINDOW_UPDATE of 0', frames: () => [windowUpdate(0, 0)], code: 'PROTOCOL_ERROR' },
  { name: 'a window above 2³¹ − 1', frames: () => [windowUpdate(0, 2 ** 31 - 1)], code: 'FLOW_CONTROL_ERROR' },
  { name: 'WINDOW_UPDATE of 3 octets', frames: () => [frame(FrameType.WINDOW_UPDATE, 0, 0, 'abc')], code: 'FRAME_SIZE_ERROR' },
  { name: 'an index that no table has', frames: () => [headers(1, Buffer.of(0xff, 0x20))], code: 'COMPRESSION_ERROR' },
  { name: 'a header block that ends in the middle', frames: () => [headers(1, Buffer.of(0x40, 0x7f))], code: 'COMPRESSION_ERROR' },
  { name: 'a table above the limit', frames: () => [headers(1, Buffer.of(0x3f, 0xff, 0xff, 0x03, 0x88))], code: 'COMPRESSION_ERROR' },
];

const times = (count: number, made: (index: number) => Uint8Array): readonly Uint8Array[] => [
  Buffer.concat(Array.from({ length: count }, (_, index) => made(index))),
];

const floods: readonly Mistake[] = [
  {
    name: 'CONTINUATION',
    frames: () => [headers(1, ok, { endHeaders: false }), ...times(200, () => continuation(1, Buffer.alloc(0), false))],
    code: 'ENHANCE_YOUR_CALM',
  },
  {
    name: 'a header block without end',
    frames: () => [headers(1, ok, { endHeaders: false }), ...times(20, () => continuation(1, Buffer.alloc(16_384, 0x88), false))],
    code: 'ENHANCE_YOUR_CALM',
  },
  { name: 'PING', frames: () => times(5_000, () => ping()), code: 'ENHANCE_YOUR_CALM' },
  { name: 'PING acknowledgements', frames: () => times(5_000, () => ping('12345678', true)), code: 'ENHANCE_YOUR_CALM' },
  { name: 'SETTINGS', frames: () => times(1_000, () => settings({ MAX_CONCURRENT_STREAMS: 5 })), code: 'ENHANCE_YOUR_CALM' },
  { name: 'empty DATA', frames: () => [headers(1, ok), ...times(5_000, () => data(1, ''))], code: 'ENHANCE_YOUR_CALM' },
  {
    name: 'DATA that is all padding',
    frames: () => [headers(1, ok), ...times(5_000, () => data(1, '', { padding: 1 }))],
    code: 'ENHANCE_YOUR_CALM',
  },
  { name: 'tiny DATA', frames: () => [headers(1, ok), ...times(100_000, () => data(1, 'x'))], code: 'ENHANCE_YOUR_CALM' },
  { name: 'WINDOW_UPDATE', frames: () => times(20_000, () => windowUpdate(0, 1)), code: 'ENHANCE_YOUR_CALM' },
  { name: 'PRIORITY', frames: () => times(5_000, () => priority(1)), code: 'ENHANCE_YOUR_CALM' },
  { name: 'frames of unknown types', frames: () => times(5_000, () => frame(0xbe, 0, 0, 'what?')), code: 'ENHANCE_YOUR_CALM' },
  {
    name: 'RST_STREAM',
    frames: () => [headers(1, ok, { endStream: true }), ...times(100_000, () => resetStream(1, 'CANCEL'))],
    code: 'ENHANCE_YOUR_CALM',
  },
  { name: 'GOAWAY', frames: () => times(5_000, () => goAway(3)), code: 'ENHANCE_YOUR_CALM' },
];

describe.each(ways)('a mistake of one stream (%o)', (way) => {
  it.each(mistakesOfStreams.filter(({ isLarge }) => way.pieceBytes === undefined || isLarge !== true))(
    '$name: RST_STREAM $code, and the others live on',
    async ({ frames: make, code }) => {
      await using server = await startHttp2Script(async (peer) => {
        await peer.handshake();
        await peer.request();
        await peer.request();
        await peer.send(...make());
        expect(await peer.reset(1)).toBe(code);
        await peer.send(headers(3, ok), data(3, 'fine', { endStream: true }));
        const { streamId } = await peer.request();
        await peer.send(headers(streamId, ok), data(streamId, 'next', { endStream: true }));
        await peer.settled();
      }, way);
      await using pool = await poolFor(way, { maxHeaderFields: 100 });
      const url = rootOf(server, way);
      const broken = outcome(pool.dispatch('POST', url, [], null));
      const other = outcome(pool.dispatch('GET', url, [], null));
      const error = await broken;
      expect(error).toBeInstanceOf(RemoteProtocolError);
      expect(error).toMatchObject({ code: `H2_${code}`, requestSent: true, method: 'POST' });
      expect(await other).toBe('200 fine');
      expect(await outcome(pool.dispatch('GET', url, [], null))).toBe('200 next');
      await server.transcripts[0]?.finished;
      expect(server.transcripts[0]?.error).toBeUndefined();
      expect(server.connections.accepted).toBe(1);
    },
  );
});

/** A POST and a GET on one connection that the frames then end. */
async function expectConnectionEnds(way: Http2ScriptOptions, make: () => readonly Uint8Array[], code: string): Promise<void> {
  await using server = await startHttp2Script(async (peer) => {
    await peer.handshake();
    await peer.request();
    await peer.request();
    // The client may be gone before all of it has left.
    const sending = peer.send(...make());
    expect(await peer.goAway()).toBe(code);
    await Promise.race([sending, peer.ended]);
  }, way);
  await using pool = await poolFor(way);
  const url = rootOf(server, way);
  const outcomes = await Promise.all([outcome(pool.dispatch('POST', url, [], null)), outcome(pool.dispatch('POST', url, [], null))]);
  // One of them may have been answered before.
  const errors = outcomes.filter((each) => each !== '200 ');
  expect(errors.length).toBeGreaterThan(0);
  for (const error of errors) {
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error).toMatchObject({ code: `H2_${code}`, requestSent: true });
  }
  await server.transcripts[0]?.finished;
  expect(server.transcripts[0]?.error).toBeUndefined();
  // It may have been processed, and is not sent again.
  expect(server.connections.accepted).toBe(1);
  await expect.poll(() => pool.stats().connections).toBe(0);
}

describe.each(ways)('a mistake of the connection (%o)', (way) => {
  it.each(mistakesOfConnections.filter(({ isLarge }) => way.pieceBytes === undefined || isLarge !== true))(
    '$name: GOAWAY $code, and every request is told',
    async ({ frames: make, code }) => expectConnectionEnds(way, make, code),
  );
});

describe.each([{}, { tls: true }])('a flood (%o)', (way) => {
  it.each(floods)('of $name: GOAWAY $code, and every request is told', async ({ frames: make, code }) =>
    expectConnectionEnds(way, make, code),
  );

  it('of fields that one octet each stands for is cut off at the limit, while the connection lives on', async () => {
    await using server = await startHttp2Script(async (peer) => {
      await peer.handshake();
      await peer.request();
      // An entry of 4,000 octets for the table, then references to it: 16 MB of fields in 4 KB.
      const entry = Buffer.concat([Buffer.of(0x40, 1, 0x61, 0x7f, 0xa1, 0x1e), Buffer.alloc(4_000, 0x62)]);
      await peer.send(headers(1, Buffer.concat([Buffer.of(0x88), entry, Buffer.alloc(4_000, 0xbe)])));
      expect(await peer.reset(1)).toBe('ENHANCE_YOUR_CALM');
      const { streamId } = await peer.request();
      // The table is what it was: the same reference, once.
      await peer.send(headers(streamId, Buffer.of(0x88, 0xbe), { endStream: true }));
      await peer.settled();
    }, way);
    await using pool = await poolFor(way);
    const url = rootOf(server, way);
    expect(await outcome(pool.dispatch('GET', url, [], null))).toMatchObject({ code: 'H2_ENHANCE_YOUR_CALM' });
    const [, status, , fields] = await pool.dispatch('GET', url, [], null);
    expect([status, fields]).toEqual([200, [['a', 'b'.repeat(4_000)]]]);
    await server.transcripts[0]?.finished;
    expect(server.transcripts[0]?.error).toBeUndefined();
  });
});
