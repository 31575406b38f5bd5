import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { EngineHarness } from '../../../test/support/http2/engine-harness.ts';
import { expectScript } from '../../../test/support/http2/expect-script.ts';
import { data, headers, settings } from '../../../test/support/http2/frame-factory.ts';
import { ReferenceEncoder } from '../../../test/support/http2/reference-hpack.ts';
import { everySplit } from '../../testing/every-split.ts';

const ok: [string, string][] = [
  [':status', '200'],
  ['content-type', 'text/plain'],
];

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
