import { describe, expect, it } from 'vitest';

import type { ByteIterable, HeaderPair } from '../contract/dispatcher.ts';
import { requestFraming } from './request-framing.ts';

const abc = [new Uint8Array(3)];
const unknown: ByteIterable = (function* none() {
  yield* [];
})();
const length = (value: string): readonly HeaderPair[] => [['Content-Length', value]];
const coding = (value: string): readonly HeaderPair[] => [['transfer-encoding', value]];

describe('requestFraming', () => {
  it.each([
    ['GET without a body says nothing', 'GET', [], null, false, { length: 0, chunked: false, fieldLine: '' }],
    ['POST without a body says so', 'POST', [], null, false, { length: 0, chunked: false, fieldLine: 'content-length: 0\r\n' }],
    ['a list is counted', 'GET', [], abc, false, { length: 3, chunked: false, fieldLine: 'content-length: 3\r\n' }],
    [
      'anything else is sent in chunks',
      'PUT',
      [],
      unknown,
      false,
      { length: null, chunked: true, fieldLine: 'transfer-encoding: chunked\r\n' },
    ],
    ['trailers need chunks', 'PUT', [], abc, true, { length: null, chunked: true, fieldLine: 'transfer-encoding: chunked\r\n' }],
    ["the caller's length is kept", 'PUT', length('3'), unknown, false, { length: 3, chunked: false, fieldLine: '' }],
    ["the caller's coding is kept", 'PUT', coding('gzip, Chunked'), abc, false, { length: null, chunked: true, fieldLine: '' }],
  ] as const)('%s', (_name, method, headers, body, trailers, framing) => {
    expect(requestFraming(method, headers, body, trailers)).toEqual(framing);
  });

  it.each([
    ['two lengths', 'PUT', [...length('3'), ...length('3')], abc, false, 'INVALID_FRAMING'],
    ['a length and a coding', 'PUT', [...length('3'), ...coding('chunked')], abc, false, 'INVALID_FRAMING'],
    ['a coding that does not end in chunked', 'PUT', coding('chunked, gzip'), abc, false, 'INVALID_FRAMING'],
    ['a coding whose name ends so', 'PUT', coding('xchunked'), abc, false, 'INVALID_FRAMING'],
    ['a length that is no number', 'PUT', length('+3'), abc, false, 'INVALID_FRAMING'],
    ['a length past 2^53', 'PUT', length('9007199254740993'), unknown, false, 'INVALID_FRAMING'],
    ['a length and trailers', 'PUT', length('3'), abc, true, 'INVALID_FRAMING'],
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
