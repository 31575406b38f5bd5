import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { EngineHarness } from '../../../test/support/http2/engine-harness.ts';
import { settings, windowUpdate, type SettingEntry } from '../../../test/support/http2/frame-factory.ts';
import { LocalProtocolError } from '../../contract/errors.ts';
import { Setting } from './constants.ts';

function ready(...entries: readonly SettingEntry[]): EngineHarness {
  const peer = new EngineHarness();
  peer.receive(settings(...entries));
  peer.clear();
  return peer;
}

function codeOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    if (error instanceof LocalProtocolError) return error.code;
    throw error;
  }
  return 'nothing thrown';
}

describe('a request body', () => {
  it('leaves with its head, and its end with its last data', () => {
    const peer = ready();
    const stream = peer.open('POST', '/', { endStream: false });
    expect(peer.engine.sendData(stream, Buffer.from('hello'))).toBe(true);
    peer.engine.endStream(stream, null);
    expect(peer.sent()).toEqual(['HEADERS 1 :method=POST :scheme=https :authority=example.com :path=/', 'DATA 1 END_STREAM "hello"']);
    expect(peer.writes).toHaveLength(1);
    expect(peer.events()).toEqual(['request sent 1']);
  });

  it('ends with an empty frame where its end comes later', () => {
    const peer = ready();
    const stream = peer.open('POST', '/', { endStream: false });
    peer.engine.sendData(stream, Buffer.from('hello'));
    peer.sent();
    peer.engine.endStream(stream, null);
    expect(peer.sent()).toEqual(['DATA 1 END_STREAM ""']);
    expect(peer.events()).toEqual(['request sent 1']);
  });

  it('may be empty, and may have empty chunks', () => {
    const peer = ready();
    const stream = peer.open('POST', '/', { endStream: false });
    peer.engine.sendData(stream, Buffer.alloc(0));
    peer.engine.endStream(stream, []);
    expect(peer.sent().slice(1)).toEqual(['DATA 1 END_STREAM ""']);
  });

  it('ends with trailers, encoded in the order of the wire', () => {
    const peer = ready();
    const stream = peer.open('POST', '/', { endStream: false });
    peer.engine.sendData(stream, Buffer.from('a'));
    const trailers: [string, string][] = [['X-Sum', '1']];
    peer.engine.endStream(stream, trailers);
    trailers[0]![1] = '\n';
    peer.open('GET', '/', { headers: [['x-sum', '1']] });
    expect(peer.sent().slice(1)).toEqual([
      'HEADERS 3 END_STREAM :method=GET :scheme=https :authority=example.com :path=/ x-sum=1',
      'DATA 1 "a"',
      'HEADERS 1 END_STREAM x-sum=1',
    ]);
    const empty = peer.open('POST', '/', { endStream: false });
    peer.engine.endStream(empty, [['x-sum', '2']]);
    expect(peer.sent().slice(1)).toEqual(['HEADERS 5 END_STREAM x-sum=2']);
  });

  it.each<[string, [string, string]]>([
    ['INVALID_TRAILER', ['content-length', '1']],
    ['INVALID_TRAILER', ['host', 'a']],
    ['INVALID_TRAILER', [':path', '/']],
    ['INVALID_TRAILER', ['connection', 'close']],
    ['INVALID_TRAILER', ['a b', 'c']],
    ['INVALID_HEADER_VALUE', ['a', '\n']],
  ])('fails with %s for the trailer %j, and can still be ended', (code, trailer) => {
    const peer = ready();
    const stream = peer.open('POST', '/', { endStream: false });
    expect(codeOf(() => peer.engine.endStream(stream, [trailer]))).toBe(code);
    peer.engine.endStream(stream, null);
    expect(peer.sent().slice(1)).toEqual(['DATA 1 END_STREAM ""']);
  });

  it("can not have more trailers than the peer's MAX_HEADER_LIST_SIZE, and can still be ended", () => {
    const peer = ready([Setting.MAX_HEADER_LIST_SIZE, 200]);
    const stream = peer.open('POST', '/', { endStream: false });
    const other = peer.open('POST', '/', { endStream: false });
    const trailer = (length: number): [string, string][] => [
      ['x-sum', 'v'.repeat(length)],
      ['x-b', ''],
    ];
    expect(codeOf(() => peer.engine.endStream(stream, trailer(200 - 8 - 64 + 1)))).toBe('HEADER_LIST_TOO_LARGE');
    peer.engine.endStream(stream, null);
    peer.engine.endStream(other, trailer(200 - 8 - 64));
    expect(peer.sent().slice(2)).toEqual(['DATA 1 END_STREAM ""', `HEADERS 3 END_STREAM x-sum=${'v'.repeat(128)} x-b=`]);
  });

  it('must have the length that it said it has', () => {
    const peer = ready();
    const open = (): ReturnType<typeof peer.open> => peer.open('POST', '/', { endStream: false, headers: [['content-length', '3']] });
    expect(codeOf(() => peer.engine.sendData(open(), Buffer.from('four')))).toBe('CONTENT_LENGTH_MISMATCH');
    const short = open();
    peer.engine.sendData(short, Buffer.from('tw'));
    expect(codeOf(() => peer.engine.endStream(short, null))).toBe('CONTENT_LENGTH_MISMATCH');
    peer.engine.sendData(short, Buffer.from('o'));
    peer.engine.endStream(short, null);
    expect(peer.sent().slice(-2)).toEqual(['DATA 3 "tw"', 'DATA 3 END_STREAM "o"']);
  });

  it('ends once', () => {
    const peer = ready();
    const stream = peer.open('POST', '/', { endStream: false });
    peer.engine.endStream(stream, null);
    expect(codeOf(() => peer.engine.sendData(stream, Buffer.from('a')))).toBe('INVALID_BODY');
    expect(codeOf(() => peer.engine.endStream(stream, null))).toBe('INVALID_BODY');
    expect(codeOf(() => peer.engine.sendData(peer.open('GET', '/'), Buffer.from('a')))).toBe('INVALID_BODY');
  });

  it('is not copied where it is large, and cut to the frames that the peer takes', () => {
    const peer = ready([Setting.INITIAL_WINDOW_SIZE, 1_000_000]);
    const stream = peer.open('POST', '/', { endStream: false });
    const chunk = Buffer.alloc(40_000, 'x');
    peer.engine.sendData(stream, chunk);
    peer.engine.endStream(stream, null);
    expect(peer.sent().slice(1)).toEqual(['DATA 1 (16384 octets)', 'DATA 1 (16384 octets)', 'DATA 1 END_STREAM (7232 octets)']);
    const wide = ready([Setting.MAX_FRAME_SIZE, 100_000], [Setting.INITIAL_WINDOW_SIZE, 1_000_000]);
    const other = wide.open('POST', '/', { endStream: false });
    wide.engine.sendData(other, chunk);
    expect(wide.sent().slice(1)).toEqual(['DATA 1 (40000 octets)']);
  });

  it('keeps its order over many chunks', () => {
    const peer = ready([Setting.INITIAL_WINDOW_SIZE, 2 ** 30]);
    peer.receive(windowUpdate(0, 2 ** 30));
    const stream = peer.open('POST', '/', { endStream: false });
    const chunks = Array.from({ length: 500 }, (_, index) => Buffer.from(`${index};`));
    for (const [index, chunk] of chunks.entries()) {
      peer.engine.sendData(stream, chunk);
      if (index % 150 === 0) peer.engine.flush();
    }
    peer.engine.endStream(stream, null);
    const sent = peer
      .sent()
      .slice(1)
      .map((frame) => JSON.parse(frame.slice(frame.indexOf('"'))) as string);
    expect(sent.join('')).toBe(Buffer.concat(chunks).toString());
  });
});
