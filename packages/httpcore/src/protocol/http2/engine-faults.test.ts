/** The error rules of RFC 9113, one by one: which of them end the connection, which a stream, and with what code. */
import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { EngineHarness } from '../../../test/support/http2/engine-harness.ts';
import {
  continuation,
  data,
  frame,
  goAway,
  headers,
  literals,
  ping,
  priority,
  reset,
  settings,
  settingsAcknowledgement,
  uint32,
  windowUpdate,
} from '../../../test/support/http2/frame-factory.ts';
import { everySplit } from '../../testing/every-split.ts';
import { ErrorCode, Flag, FrameType, Setting } from './constants.ts';

type Rule = readonly [rule: string, code: keyof typeof ErrorCode, frames: readonly Uint8Array[]];

const head = headers(1, [[':status', '200']]);
const whole = headers(1, [[':status', '200']], { endStream: true });
const begin = settings();

// Stream 1 has sent its request; stream 3 has not, and has more to send; stream 5 is idle.
function peerWithStreams(): EngineHarness {
  const peer = new EngineHarness();
  peer.open('GET', '/');
  peer.open('POST', '/', { endStream: false });
  peer.clear();
  return peer;
}

const connectionErrors: readonly Rule[] = [
  ['§3.4: anything but SETTINGS first', 'PROTOCOL_ERROR', [ping()]],
  ['§3.4: an acknowledgement first', 'PROTOCOL_ERROR', [settingsAcknowledgement()]],
  ['§3.4: another protocol', 'PROTOCOL_ERROR', [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')]],
  ['§4.2: a frame above MAX_FRAME_SIZE', 'FRAME_SIZE_ERROR', [begin, frame(FrameType.PING, 0, 0, Buffer.alloc(16_385)).subarray(0, 9)]],
  ['§4.2: the largest length there is', 'FRAME_SIZE_ERROR', [begin, Buffer.from('ffffff000000000001', 'hex')]],
  ['§4.3: a header block that can not be decoded', 'COMPRESSION_ERROR', [begin, headers(1, Buffer.from([0x80]))]],
  ['§4.3: the same on a stream that is over', 'COMPRESSION_ERROR', [begin, whole, headers(1, Buffer.from([0x80]))]],
  ['§4.3: a header block that ends in a field', 'COMPRESSION_ERROR', [begin, headers(1, literals([['a', 'b']]).subarray(0, 3))]],
  ['§5.1: HEADERS on an idle stream', 'PROTOCOL_ERROR', [begin, headers(5, [[':status', '200']])]],
  ['§5.1: DATA on an idle stream', 'PROTOCOL_ERROR', [begin, data(5, 'x')]],
  ['§5.1: RST_STREAM on an idle stream', 'PROTOCOL_ERROR', [begin, reset(5, 0)]],
  ['§5.1: WINDOW_UPDATE on an idle stream', 'PROTOCOL_ERROR', [begin, windowUpdate(5, 1)]],
  ["§5.1.1: HEADERS on a stream of the server's", 'PROTOCOL_ERROR', [begin, headers(2, [[':status', '200']])]],
  ["§5.1.1: DATA on a stream of the server's", 'PROTOCOL_ERROR', [begin, data(2, 'x')]],
  ["§5.1.1: RST_STREAM on a stream of the server's", 'PROTOCOL_ERROR', [begin, reset(2, 0)]],
  ['§5.1: HEADERS after both ends', 'STREAM_CLOSED', [begin, whole, headers(1, [['a', 'b']], { endStream: true })]],
  ['§5.1: DATA after both ends', 'STREAM_CLOSED', [begin, whole, data(1, 'x')]],
  ['§6.1: DATA on stream 0', 'PROTOCOL_ERROR', [begin, data(0, 'x')]],
  ['§6.1: DATA with more padding than frame', 'PROTOCOL_ERROR', [begin, head, frame(FrameType.DATA, Flag.PADDED, 1, '\x03ab')]],
  ['§6.1: DATA with as much padding as frame', 'PROTOCOL_ERROR', [begin, head, frame(FrameType.DATA, Flag.PADDED, 1, '\x01')]],
  ['§6.1: padded DATA without its length', 'FRAME_SIZE_ERROR', [begin, head, frame(FrameType.DATA, Flag.PADDED, 1)]],
  ['§6.2: HEADERS on stream 0', 'PROTOCOL_ERROR', [begin, headers(0, [[':status', '200']])]],
  [
    '§6.2: HEADERS with more padding than frame',
    'PROTOCOL_ERROR',
    [begin, frame(FrameType.HEADERS, Flag.PADDED | Flag.END_HEADERS, 1, '\x05\x88')],
  ],
  ['§6.2: padded HEADERS without its length', 'FRAME_SIZE_ERROR', [begin, frame(FrameType.HEADERS, Flag.PADDED | Flag.END_HEADERS, 1)]],
  [
    '§6.2: HEADERS too short for its priority',
    'FRAME_SIZE_ERROR',
    [begin, frame(FrameType.HEADERS, Flag.PRIORITY | Flag.END_HEADERS, 1, '1234')],
  ],
  ['§6.3: PRIORITY on stream 0', 'PROTOCOL_ERROR', [begin, priority(0)]],
  ['§6.3: PRIORITY of another length, with no stream to reset', 'FRAME_SIZE_ERROR', [begin, priority(9, 4)]],
  ['§6.4: RST_STREAM on stream 0', 'PROTOCOL_ERROR', [begin, reset(0, 0)]],
  ['§6.4: RST_STREAM of another length', 'FRAME_SIZE_ERROR', [begin, frame(FrameType.RST_STREAM, 0, 1, '123')]],
  ['§6.5: SETTINGS on a stream', 'PROTOCOL_ERROR', [begin, frame(FrameType.SETTINGS, 0, 1)]],
  ['§6.5: SETTINGS of another length', 'FRAME_SIZE_ERROR', [begin, frame(FrameType.SETTINGS, 0, 0, '12345')]],
  ['§6.5: an acknowledgement with settings', 'FRAME_SIZE_ERROR', [begin, frame(FrameType.SETTINGS, Flag.ACK, 0, '123456')]],
  ['§6.5: an acknowledgement of nothing', 'PROTOCOL_ERROR', [begin, settingsAcknowledgement(), settingsAcknowledgement()]],
  ['§6.5.2: ENABLE_PUSH from a server', 'PROTOCOL_ERROR', [settings([Setting.ENABLE_PUSH, 1])]],
  ['§6.5.2: ENABLE_PUSH that is no boolean', 'PROTOCOL_ERROR', [settings([Setting.ENABLE_PUSH, 2])]],
  ['§6.5.2: INITIAL_WINDOW_SIZE above 2³¹ − 1', 'FLOW_CONTROL_ERROR', [settings([Setting.INITIAL_WINDOW_SIZE, 2 ** 31])]],
  ['§6.5.2: MAX_FRAME_SIZE below 2¹⁴', 'PROTOCOL_ERROR', [settings([Setting.MAX_FRAME_SIZE, 16_383])]],
  ['§6.5.2: MAX_FRAME_SIZE above 2²⁴ − 1', 'PROTOCOL_ERROR', [settings([Setting.MAX_FRAME_SIZE, 2 ** 24])]],
  ['RFC 8441 §3: ENABLE_CONNECT_PROTOCOL that is no boolean', 'PROTOCOL_ERROR', [settings([Setting.ENABLE_CONNECT_PROTOCOL, 2])]],
  [
    'RFC 8441 §3: ENABLE_CONNECT_PROTOCOL taken back',
    'PROTOCOL_ERROR',
    [settings([Setting.ENABLE_CONNECT_PROTOCOL, 1]), settings([Setting.ENABLE_CONNECT_PROTOCOL, 0])],
  ],
  ['RFC 9218 §2.1: NO_RFC7540_PRIORITIES that is no boolean', 'PROTOCOL_ERROR', [settings([Setting.NO_RFC7540_PRIORITIES, 2])]],
  [
    '§6.6, §8.4: PUSH_PROMISE',
    'PROTOCOL_ERROR',
    [begin, frame(FrameType.PUSH_PROMISE, Flag.END_HEADERS, 1, Buffer.concat([uint32(2), literals([[':path', '/']])]))],
  ],
  ['§6.7: PING on a stream', 'PROTOCOL_ERROR', [begin, frame(FrameType.PING, 0, 1, '12345678')]],
  ['§6.7: PING of another length', 'FRAME_SIZE_ERROR', [begin, frame(FrameType.PING, 0, 0, '1234567')]],
  ['§6.8: GOAWAY on a stream', 'PROTOCOL_ERROR', [begin, frame(FrameType.GOAWAY, 0, 1, uint32(0, 0))]],
  ['§6.8: GOAWAY that is too short', 'FRAME_SIZE_ERROR', [begin, frame(FrameType.GOAWAY, 0, 0, '1234567')]],
  ['§6.8: GOAWAY with a higher last stream than before', 'PROTOCOL_ERROR', [begin, goAway(3), goAway(5)]],
  ['§6.9: WINDOW_UPDATE of 0 for the connection', 'PROTOCOL_ERROR', [begin, windowUpdate(0, 0)]],
  ['§6.9: WINDOW_UPDATE of another length', 'FRAME_SIZE_ERROR', [begin, frame(FrameType.WINDOW_UPDATE, 0, 0, '123')]],
  ["§6.9.1: the connection's window above 2³¹ − 1", 'FLOW_CONTROL_ERROR', [begin, windowUpdate(0, 2 ** 31 - 1)]],
  [
    '§6.9.2: INITIAL_WINDOW_SIZE that lifts a window above 2³¹ − 1',
    'FLOW_CONTROL_ERROR',
    [begin, windowUpdate(3, 2 ** 31 - 1 - 65_535), settings([Setting.INITIAL_WINDOW_SIZE, 65_536])],
  ],
  [
    '§6.9.2: the same on a stream that sends nothing any more',
    'FLOW_CONTROL_ERROR',
    [begin, windowUpdate(1, 2 ** 31 - 1 - 65_535), settings([Setting.INITIAL_WINDOW_SIZE, 65_536])],
  ],
  ['§6.10: CONTINUATION without HEADERS', 'PROTOCOL_ERROR', [begin, continuation(1, Buffer.alloc(0))]],
  ['§6.10: CONTINUATION after the end of the block', 'PROTOCOL_ERROR', [begin, head, continuation(1, Buffer.alloc(0))]],
  [
    '§6.10: CONTINUATION of another stream',
    'PROTOCOL_ERROR',
    [begin, headers(1, [], { endHeaders: false }), continuation(3, Buffer.alloc(0))],
  ],
  ['§6.10: another frame in a header block', 'PROTOCOL_ERROR', [begin, headers(1, [], { endHeaders: false }), data(3, 'x')]],
  ['§5.5: an unknown frame in a header block', 'PROTOCOL_ERROR', [begin, headers(1, [], { endHeaders: false }), frame(0xfa, 0, 1)]],
];

const streamErrors: readonly Rule[] = [
  [
    '§5.1: HEADERS after the end of the response',
    'STREAM_CLOSED',
    [headers(3, [[':status', '200']], { endStream: true }), headers(3, [['a', 'b']])],
  ],
  ['§5.1: DATA after the end of the response', 'STREAM_CLOSED', [headers(3, [[':status', '200']], { endStream: true }), data(3, 'x')]],
  ['§6.3: PRIORITY of another length', 'FRAME_SIZE_ERROR', [priority(3, 4)]],
  ['§6.9: WINDOW_UPDATE of 0', 'PROTOCOL_ERROR', [windowUpdate(3, 0)]],
  ["§6.9.1: a stream's window above 2³¹ − 1", 'FLOW_CONTROL_ERROR', [windowUpdate(3, 2 ** 31 - 1)]],
  [
    "§6.9.1: a stream's window above 2³¹ − 1 in two steps",
    'FLOW_CONTROL_ERROR',
    [windowUpdate(3, 2 ** 31 - 1 - 65_535), windowUpdate(3, 1)],
  ],
  ['§8.1: DATA before the head', 'PROTOCOL_ERROR', [data(3, 'x')]],
];

describe('a connection error', () => {
  it.each(connectionErrors)('%s is %s', (_rule, code, frames) => {
    everySplit(Buffer.concat(frames), (pieces) => {
      const peer = peerWithStreams();
      peer.receivePieces(pieces);
      expect(peer.error).toMatchObject({ name: 'RemoteProtocolError', code: `H2_${code}` });
      expect(peer.sent().at(-1)).toBe(`GOAWAY 0 ${code}`);
      expect(peer.events().at(-1)).toBe(`connection error H2_${code}`);
      expect(peer.engine.isFinished).toBe(true);
      expect(peer.engine.capacity).toBe(0);
      expect(peer.engine.openStreams).toBe(0);
    });
  });

  it('fails every stream with the same error, and says that it may have been processed', () => {
    const peer = new EngineHarness();
    const streams = [peer.open('GET', '/'), peer.open('POST', '/', { endStream: false })];
    peer.clear();
    peer.receive(begin, ping(), frame(FrameType.PING, 0, 0, ''));
    for (const stream of streams) {
      expect(stream.token.error).toBe(peer.error);
      expect(stream.token.wasProcessed).toBe(true);
      expect(stream.isClosed).toBe(true);
    }
  });

  it('is the last that happens: nothing is read, written or told any more', () => {
    const peer = peerWithStreams();
    const stream = peer.open('POST', '/', { endStream: false });
    peer.receive(begin, windowUpdate(0, 0), ping(), head);
    peer.clear();
    peer.receive(settings(), ping(), head, goAway(0));
    expect(peer.engine.sendData(stream, Buffer.from('x'))).toBe(true);
    peer.engine.endStream(stream, null);
    peer.engine.resetStream(stream, ErrorCode.CANCEL);
    peer.engine.consumed(stream, 10);
    peer.engine.ping(1);
    peer.engine.goAway(0);
    peer.engine.onDrained();
    expect(peer.sent()).toEqual([]);
    expect(peer.events()).toEqual([]);
    expect(() => peer.open('GET', '/')).toThrow('no more streams');
  });
});

describe('a stream error', () => {
  it.each(streamErrors)('%s is %s', (_rule, code, frames) => {
    everySplit(Buffer.concat([begin, ...frames, head, ping(1, 2)]), (pieces) => {
      const peer = peerWithStreams();
      peer.receivePieces(pieces);
      expect(peer.error).toBeUndefined();
      expect(peer.sent().slice(1)).toEqual([`RST_STREAM 3 ${code}`, 'PING ACK 0000000100000002']);
      const events = peer.events();
      // After the end of a response there is only the upload to be stopped.
      expect(events).toContain(events.includes('end 3 []') ? `upload stopped 3 ${code}` : `reset 3 H2_${code}`);
      // The others go on.
      expect(events.at(-1)).toBe('head 1 200 []');
    });
  });

  it.each([[[windowUpdate(1, 2 ** 31 - 1)]], [[windowUpdate(1, 2 ** 31 - 1 - 65_535), windowUpdate(1, 1)]]])(
    '§6.9.1: a window above 2³¹ − 1 is one also where nothing is sent any more (%#)',
    (frames) => {
      const peer = peerWithStreams();
      peer.receive(begin, ...frames);
      expect(peer.error).toBeUndefined();
      expect(peer.sent().slice(1)).toEqual(['RST_STREAM 1 FLOW_CONTROL_ERROR']);
      expect(peer.events()).toContain('reset 1 H2_FLOW_CONTROL_ERROR');
    },
  );

  it("is DATA beyond the stream's window, and the connection's part of it is given back", () => {
    const peer = new EngineHarness({ streamWindow: 65_535, connectionWindow: 131_072 });
    peer.consumes = false;
    const stream = peer.open('GET', '/');
    const chunk = Buffer.alloc(16_384);
    peer.receive(begin, settingsAcknowledgement(), head, data(1, chunk), data(1, chunk), data(1, chunk), data(1, chunk.subarray(1)));
    peer.clear();
    peer.receive(data(1, chunk), data(1, chunk));
    expect(stream.token.error?.code).toBe('H2_FLOW_CONTROL_ERROR');
    expect(peer.sent()).toEqual(['RST_STREAM 1 FLOW_CONTROL_ERROR', 'WINDOW_UPDATE 32768']);
  });
});

describe("DATA beyond the connection's window", () => {
  it('is a connection error', () => {
    const peer = new EngineHarness({ connectionWindow: 65_535 });
    peer.consumes = false;
    peer.open('GET', '/');
    const chunk = Buffer.alloc(16_384);
    const window = [data(1, chunk), data(1, chunk), data(1, chunk), data(1, chunk.subarray(1))];
    peer.receive(begin, head, ...window);
    expect(peer.error).toBeUndefined();
    // It was given back, and then is exceeded within one turn.
    peer.receive(...window, data(1, 'x'));
    expect(peer.error?.code).toBe('H2_FLOW_CONTROL_ERROR');
  });
});

describe('frames on streams that a reset closed', () => {
  it('are dropped where we reset it, and its headers still decoded', () => {
    const peer = peerWithStreams();
    peer.receive(begin);
    peer.engine.resetStream(peer.open('GET', '/'), ErrorCode.CANCEL);
    peer.clear();
    // The literal enters the table of the decoder, and the second block refers to it.
    peer.receive(
      headers(5, Buffer.from('88400161023432', 'hex')),
      data(5, 'x'),
      windowUpdate(5, 0),
      reset(5, 0),
      headers(1, Buffer.from('88be', 'hex')),
    );
    expect(peer.events()).toEqual(['head 1 200 [a=42]']);
    expect(peer.sent()).toEqual([]);
  });

  it('are answered with STREAM_CLOSED where the peer did', () => {
    const peer = peerWithStreams();
    peer.receive(begin, reset(1, ErrorCode.CANCEL));
    peer.clear();
    peer.receive(head, data(1, 'x'), windowUpdate(1, 5), reset(1, 0));
    expect(peer.sent()).toEqual(['RST_STREAM 1 STREAM_CLOSED', 'RST_STREAM 1 STREAM_CLOSED']);
    expect(peer.events()).toEqual([]);
  });

  it('are taken for harmless where it was too long ago to know', () => {
    const peer = new EngineHarness();
    peer.receive(begin);
    for (let count = 0; count < 1_100; count += 1) {
      peer.engine.resetStream(peer.open('GET', '/'), ErrorCode.CANCEL);
      peer.clear();
    }
    peer.receive(data(1, 'x'), data(2_199, 'x'));
    expect(peer.error).toBeUndefined();
    peer.open('GET', '/');
    peer.receive(headers(2_201, [[':status', '200']], { endStream: true }), data(2_201, 'x'));
    expect(peer.error?.code).toBe('H2_STREAM_CLOSED');
  });
});
