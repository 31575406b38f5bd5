import { describe, expect, it } from 'vitest';

import { EngineHarness } from '../../../test/support/http2/engine-harness.ts';
import { settings, type SettingEntry } from '../../../test/support/http2/frame-factory.ts';
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

describe('a new connection', () => {
  it('begins with the preface, SETTINGS, a large window and the first request, in one write', () => {
    const peer = new EngineHarness();
    peer.open('GET', '/');
    expect(peer.sent()).toEqual([
      'PREFACE',
      'SETTINGS 2=0 4=1048576 6=65536',
      `WINDOW_UPDATE ${16 * 1_048_576 - 65_535}`,
      'HEADERS 1 END_STREAM :method=GET :scheme=https :authority=example.com :path=/',
    ]);
    expect(peer.writes).toHaveLength(1);
  });

  it('says what differs from the defaults, and nothing else', () => {
    const peer = new EngineHarness({
      headerTableSize: 0,
      maxFrameSize: 20_000,
      streamWindow: 1_000,
      connectionWindow: 65_535,
      maxHeaderListSize: 9,
    });
    expect(peer.sent()).toEqual(['PREFACE', 'SETTINGS 2=0 4=1000 1=0 5=20000 6=9']);
  });

  it('refuses options that are out of range, and reads only own properties', () => {
    expect(codeOf(() => new EngineHarness({ maxFrameSize: 16_383 }))).toBe('INVALID_OPTION');
    expect(codeOf(() => new EngineHarness({ connectionWindow: 2 ** 31 }))).toBe('INVALID_OPTION');
    expect(codeOf(() => new EngineHarness({ streamWindow: Number.NaN }))).toBe('INVALID_OPTION');
    const inherited = new EngineHarness(Object.create({ streamWindow: 5 }) as object);
    expect(inherited.sent()[1]).toBe('SETTINGS 2=0 4=1048576 6=65536');
  });
});

describe('a request', () => {
  it('has its pseudo-header fields first, and Host as :authority', () => {
    const peer = ready();
    peer.open('GET', '/a?b=c', {
      headers: [
        ['X-First', '1'],
        ['HOST', 'other.example:8443'],
        ['accept', 'text/html'],
      ],
    });
    expect(peer.sent()).toEqual([
      'HEADERS 1 END_STREAM :method=GET :scheme=https :authority=other.example:8443 :path=/a?b=c x-first=1 accept=text/html',
    ]);
  });

  it('keeps order and duplicates, and drops white space around values', () => {
    const peer = ready();
    peer.open('GET', '/', {
      headers: [
        ['b', ' 1 '],
        ['a', '\t2'],
        ['b', '3'],
        ['c', '  '],
      ],
    });
    expect(peer.sent()[0]).toMatch(/ b=1 a=2 b=3 c=$/);
  });

  it('counts its stream up in odd numbers', () => {
    const peer = ready();
    expect([peer.open('GET', '/').id, peer.open('GET', '/').id, peer.open('GET', '/').id]).toEqual([1, 3, 5]);
  });

  it('leaves with all others of the same turn in one write', () => {
    const peer = ready();
    const before = peer.outputAnnouncements;
    for (let count = 0; count < 50; count += 1) peer.open('GET', `/${count}`);
    expect(peer.outputAnnouncements).toBe(before + 1);
    expect(peer.sent()).toHaveLength(50);
    expect(peer.writes).toHaveLength(1);
  });

  it('never indexes secrets', () => {
    const peer = ready();
    for (let count = 0; count < 2; count += 1) {
      peer.open('GET', '/', {
        headers: [
          ['Authorization', 'Basic dXNlcjpwYXNz'],
          ['cookie', 'id=short'],
          ['cookie', 'id=a-long-one-that-may-be-indexed'],
        ],
      });
      expect(peer.sent()[0]).toMatch(
        /authorization=Basic dXNlcjpwYXNz \(never indexed\) cookie=id=short \(never indexed\) cookie=id=a-long-one-that-may-be-indexed$/,
      );
    }
  });

  it.each([
    [
      'the absolute form',
      'GET',
      'http://else.example:81/x?y#',
      'HEADERS 1 END_STREAM :method=GET :scheme=http :authority=else.example:81 :path=/x?y#',
    ],
    [
      'the absolute form without a path',
      'GET',
      'http://else.example?y',
      'HEADERS 1 END_STREAM :method=GET :scheme=http :authority=else.example :path=/?y',
    ],
    ['the asterisk form', 'OPTIONS', '*', 'HEADERS 1 END_STREAM :method=OPTIONS :scheme=https :authority=example.com :path=*'],
    ['CONNECT', 'CONNECT', 'db.internal:5432', 'HEADERS 1 END_STREAM :method=CONNECT :authority=db.internal:5432'],
  ])('may have its target in %s', (_form, method, target, frame) => {
    const peer = ready();
    peer.open(method, target);
    expect(peer.sent()).toEqual([frame]);
  });

  it('may be extended CONNECT where the peer knows it (RFC 8441)', () => {
    const peer = ready([Setting.ENABLE_CONNECT_PROTOCOL, 1]);
    expect(peer.engine.peerSettings.enableConnectProtocol).toBe(true);
    peer.open('CONNECT', '/chat', { protocol: 'websocket', endStream: false });
    expect(peer.sent()).toEqual(['HEADERS 1 :method=CONNECT :scheme=https :authority=example.com :path=/chat :protocol=websocket']);
    expect(codeOf(() => peer.open('GET', '/', { protocol: 'websocket' }))).toBe('INVALID_METHOD');
    expect(codeOf(() => ready().open('CONNECT', '/', { protocol: 'websocket' }))).toBe('EXTENDED_CONNECT_UNSUPPORTED');
  });

  it('is spread over CONTINUATION frames where the peer takes no larger ones', () => {
    const peer = ready();
    const value = '~'.repeat(20_000);
    peer.open('GET', '/', {
      headers: [
        ['x-large', value],
        ['x-larger', value],
      ],
    });
    const frames = peer.sent();
    expect(frames.map((frame) => frame.slice(0, 60))).toEqual([
      'HEADERS 1 END_STREAM (16384 octets, not the end)',
      'CONTINUATION 1 (16384 octets, not the end)',
      'CONTINUATION 1 :method=GET :scheme=https :authority=example.',
    ]);
    expect(frames[2]).toContain(` x-large=${value} x-larger=${value}`);
    const wide = ready([Setting.MAX_FRAME_SIZE, 65_536]);
    wide.open('GET', '/', { headers: [['x-large', value]] });
    expect(wide.sent()).toHaveLength(1);
  });
});

describe("what is about HTTP/1.1's connections", () => {
  it.each<[string, [string, string][], string]>([
    [
      'is left out',
      [
        ['Connection', 'keep-alive'],
        ['keep-alive', 'timeout=5'],
        ['Proxy-Connection', 'close'],
        ['upgrade', 'h2c'],
        ['Transfer-Encoding', 'Chunked'],
      ],
      '',
    ],
    [
      'is left out with what it names',
      [
        ['connection', 'close, X-Hop'],
        ['x-hop', '1'],
        ['x-end', '2'],
        ['Connection', 'x-other'],
        ['x-other', '3'],
      ],
      ' x-end=2',
    ],
    ['leaves of TE what means something here', [['te', 'gzip;q=0.5, Trailers']], ' te=trailers'],
    [
      'leaves TE where Connection has to name it',
      [
        ['Connection', 'TE'],
        ['te', 'trailers'],
      ],
      ' te=trailers',
    ],
    ['leaves no TE for codings', [['te', 'deflate, trailers;q=0']], ''],
  ])('%s', (_name, headers, sent) => {
    const peer = ready();
    peer.open('GET', '/', { headers });
    expect(peer.sent()).toEqual([`HEADERS 1 END_STREAM :method=GET :scheme=https :authority=example.com :path=/${sent}`]);
  });
});

describe('a request that HTTP/2 does not allow', () => {
  it.each<[string, string, string, [string, string][]]>([
    ['INVALID_METHOD', '', '/', []],
    ['INVALID_METHOD', 'GE T', '/', []],
    ['INVALID_METHOD', 'GET\r\n', '/', []],
    ['INVALID_TARGET', 'GET', '', []],
    ['INVALID_TARGET', 'GET', '*', []],
    ['INVALID_TARGET', 'GET', 'path', []],
    ['INVALID_TARGET', 'GET', '/a b', []],
    ['INVALID_TARGET', 'GET', '/a\r\nx: y', []],
    ['INVALID_TARGET', 'GET', '/caf\u00e9', []],
    ['INVALID_HOST', 'GET', 'http://user@host/', []],
    ['INVALID_HOST', 'GET', 'http:///', []],
    ['INVALID_HOST', 'CONNECT', '', []],
    ['INVALID_HOST', 'CONNECT', '/path', []],
    ['INVALID_HOST', 'CONNECT', 'user@host:1', []],
    ['INVALID_HOST', 'CONNECT', 'host:1 x', []],
    ['INVALID_HOST', 'GET', '/', [['host', '']]],
    ['INVALID_HOST', 'GET', '/', [['host', 'a/b']]],
    ['INVALID_HOST', 'GET', '/', [['host', 'a b']]],
    [
      'INVALID_HEADER_NAME',
      'GET',
      '/',
      [
        ['host', 'a'],
        ['Host', 'a'],
      ],
    ],
    ['INVALID_HEADER_NAME', 'GET', '/', [['', 'a']]],
    ['INVALID_HEADER_NAME', 'GET', '/', [[':path', '/b']]],
    ['INVALID_HEADER_NAME', 'GET', '/', [[':status', '200']]],
    ['INVALID_HEADER_NAME', 'GET', '/', [[':x', 'a']]],
    ['INVALID_HEADER_NAME', 'GET', '/', [['a b', 'a']]],
    ['INVALID_HEADER_NAME', 'GET', '/', [['a:', 'a']]],
    ['INVALID_HEADER_NAME', 'GET', '/', [['\u212aeep-alive', 'a']]],
    ['INVALID_FRAMING', 'GET', '/', [['Transfer-Encoding', 'gzip, chunked']]],
    ['INVALID_HEADER_VALUE', 'GET', '/', [['a', 'b\r\nc: d']]],
    ['INVALID_HEADER_VALUE', 'GET', '/', [['a', '\0']]],
    ['INVALID_HEADER_VALUE', 'GET', '/', [['a', '\u0d0a']]],
    ['INVALID_HEADER_VALUE', 'GET', '/', [['a', 5 as unknown as string]]],
    ['INVALID_HEADER_NAME', 'GET', '/', [[{ toString: () => 'a' } as unknown as string, 'b']]],
    [
      'INVALID_FRAMING',
      'GET',
      '/',
      [
        ['content-length', '5'],
        ['content-length', '5'],
      ],
    ],
    ['INVALID_FRAMING', 'GET', '/', [['content-length', '-5']]],
    ['INVALID_FRAMING', 'GET', '/', [['content-length', '0x5']]],
    ['CONTENT_LENGTH_MISMATCH', 'GET', '/', [['content-length', '5']]],
  ])('fails with %s: %j %j %j', (code, method, target, fields) => {
    const peer = ready();
    expect(codeOf(() => peer.open(method, target, { headers: fields }))).toBe(code);
    expect(peer.sent()).toEqual([]);
    // The table of the header compression is as it was, and so is the next stream.
    peer.open('GET', '/');
    expect(peer.sent()).toEqual(['HEADERS 1 END_STREAM :method=GET :scheme=https :authority=example.com :path=/']);
  });

  it('does not show a value in the error', () => {
    const peer = ready();
    expect(() => peer.open('GET', '/', { headers: [['authorization', 'Bearer secret\n']] })).toThrow(/^((?!secret).)*$/s);
  });

  it('may say that it takes trailers', () => {
    const peer = ready();
    peer.open('GET', '/', { headers: [['TE', 'trailers']] });
    expect(peer.sent()[0]).toMatch(/ te=trailers$/);
  });
});

describe("the peer's MAX_HEADER_LIST_SIZE (RFC 9113 §6.5.2)", () => {
  // :method, :scheme, :authority, :path and x-some: name and value of each, and 32 octets for each.
  const fields: [string, string][] = [['X-Some', '']];
  const size = 7 + 3 + 7 + 5 + 10 + 11 + 5 + 1 + 6 + 5 * 32;

  it('allows what is as large, the pseudo-header fields counted, and nothing that is larger', () => {
    const peer = ready([Setting.MAX_HEADER_LIST_SIZE, size]);
    peer.open('GET', '/', { headers: fields });
    peer.clear();
    expect(codeOf(() => peer.open('GET', '/', { headers: [['X-Some', '1']] }))).toBe('HEADER_LIST_TOO_LARGE');
    expect(codeOf(() => peer.open('GET', '/1', { headers: fields }))).toBe('HEADER_LIST_TOO_LARGE');
    expect(codeOf(() => peer.open('GET', '/', { headers: [...fields, ['', '']] }))).toBe('INVALID_HEADER_NAME');
    expect(peer.sent()).toEqual([]);
    // White space that is not sent does not count.
    expect(peer.open('GET', '/', { headers: [['x-some', ' \t']] }).id).toBe(3);
  });

  it('counts a field by its text, also where an index of one octet stands for it', () => {
    const large: [string, string][] = [['x-large', 'v'.repeat(1_000)]];
    const peer = ready();
    for (let count = 0; count < 2; count += 1) peer.open('GET', '/', { headers: large });
    expect(peer.sent()).toHaveLength(2);
    peer.receive(settings([Setting.MAX_HEADER_LIST_SIZE, 1_000]));
    peer.clear();
    expect(codeOf(() => peer.open('GET', '/', { headers: large }))).toBe('HEADER_LIST_TOO_LARGE');
    peer.open('GET', '/', { headers: [['x-small', 'v']] });
    expect(peer.sent()).toEqual(['HEADERS 5 END_STREAM :method=GET :scheme=https :authority=example.com :path=/ x-small=v']);
  });

  it('is not known before the SETTINGS, and may change with each of them', () => {
    const large: [string, string][] = [['x-large', 'v'.repeat(1_000)]];
    const peer = new EngineHarness();
    const early = peer.open('GET', '/', { headers: large });
    peer.receive(settings([Setting.MAX_HEADER_LIST_SIZE, 500]));
    expect(early.token.error).toBeUndefined();
    expect(codeOf(() => peer.open('GET', '/', { headers: large }))).toBe('HEADER_LIST_TOO_LARGE');
    peer.receive(settings([Setting.MAX_HEADER_LIST_SIZE, 2_000]));
    peer.open('GET', '/', { headers: large });
    peer.receive(settings([Setting.MAX_HEADER_LIST_SIZE, 0]));
    expect(codeOf(() => peer.open('GET', '/'))).toBe('HEADER_LIST_TOO_LARGE');
  });

  it('is not limited by default, and not by SETTINGS that do not mention it', () => {
    const peer = ready([Setting.MAX_FRAME_SIZE, 2 ** 20]);
    peer.open('GET', '/', { headers: [['x-large', 'v'.repeat(500_000)]] });
    expect(peer.sent()).toHaveLength(1);
  });

  it('shows sizes in its error, and no value', () => {
    const peer = ready([Setting.MAX_HEADER_LIST_SIZE, 100]);
    expect(() => peer.open('GET', '/', { headers: [['authorization', 'secret']] })).toThrow(
      /^The request has a header list of 228 octets, and the server accepts at most 100$/,
    );
  });
});

describe("the peer's table size", () => {
  it('is obeyed from the next request on', () => {
    const peer = ready();
    peer.open('GET', '/', { headers: [['x-a', 'b']] });
    peer.sent();
    // hpack.js would refuse an entry that is gone; the sizes are tested with the encoder.
    peer.receive(settings([Setting.HEADER_TABLE_SIZE, 0], [Setting.HEADER_TABLE_SIZE, 4_096]));
    peer.clear();
    peer.open('GET', '/', { headers: [['x-a', 'b']] });
    expect(peer.sent()).toEqual(['HEADERS 3 END_STREAM :method=GET :scheme=https :authority=example.com :path=/ x-a=b']);
    expect(peer.writes[0]!.subarray(9, 13).toString('hex')).toBe('203fe11f');
  });
});
