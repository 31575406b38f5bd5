import { describe, it } from 'vitest';

import { expectScript } from '../../../test/support/http2/expect-script.ts';
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
import { ErrorCode } from './constants.ts';

const ok: [string, string][] = [
  [':status', '200'],
  ['content-type', 'text/plain'],
];

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
