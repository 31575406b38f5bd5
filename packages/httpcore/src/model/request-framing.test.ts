import { describe, expect, it } from 'vitest';

import type { ByteIterable, HeaderPair } from '../contract/values.ts';
import { requestFraming } from './request-framing.ts';

const abc = [new Uint8Array(3)];
const unknown: ByteIterable = (function* none() {
  yield* [];
})();
const length = (value: string): readonly HeaderPair[] => [['Content-Length', value]];
const coding = (value: string): readonly HeaderPair[] => [['transfer-encoding', value]];

describe('requestFraming', () => {
  it.each([
    ['GET without a body says nothing', 'GET', [], null, false, { length: 0, chunked: false, fieldLine: '', addedLength: null }],
    ['POST without a body says so', 'POST', [], null, false, { length: 0, fieldLine: 'content-length: 0\r\n', addedLength: '0' }],
    ['a list is counted', 'GET', [], abc, false, { length: 3, fieldLine: 'content-length: 3\r\n', addedLength: '3' }],
    ['a list that is empty is, too', 'GET', [], [], false, { length: 0, fieldLine: 'content-length: 0\r\n', addedLength: '0' }],
    [
      'anything else is sent in chunks',
      'PUT',
      [],
      unknown,
      false,
      { length: null, chunked: true, fieldLine: 'transfer-encoding: chunked\r\n', addedLength: null },
    ],
    [
      'trailers need chunks over HTTP/1.1, and no more than a length over HTTP/2',
      'PUT',
      [],
      abc,
      true,
      { length: 3, chunked: true, fieldLine: 'transfer-encoding: chunked\r\n', addedLength: '3', needsHttp2: false },
    ],
    ["the caller's length is kept", 'PUT', length('3'), unknown, false, { length: 3, chunked: false, fieldLine: '', addedLength: null }],
    ["trailers behind the caller's length need HTTP/2", 'PUT', length('3'), abc, true, { length: 3, fieldLine: '', needsHttp2: true }],
    [
      "the caller's coding is kept",
      'PUT',
      coding('gzip, Chunked'),
      abc,
      false,
      { length: null, chunked: true, fieldLine: '', addedLength: null },
    ],
    ['with parameters', 'PUT', coding('x;q="1";b=2 , chunked'), abc, false, { chunked: true }],
    ['in several fields', 'PUT', [...coding('gzip'), ...coding('chunked')], abc, false, { chunked: true }],
  ] as const)('%s', (_name, method, headers, body, trailers, framing) => {
    expect(requestFraming(method, headers, body, trailers)).toMatchObject(framing);
  });

  it.each([
    ['two lengths', 'PUT', [...length('3'), ...length('3')], abc, false, 'INVALID_FRAMING'],
    ['a length and a coding', 'PUT', [...length('3'), ...coding('chunked')], abc, false, 'INVALID_FRAMING'],
    ['a coding that does not end in chunked', 'PUT', coding('chunked, gzip'), abc, false, 'INVALID_FRAMING'],
    ['a coding whose name ends so', 'PUT', coding('xchunked'), abc, false, 'INVALID_FRAMING'],
    ...[
      'x chunked',
      'chunked chunked',
      'chunked, chunked',
      'chunked;a=b, chunked',
      'chunked;a=b',
      ', chunked',
      'gzip,, chunked',
      'chunked,',
      '',
      'gzip',
    ].map((value) => [`the coding "${value}"`, 'PUT', coding(value), abc, false, 'INVALID_FRAMING'] as const),
    ['chunked twice in two fields', 'PUT', [...coding('chunked'), ...coding('chunked')], abc, false, 'INVALID_FRAMING'],
    ['text beside a coding', 'PUT', coding('chunked'), 'text', false, 'INVALID_BODY'],
    ['a length that is no number', 'PUT', length('+3'), abc, false, 'INVALID_FRAMING'],
    ['a length past 2^53', 'PUT', length('9007199254740993'), unknown, false, 'INVALID_FRAMING'],
    ['another length than the list has', 'PUT', length('4'), abc, false, 'CONTENT_LENGTH_MISMATCH'],
    ['a length without a body', 'PUT', length('4'), null, false, 'CONTENT_LENGTH_MISMATCH'],
    ['CONNECT with a body', 'CONNECT', [], abc, false, 'INVALID_FRAMING'],
    ['text', 'PUT', [], 'text', false, 'INVALID_BODY'],
    ['bytes that are not in a list', 'PUT', [], new Uint8Array(3), false, 'INVALID_BODY'],
    ['a list of text', 'PUT', [], ['text'], false, 'INVALID_BODY'],
  ] as const)('refuses %s', (_name, method, headers, body, trailers, code) => {
    expect(() => requestFraming(method, headers, body as ByteIterable, trailers)).toThrow(
      expect.objectContaining({ code, requestSent: false }),
    );
  });
});
