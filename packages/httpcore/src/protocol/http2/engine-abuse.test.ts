/** What a peer can send to make us work, wait or remember, and where that ends (RFC 9113 §10.5). */
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
  windowUpdate,
} from '../../../test/support/http2/frame-factory.ts';
import { ErrorCode, Setting } from './constants.ts';

const head = headers(1, [[':status', '200']]);

function peerWithStream(): EngineHarness {
  const peer = new EngineHarness();
  peer.recordsData = false;
  peer.open('GET', '/');
  peer.receive(settings(), head);
  peer.clear();
  return peer;
}

/** Sends the frame until the connection ends, at most so many times; returns how often that was. */
function flood(peer: EngineHarness, bytes: Uint8Array, most: number): number {
  const batch = Buffer.concat(Array.from({ length: 100 }, () => bytes));
  for (let sent = 0; sent < most; sent += 100) {
    peer.engine.receive(batch);
    peer.engine.flush();
    if (peer.engine.isFinished) return sent + 100;
  }
  return most;
}

describe('a flood', () => {
  it.each<[string, Uint8Array, number]>([
    ['PING', ping(), 2_000],
    ['PING acknowledgements', ping(1, 2, true), 2_000],
    ['SETTINGS', settings(), 200],
    ['SETTINGS with many entries', settings(...Array.from({ length: 500 }, () => [Setting.INITIAL_WINDOW_SIZE, 70_000] as const)), 200],
    ['empty DATA', data(1, ''), 2_000],
    ['DATA that is all padding', data(1, '', { padding: 255 }), 2_000],
    ['tiny DATA', data(1, 'x'), 300_000],
    ['WINDOW_UPDATE for the connection', windowUpdate(0, 1), 8_000],
    ['WINDOW_UPDATE for a stream', windowUpdate(1, 1), 8_000],
    ['PRIORITY', priority(1), 2_000],
    ['unknown frames', frame(0xfa, 0, 0, 'x'), 2_000],
    ['GOAWAY', goAway(2 ** 31 - 1), 2_000],
  ])('of %s ends the connection with ENHANCE_YOUR_CALM', (_what, bytes, most) => {
    const peer = peerWithStream();
    expect(flood(peer, bytes, most)).toBeLessThan(most);
    expect(peer.error?.code).toBe('H2_ENHANCE_YOUR_CALM');
    expect(peer.sent().at(-1)).toBe('GOAWAY 0 ENHANCE_YOUR_CALM');
    expect(peer.events()).toContain('reset 1 H2_ENHANCE_YOUR_CALM');
  });

  it.each<[string, Uint8Array]>([
    ['RST_STREAM', reset(1, 0)],
    ['HEADERS', headers(1, [['a', 'b']])],
    ['DATA', data(1, 'x'.repeat(100))],
  ])('of %s on a stream that was reset ends the connection', (_what, bytes) => {
    const peer = peerWithStream();
    peer.receive(reset(1, ErrorCode.CANCEL));
    expect(flood(peer, bytes, 30_000)).toBeLessThan(30_000);
    expect(peer.error?.code).toBe('H2_ENHANCE_YOUR_CALM');
  });

  it('that time has thinned out is none', () => {
    const peer = peerWithStream();
    for (let minute = 0; minute < 60; minute += 1) {
      peer.time += 60_000;
      for (const bytes of [ping(), windowUpdate(0, 1), data(1, '')]) peer.receive(...Array.from({ length: 200 }, () => bytes));
      peer.receive(...Array.from({ length: 50 }, () => settings()));
    }
    expect(peer.error).toBeUndefined();
  });

  it('of updates is none where DATA explains it', () => {
    const peer = new EngineHarness();
    const stream = peer.open('POST', '/', { endStream: false });
    peer.receive(settings());
    for (let turn = 0; turn < 20_000; turn += 1) {
      peer.engine.sendData(stream, Buffer.alloc(100));
      peer.engine.flush();
      peer.engine.receive(Buffer.concat([windowUpdate(0, 100), windowUpdate(1, 100)]));
      if (turn % 100 === 0) peer.sent();
    }
    expect(peer.error).toBeUndefined();
  });

  it('of updates is none where octets explain it, however many there are for each frame', () => {
    const peer = new EngineHarness();
    const stream = peer.open('POST', '/', { endStream: false });
    peer.receive(settings());
    const updates = Buffer.concat(Array.from({ length: 256 }, () => Buffer.concat([windowUpdate(0, 64), windowUpdate(1, 64)])));
    for (let turn = 0; turn < 500; turn += 1) {
      peer.engine.sendData(stream, Buffer.alloc(16_384));
      peer.engine.flush();
      peer.engine.receive(updates);
      if (turn % 100 === 0) peer.sent();
    }
    expect(peer.error).toBeUndefined();
  });

  it.each<[string, (id: number) => Uint8Array]>([
    [
      'small answers that end in a frame of their own',
      (id) => Buffer.concat([headers(id, [[':status', '200']]), data(id, '{"id":7}'), data(id, '', { endStream: true })]),
    ],
    [
      'gRPC messages with their trailers',
      (id) =>
        Buffer.concat([
          headers(id, [[':status', '200']]),
          data(id, 'x'),
          data(id, ''),
          headers(id, [['grpc-status', '0']], { endStream: true }),
        ]),
    ],
    [
      'answers amid frames that servers send beside them',
      (id) =>
        Buffer.concat([
          windowUpdate(id, 1_000),
          windowUpdate(0, 1_000),
          ping(),
          frame(0x0a, 0, id, 'alt-svc'),
          headers(id, [[':status', '200']], { endStream: true }),
        ]),
    ],
  ])('of %s is none, at any rate', (_what, answer) => {
    const peer = new EngineHarness();
    peer.recordsData = false;
    peer.receive(settings());
    for (let count = 0; count < 20_000 && peer.error === undefined; count += 1) {
      const { id } = peer.open('GET', '/');
      peer.engine.receive(answer(id));
      if (count % 100 === 0) peer.clear();
    }
    expect(peer.error).toBeUndefined();
  });

  it('of rows that are flushed one by one is none, at any rate; nor are single octets', () => {
    for (const [row, count] of [
      ['{"id":0}\n', 1_000_000],
      ['x', 50_000],
    ] as const) {
      const peer = peerWithStream();
      expect(flood(peer, data(1, row), count)).toBe(count);
      expect(peer.error).toBeUndefined();
    }
  });

  it('of what was under way when we gave streams up is none', () => {
    const peer = new EngineHarness();
    peer.receive(settings());
    const rows = Buffer.alloc(20, 'x');
    for (let count = 0; count < 10 && peer.error === undefined; count += 1) {
      const stream = peer.open('GET', '/');
      peer.engine.receive(headers(stream.id, [[':status', '200']]));
      peer.engine.resetStream(stream, ErrorCode.CANCEL);
      peer.engine.receive(Buffer.concat(Array.from({ length: 50_000 }, () => data(stream.id, rows))));
      peer.clear();
    }
    expect(peer.error).toBeUndefined();
  });

  it('of events in small frames is none at a rate that is read', () => {
    const peer = peerWithStream();
    for (let second = 0; second < 10; second += 1) {
      peer.time += 1_000;
      peer.receive(...Array.from({ length: 10_000 }, () => data(1, 'data: x\n\n')));
      peer.clear();
    }
    expect(peer.error).toBeUndefined();
  });
});

describe('a header block', () => {
  it('ends the connection in too many CONTINUATION frames, empty or not (CVE-2024-27316)', () => {
    for (const piece of ['', 'x']) {
      const peer = peerWithStream();
      peer.receive(headers(1, [], { endHeaders: false }));
      expect(flood(peer, continuation(1, Buffer.from(piece), false), 1_000)).toBe(100);
      expect(peer.error?.code).toBe('H2_ENHANCE_YOUR_CALM');
    }
  });

  it('ends the connection once it is far over the limit of the list, whatever it holds', () => {
    const peer = peerWithStream();
    const piece = literals([['a', 'x'.repeat(16_300)]]);
    peer.receive(headers(1, piece, { endHeaders: false }));
    expect(flood(peer, continuation(1, piece, false), 1_000)).toBe(100);
    expect(peer.error).toMatchObject({ code: 'H2_ENHANCE_YOUR_CALM', message: 'The peer sent a header block of more than 131072 octets' });
  });

  it('that is a bomb of references fails its stream; the connection lives', () => {
    const peer = new EngineHarness();
    const stream = peer.open('GET', '/');
    peer.open('GET', '/');
    peer.receive(settings());
    const entry = Buffer.concat([Buffer.from([0x40]), literals([['x', 'v'.repeat(4_000)]]).subarray(1)]);
    peer.receive(
      headers(1, Buffer.concat([Buffer.from([0x88]), entry, Buffer.alloc(12_000, 0xbe)]), { endHeaders: false }),
      continuation(1, Buffer.alloc(16_000, 0xbe)),
      headers(3, [[':status', '200']], { endStream: true }),
    );
    expect(stream.token.error?.code).toBe('H2_ENHANCE_YOUR_CALM');
    expect(peer.error).toBeUndefined();
    expect(peer.events().at(-1)).toBe('end 3 []');
  });
});

describe('a peer that reads nothing', () => {
  it('can not make us queue answers without end', () => {
    const peer = peerWithStream();
    peer.sinkHasRoom = false;
    for (let second = 0; second < 20 && !peer.engine.isFinished; second += 1) {
      peer.time += 1_000;
      flood(peer, ping(), 300);
    }
    expect(peer.error).toMatchObject({ code: 'H2_ENHANCE_YOUR_CALM', message: 'The peer asks for answers and does not read them' });
    const answers = peer.sent().filter((one) => one.startsWith('PING ACK'));
    expect(answers.length).toBeLessThan(1_200);
  });

  it('and now and then does is no such peer', () => {
    const peer = peerWithStream();
    peer.sinkHasRoom = false;
    for (let second = 0; second < 20; second += 1) {
      peer.time += 1_000;
      flood(peer, ping(), 300);
      peer.engine.onDrained();
    }
    expect(peer.error).toBeUndefined();
  });
});

describe('memory', () => {
  it('of streams that were reset is bounded', () => {
    const peer = new EngineHarness();
    peer.receive(settings());
    for (let count = 0; count < 5_000; count += 1) {
      peer.engine.resetStream(peer.open('GET', '/'), ErrorCode.CANCEL);
      if (count % 100 === 0) peer.clear();
    }
    expect(peer.engine.openStreams).toBe(0);
  });
});
