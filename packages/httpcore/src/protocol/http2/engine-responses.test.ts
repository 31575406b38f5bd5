import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { EngineHarness } from '../../../test/support/http2/engine-harness.ts';
import {
  continuation,
  data,
  frame,
  headers,
  literals,
  priority,
  reset,
  settings,
  settingsAcknowledgement,
} from '../../../test/support/http2/frame-factory.ts';
import { ReferenceEncoder } from '../../../test/support/http2/reference-hpack.ts';
import { everySplit } from '../../testing/every-split.ts';
import { ErrorCode } from './constants.ts';

const ok: [string, string][] = [
  [':status', '200'],
  ['content-type', 'text/plain'],
];

interface Script {
  readonly requests?: readonly (readonly [method: string, endStream?: boolean])[];
  readonly frames: readonly Uint8Array[];
  readonly events: readonly string[];
  /** What we answer, besides the acknowledgement of SETTINGS. */
  readonly answers?: readonly string[];
}

/** Plays the frames whole and cut in every way; each must give the same events and the same answers. */
function expectScript({ requests = [['GET']], frames, events, answers = [] }: Script): void {
  everySplit(Buffer.concat([settings(), ...frames]), (pieces) => {
    const peer = new EngineHarness();
    for (const [method, endStream = true] of requests) peer.open(method, method === 'CONNECT' ? 'example.com:443' : '/', { endStream });
    peer.clear();
    peer.receivePieces(pieces);
    expect(peer.events()).toEqual(['settings', ...events]);
    expect(peer.sent()).toEqual(['SETTINGS ACK', ...answers]);
  });
}

describe('a response, cut in every way', () => {
  it('is head, data and end', () =>
    expectScript({
      frames: [headers(1, ok), data(1, 'hello '), data(1, 'world', { endStream: true })],
      events: ['head 1 200 [content-type=text/plain]', 'data 1 hello world', 'end 1 []'],
    }));

  it('may end with its head', () =>
    expectScript({ frames: [headers(1, ok, { endStream: true })], events: ['head 1 200 [content-type=text/plain] end', 'end 1 []'] }));

  it('may end with an empty frame', () =>
    expectScript({
      frames: [headers(1, ok), data(1, 'x'), data(1, '', { endStream: true })],
      events: ['head 1 200 [content-type=text/plain]', 'data 1 x', 'end 1 []'],
    }));

  it('may end with trailers', () =>
    expectScript({
      frames: [headers(1, ok), data(1, 'x'), headers(1, [['grpc-status', '0']], { endStream: true })],
      events: ['head 1 200 [content-type=text/plain]', 'data 1 x', 'end 1 [grpc-status=0]'],
    }));

  it('may have trailers and no data', () =>
    expectScript({
      frames: [headers(1, ok), headers(1, [['grpc-status', '5']], { endStream: true })],
      events: ['head 1 200 [content-type=text/plain]', 'end 1 [grpc-status=5]'],
    }));

  it('may have informational ones before it (RFC 9110 §15.2)', () =>
    expectScript({
      frames: [
        headers(1, [[':status', '100']]),
        headers(1, [
          [':status', '103'],
          ['link', '</a>'],
        ]),
        headers(1, ok, { endStream: true }),
      ],
      events: ['informational 1 100 []', 'informational 1 103 [link=</a>]', 'head 1 200 [content-type=text/plain] end', 'end 1 []'],
    }));

  it('may be padded, and its padding is given back', () =>
    expectScript({
      frames: [
        headers(1, ok, { padding: 7 }),
        data(1, 'abc', { padding: 255 }),
        data(1, '', { padding: 0 }),
        data(1, 'd', { padding: 3, endStream: true }),
      ],
      events: ['head 1 200 [content-type=text/plain]', 'data 1 abcd', 'end 1 []'],
    }));

  it('may have priorities, which are ignored', () =>
    expectScript({
      frames: [priority(1), headers(1, ok, { priority: true, padding: 2, endStream: true }), priority(7)],
      events: ['head 1 200 [content-type=text/plain] end', 'end 1 []'],
    }));

  it('may have its head in many frames', () => {
    const block = literals(ok);
    expectScript({
      frames: [
        headers(1, block.subarray(0, 1), { endHeaders: false, endStream: true }),
        continuation(1, block.subarray(1, 9), false),
        continuation(1, block.subarray(9, 9), false),
        continuation(1, block.subarray(9)),
      ],
      events: ['head 1 200 [content-type=text/plain] end', 'end 1 []'],
    });
  });

  it('may come in turns with others', () =>
    expectScript({
      requests: [['GET'], ['GET']],
      frames: [
        headers(3, ok),
        headers(1, ok),
        data(3, 'b'),
        data(1, 'a'),
        data(3, 'b', { endStream: true }),
        data(1, 'a', { endStream: true }),
      ],
      events: [
        'head 3 200 [content-type=text/plain]',
        'head 1 200 [content-type=text/plain]',
        'data 3 b',
        'data 1 a',
        'data 3 b',
        'end 3 []',
        'data 1 a',
        'end 1 []',
      ],
    }));

  it('may come before the request has ended, and have the rest of it not wanted (RFC 9113 §8.1)', () =>
    expectScript({
      requests: [['POST', false]],
      frames: [headers(1, ok, { endStream: true }), reset(1, ErrorCode.NO_ERROR)],
      events: ['head 1 200 [content-type=text/plain] end', 'end 1 []', 'upload stopped 1 NO_ERROR'],
    }));

  it('may be the raw bytes of a tunnel', () =>
    expectScript({
      requests: [['CONNECT', false]],
      frames: [
        headers(1, [
          [':status', '200'],
          ['content-length', '1'],
        ]),
        data(1, 'anything'),
        data(1, '', { endStream: true }),
      ],
      events: ['head 1 200 [content-length=1]', 'data 1 anything', 'end 1 []'],
    }));

  it('may have frames and settings around it that mean nothing to us (RFC 9113 §4.1, §6.5.2)', () =>
    expectScript({
      frames: [
        frame(0xfa, 0xff, 0, 'grease'),
        frame(0xfa, 0xff, 1, 'grease'),
        settings([0xfafa, 5]),
        headers(1, ok),
        frame(0xc, 0, 0, ''),
        data(1, 'x', { endStream: true }),
        settingsAcknowledgement(),
      ],
      events: ['settings', 'head 1 200 [content-type=text/plain]', 'data 1 x', 'end 1 []'],
      answers: ['SETTINGS ACK'],
    }));

  it('may be compressed, and refer to what others said', () => {
    const encoder = new ReferenceEncoder();
    const fields: [string, string][] = [...ok, ['etag', '"1234567890"']];
    expectScript({
      requests: [['GET'], ['GET']],
      frames: [headers(1, encoder.encode(fields), { endStream: true }), headers(3, encoder.encode(fields), { endStream: true })],
      events: [1, 3].flatMap((id) => [`head ${id} 200 [content-type=text/plain, etag="1234567890"] end`, `end ${id} []`]),
    });
  });
});

describe('the content of a response', () => {
  it.each<[string, string, string | undefined]>([
    ['HEAD', '200', '5'],
    ['GET', '304', '5'],
    ['GET', '204', undefined],
    ['HEAD', '404', undefined],
  ])('is empty for %s and %s, whatever its Content-Length is (%s)', (method, status, length) =>
    expectScript({
      requests: [[method]],
      frames: [
        headers(1, [[':status', status], ...(length === undefined ? [] : [['content-length', length] as const])], { endStream: true }),
      ],
      events: [`head 1 ${status} [${length === undefined ? '' : `content-length=${length}`}] end`, 'end 1 []'],
    }),
  );

  it.each([
    ['HEAD', '200'],
    ['GET', '204'],
    ['GET', '304'],
  ])('is an error for %s and %s', (method, status) =>
    expectScript({
      requests: [[method]],
      frames: [headers(1, [[':status', status]]), data(1, 'x')],
      events: [`head 1 ${status} []`, 'reset 1 H2_PROTOCOL_ERROR'],
      answers: ['RST_STREAM 1 PROTOCOL_ERROR'],
    }),
  );

  const five = headers(1, [
    [':status', '200'],
    ['content-length', '5'],
  ]);
  const begun = 'head 1 200 [content-length=5]';
  const failed = { answers: ['RST_STREAM 1 PROTOCOL_ERROR'] };

  it('must be as long as it said', () => {
    expectScript({ frames: [five, data(1, 'abc'), data(1, 'de', { endStream: true })], events: [begun, 'data 1 abcde', 'end 1 []'] });
    expectScript({
      frames: [five, data(1, 'abcde'), headers(1, [['a', 'b']], { endStream: true })],
      events: [begun, 'data 1 abcde', 'end 1 [a=b]'],
    });
  });

  it('must not be longer', () => {
    expectScript({ frames: [five, data(1, 'abc'), data(1, 'def')], events: [begun, 'data 1 abc', 'reset 1 H2_PROTOCOL_ERROR'], ...failed });
    expectScript({ frames: [five, data(1, 'abcdef', { padding: 4 })], events: [begun, 'reset 1 H2_PROTOCOL_ERROR'], ...failed });
  });

  it('must not be shorter', () => {
    expectScript({
      frames: [five, data(1, 'abc', { endStream: true })],
      events: [begun, 'data 1 abc', 'reset 1 H2_PROTOCOL_ERROR'],
      ...failed,
    });
    expectScript({
      frames: [five, headers(1, [['a', 'b']], { endStream: true })],
      events: [begun, 'reset 1 H2_PROTOCOL_ERROR'],
      ...failed,
    });
    expectScript({
      frames: [
        headers(
          1,
          [
            [':status', '200'],
            ['content-length', '5'],
          ],
          { endStream: true },
        ),
      ],
      events: ['reset 1 H2_PROTOCOL_ERROR'],
      ...failed,
    });
  });
});

describe('a malformed response (RFC 9113 §8.1.1) fails its stream alone', () => {
  const malformed: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['without :status', [headers(1, [['a', 'b']])]],
    ['with nothing at all', [headers(1, [])]],
    [
      'with two :status',
      [
        headers(1, [
          [':status', '200'],
          [':status', '200'],
        ]),
      ],
    ],
    [
      'with :status after another field',
      [
        headers(1, [
          ['a', 'b'],
          [':status', '200'],
        ]),
      ],
    ],
    ['with a :status of two digits', [headers(1, [[':status', '20']])]],
    ['with a :status of four digits', [headers(1, [[':status', '2000']])]],
    ['with a :status that is no number', [headers(1, [[':status', '2x0']])]],
    ['with a :status below 100', [headers(1, [[':status', '099']])]],
    ['with an empty :status', [headers(1, [[':status', '']])]],
    [
      "with a request's pseudo-header field",
      [
        headers(1, [
          [':status', '200'],
          [':path', '/'],
        ]),
      ],
    ],
    [
      'with an unknown pseudo-header field',
      [
        headers(1, [
          [':status', '200'],
          [':x', '/'],
        ]),
      ],
    ],
    [
      'with an upper-case name',
      [
        headers(1, [
          [':status', '200'],
          ['X-A', 'b'],
        ]),
      ],
    ],
    [
      'with an empty name',
      [
        headers(1, [
          [':status', '200'],
          ['', 'b'],
        ]),
      ],
    ],
    [
      'with a space in a name',
      [
        headers(1, [
          [':status', '200'],
          ['a b', 'c'],
        ]),
      ],
    ],
    [
      'with a colon in a name',
      [
        headers(1, [
          [':status', '200'],
          ['a:', 'c'],
        ]),
      ],
    ],
    [
      'with an octet above ASCII in a name',
      [
        headers(1, [
          [':status', '200'],
          ['\u00e9', 'c'],
        ]),
      ],
    ],
    [
      'with NUL in a value',
      [
        headers(1, [
          [':status', '200'],
          ['a', '\0'],
        ]),
      ],
    ],
    [
      'with CR in a value',
      [
        headers(1, [
          [':status', '200'],
          ['a', 'b\rc'],
        ]),
      ],
    ],
    [
      'with LF in a value',
      [
        headers(1, [
          [':status', '200'],
          ['a', 'b\nc'],
        ]),
      ],
    ],
    [
      'with DEL in a value',
      [
        headers(1, [
          [':status', '200'],
          ['a', '\x7f'],
        ]),
      ],
    ],
    [
      'with a space before a value',
      [
        headers(1, [
          [':status', '200'],
          ['a', ' b'],
        ]),
      ],
    ],
    [
      'with a tab after a value',
      [
        headers(1, [
          [':status', '200'],
          ['a', 'b\t'],
        ]),
      ],
    ],
    [
      'with a space for a value',
      [
        headers(1, [
          [':status', '200'],
          ['a', ' '],
        ]),
      ],
    ],
    [
      'with Connection',
      [
        headers(1, [
          [':status', '200'],
          ['connection', 'close'],
        ]),
      ],
    ],
    [
      'with Keep-Alive',
      [
        headers(1, [
          [':status', '200'],
          ['keep-alive', 'timeout=5'],
        ]),
      ],
    ],
    [
      'with Proxy-Connection',
      [
        headers(1, [
          [':status', '200'],
          ['proxy-connection', 'close'],
        ]),
      ],
    ],
    [
      'with Transfer-Encoding',
      [
        headers(1, [
          [':status', '200'],
          ['transfer-encoding', 'chunked'],
        ]),
      ],
    ],
    [
      'with Upgrade',
      [
        headers(1, [
          [':status', '200'],
          ['upgrade', 'h2c'],
        ]),
      ],
    ],
    [
      'with TE',
      [
        headers(1, [
          [':status', '200'],
          ['te', 'gzip'],
        ]),
      ],
    ],
    [
      'with two Content-Lengths',
      [
        headers(1, [
          [':status', '200'],
          ['content-length', '1'],
          ['content-length', '1'],
        ]),
      ],
    ],
    [
      'with a Content-Length that is no number',
      [
        headers(1, [
          [':status', '200'],
          ['content-length', '+1'],
        ]),
      ],
    ],
    ['with 101', [headers(1, [[':status', '101']])]],
    ['with a 1xx that ends it', [headers(1, [[':status', '103']], { endStream: true })]],
    ['with data before its head', [data(1, 'x')]],
    ['with trailers before its head', [headers(1, [['a', 'b']], { endStream: true })]],
  ];

  it.each(malformed)('%s', (_what, frames) => {
    const other = headers(3, ok, { endStream: true });
    expectScript({
      requests: [['GET'], ['GET']],
      frames: [...frames, other],
      events: ['reset 1 H2_PROTOCOL_ERROR', 'head 3 200 [content-type=text/plain] end', 'end 3 []'],
      answers: ['RST_STREAM 1 PROTOCOL_ERROR'],
    });
  });

  const head = headers(1, ok);
  const afterHead: readonly (readonly [string, readonly Uint8Array[]])[] = [
    ['a second head', [headers(1, ok)]],
    ['trailers that do not end it', [headers(1, [['a', 'b']])]],
    ['1xx after the head', [headers(1, [[':status', '103']])]],
    ['a pseudo-header field in trailers', [headers(1, [[':status', '200']], { endStream: true })]],
    ['an upper-case name in trailers', [headers(1, [['X', 'a']], { endStream: true })]],
    ['Connection in trailers', [headers(1, [['connection', 'close']], { endStream: true })]],
  ];

  it.each(afterHead)('with %s', (_what, frames) =>
    expectScript({
      frames: [head, ...frames],
      events: ['head 1 200 [content-type=text/plain]', 'reset 1 H2_PROTOCOL_ERROR'],
      answers: ['RST_STREAM 1 PROTOCOL_ERROR'],
    }),
  );

  it('says in the error what was wrong, and that it was processed', () => {
    const peer = new EngineHarness();
    const stream = peer.open('GET', '/');
    peer.receive(
      settings(),
      headers(1, [
        [':status', '200'],
        ['connection', 'close'],
      ]),
    );
    expect(stream.token.error?.message).toBe('The peer sent the field connection, which is for HTTP/1.1 connections');
    expect(stream.token.wasProcessed).toBe(true);
    expect(stream.isClosed).toBe(true);
  });

  it('by its size: over the limit of the header list, with the table intact', () => {
    const encoder = new ReferenceEncoder();
    const many = Array.from({ length: 30 }, (_, index): [string, string] => [`x-${index}`, 'v'.repeat(100)]);
    everySplit(
      Buffer.concat([
        settings(),
        headers(1, encoder.encode([[':status', '200'], ...many])),
        headers(3, encoder.encode([...ok, many[29]!]), { endStream: true }),
      ]).subarray(0, 4_000),
      (pieces) => {
        if (pieces.length > 2 && pieces.length < 100) return;
        const peer = new EngineHarness({ maxHeaderListSize: 1_000 });
        peer.open('GET', '/');
        peer.open('GET', '/');
        peer.clear();
        peer.receivePieces(pieces);
        expect(peer.events()).toEqual([
          'settings',
          'reset 1 H2_ENHANCE_YOUR_CALM',
          `head 3 200 [content-type=text/plain, x-29=${'v'.repeat(100)}] end`,
          'end 3 []',
        ]);
        expect(peer.sent()).toEqual(['SETTINGS ACK', 'RST_STREAM 1 ENHANCE_YOUR_CALM']);
      },
    );
  });

  it('by the number of its fields', () => {
    const peer = new EngineHarness({ maxHeaderFields: 3 });
    const stream = peer.open('GET', '/');
    peer.receive(settings(), headers(1, [...ok, ['a', '1'], ['b', '2']]));
    expect(stream.token.error).toMatchObject({ code: 'H2_ENHANCE_YOUR_CALM', name: 'RemoteProtocolError' });
  });

  it('by the number of its informational responses', () => {
    const peer = new EngineHarness();
    const stream = peer.open('GET', '/');
    peer.receive(settings(), ...Array.from({ length: 65 }, () => headers(1, [[':status', '103']])));
    expect(stream.token.error?.code).toBe('H2_ENHANCE_YOUR_CALM');
    expect(peer.events().filter((event) => event.startsWith('informational'))).toHaveLength(64);
  });
});
