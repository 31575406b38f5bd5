/**
 * Replies that two readers take for two different things: an answer that one of them ends early is a head start into the next
 * one (RFC 9112 §11.2). Most are refused. Where llhttp 9.3 reads them, the engine has to say no by itself.
 */
import { describe, expect, it } from 'vitest';

import { everySplit } from '../../src/testing/every-split.ts';
import { outcomeOf, type Outcome, type Question } from './outcome.ts';

interface Reply {
  readonly name: string;
  readonly bytes: string;
  readonly question?: Question;
  readonly outcome: Partial<Outcome>;
}

const refused = (code: string): Partial<Outcome> => ({ head: undefined, body: '', ending: 'fault', code });
const read = (body: string): Partial<Outcome> => ({ body, ending: 'complete', code: undefined });

const framing = (fields: string, rest: string): string => `HTTP/1.1 200 OK\r\n${fields}\r\n\r\n${rest}`;
const chunks = '5\r\nhello\r\n0\r\n\r\n';

const replies: readonly Reply[] = [
  // Line ends. llhttp 9.3 takes CR CR for CRLF in the status line.
  {
    name: 'CR CR for the end of the status line',
    bytes: 'HTTP/1.1 200 OK\r\rContent-Length: 4\r\n\r\nEvil',
    outcome: refused('INVALID_RESPONSE'),
  },
  { name: 'CR CR, and no other line', bytes: 'HTTP/1.1 200 OK\r\rContent-Length: 0\r\r', outcome: refused('INVALID_RESPONSE') },
  { name: 'a bare CR in the reason', bytes: 'HTTP/1.1 200 O\rK\r\nContent-Length: 0\r\n\r\n', outcome: refused('INVALID_RESPONSE') },
  {
    name: 'a bare CR in the reason, leniently',
    bytes: 'HTTP/1.1 200 O\rK\nContent-Length: 0\n\n',
    question: { lenient: true },
    outcome: refused('INVALID_RESPONSE'),
  },

  // RFC 9112 §4: reason-phrase = 1*( HTAB / SP / VCHAR / obs-text ). llhttp takes anything; curl refuses NUL.
  { name: 'NUL in the reason', bytes: 'HTTP/1.1 200 OK\0\r\nContent-Length: 0\r\n\r\n', outcome: refused('INVALID_RESPONSE') },
  { name: 'an escape in the reason', bytes: 'HTTP/1.1 200 \x1b[2JOK\r\nContent-Length: 0\r\n\r\n', outcome: refused('INVALID_RESPONSE') },
  { name: 'DEL in the reason', bytes: 'HTTP/1.1 200 O\x7fK\r\nContent-Length: 0\r\n\r\n', outcome: refused('INVALID_RESPONSE') },
  {
    name: 'NUL in the reason, leniently',
    bytes: 'HTTP/1.1 200 OK\0\nContent-Length: 0\n\n',
    question: { lenient: true },
    outcome: refused('INVALID_RESPONSE'),
  },
  { name: 'a tab in the reason', bytes: 'HTTP/1.1 200 very\tgood\r\nContent-Length: 2\r\n\r\nhi', outcome: read('hi') },

  // Transfer-Encoding that says nothing. llhttp 9.3 forgets it, and then believes the length.
  {
    name: 'an empty transfer coding before a length',
    bytes: framing('Transfer-Encoding:\r\nContent-Length: 2', chunks),
    outcome: refused('CONFLICTING_FRAMING'),
  },
  {
    name: 'an empty transfer coding after a length',
    bytes: framing('Content-Length: 2\r\nTransfer-Encoding:', chunks),
    outcome: refused('CONFLICTING_FRAMING'),
  },
  { name: 'an empty transfer coding alone', bytes: framing('Transfer-Encoding: \t', chunks), outcome: refused('CONFLICTING_FRAMING') },
  {
    name: 'an empty transfer coding after chunked',
    bytes: framing('Transfer-Encoding: chunked\r\nTransfer-Encoding:', chunks),
    outcome: refused('CONFLICTING_FRAMING'),
  },
  {
    name: 'an empty transfer coding before chunked',
    bytes: framing('Transfer-Encoding:\r\nTransfer-Encoding: chunked', chunks),
    outcome: refused('CONFLICTING_FRAMING'),
  },

  // Transfer-Encoding that is chunked to RFC 9110 §5.6.1 and not to llhttp, so that we can't read the body as what it is.
  { name: 'chunked before a tab', bytes: framing('Transfer-Encoding: chunked\t', chunks), outcome: refused('CONFLICTING_FRAMING') },
  {
    name: 'chunked before an empty element',
    bytes: framing('Transfer-Encoding: chunked,', chunks),
    outcome: refused('CONFLICTING_FRAMING'),
  },
  {
    name: 'chunked before empty elements',
    bytes: framing('Transfer-Encoding: gzip, chunked , ,', chunks),
    outcome: refused('CONFLICTING_FRAMING'),
  },
  // And what is not chunked alone: nobody asked for other codings (RFC 9110 §10.1.4), and what they leave is no content.
  {
    name: 'a coding that ends in the word chunked',
    bytes: framing('Transfer-Encoding: xchunked', chunks),
    question: { closes: true },
    outcome: refused('UNSUPPORTED_TRANSFER_CODING'),
  },
  {
    name: 'two words of which the last is chunked',
    bytes: framing('Transfer-Encoding: x chunked', chunks),
    question: { closes: true },
    outcome: refused('UNSUPPORTED_TRANSFER_CODING'),
  },
  {
    name: 'two words apart by a tab',
    bytes: framing('Transfer-Encoding: x\tchunked', chunks),
    question: { closes: true },
    outcome: refused('UNSUPPORTED_TRANSFER_CODING'),
  },
  {
    name: 'chunked with a parameter',
    bytes: framing('Transfer-Encoding: chunked;a=b', chunks),
    question: { closes: true },
    outcome: refused('UNSUPPORTED_TRANSFER_CODING'),
  },
  // And what is to both.
  { name: 'chunked after an empty element', bytes: framing('Transfer-Encoding: ,chunked', chunks), outcome: read('hello') },
  { name: 'chunked after a comma and spaces', bytes: framing('Transfer-Encoding: ,  Chunked  ', chunks), outcome: read('hello') },
  {
    name: 'chunked behind another coding, in a field of its own',
    bytes: framing('Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked', chunks),
    outcome: refused('UNSUPPORTED_TRANSFER_CODING'),
  },
  {
    name: 'chunked twice',
    bytes: framing('Transfer-Encoding: chunked, chunked', chunks),
    outcome: refused('UNSUPPORTED_TRANSFER_CODING'),
  },

  // RFC 9112 §9.6 has no server send `close` in a 1xx response; one that does has not answered yet. As curl.
  {
    name: 'close in an informational response',
    bytes: `HTTP/1.1 100 Continue\r\nConnection: close\r\n\r\n${framing('Content-Length: 2', 'hi')}`,
    outcome: read('hi'),
  },
  {
    name: 'an informational response of HTTP/1.0',
    bytes: `HTTP/1.0 100 Continue\r\n\r\n${framing('Content-Length: 2', 'hi')}`,
    outcome: read('hi'),
  },
  {
    name: 'an upgrade named in an informational response',
    bytes: `HTTP/1.1 102 Processing\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n${framing('Content-Length: 2', 'hi')}`,
    outcome: read('hi'),
  },
  {
    name: 'framing in an informational response',
    bytes: `HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\n${framing('Transfer-Encoding: chunked', chunks)}`,
    outcome: read('hello'),
  },
];

/** `lenientHttp1` takes what old devices send and curl takes, and nothing that ends a field for one reader and not for another. */
const lenientReplies: readonly Reply[] = [
  { name: 'bare LF and a folded line', bytes: 'HTTP/1.1 200 OK\nA: b\n c\nContent-Length: 2\n\nhi', outcome: read('hi') },
  { name: 'a folded length', bytes: 'HTTP/1.1 200 OK\r\nContent-Length:\r\n 2\r\n\r\nhi', outcome: read('hi') },
  {
    name: 'a folded transfer coding',
    bytes: framing('Transfer-Encoding: ,\r\n chunked', chunks),
    outcome: read('hello'),
  },
  {
    name: 'a transfer coding before an empty folded line',
    bytes: framing('Transfer-Encoding: chunked\r\n ', chunks),
    outcome: read('hello'),
  },
  { name: 'a space before the colon of a length', bytes: framing('Content-Length : 2', 'hi'), outcome: refused('INVALID_RESPONSE') },
  {
    name: 'a space before the colon of a transfer coding',
    bytes: framing('Transfer-Encoding : chunked', chunks),
    outcome: refused('INVALID_RESPONSE'),
  },
  { name: 'NUL in a value', bytes: framing('A: b\0c\r\nContent-Length: 2', 'hi'), outcome: refused('INVALID_RESPONSE') },
  { name: 'a control character in a value', bytes: framing('A: b\x01c\r\nContent-Length: 2', 'hi'), outcome: read('hi') },
  { name: 'the same length twice', bytes: framing('Content-Length: 2\r\nA: b\r\ncontent-length:  2 ', 'hi'), outcome: read('hi') },
  { name: 'the same length as a list', bytes: framing('Content-Length: 2, 2', 'hi'), outcome: read('hi') },
  { name: 'two lengths', bytes: framing('Content-Length: 2\r\nContent-Length: 3', 'hi'), outcome: refused('CONFLICTING_FRAMING') },
  { name: 'two lengths as a list', bytes: framing('Content-Length: 2, 3', 'hi'), outcome: refused('INVALID_CONTENT_LENGTH') },
  {
    name: 'the same length twice, and chunked',
    bytes: framing('Content-Length: 2\r\nContent-Length: 2\r\nTransfer-Encoding: chunked', chunks),
    outcome: refused('CONFLICTING_FRAMING'),
  },
  {
    name: 'a folded line right behind the status line',
    bytes: framing(' A: b\r\nContent-Length: 2', 'hi'),
    outcome: refused('INVALID_RESPONSE'),
  },
  { name: 'a fold before the colon', bytes: framing('A\r\n : b\r\nContent-Length: 2', 'hi'), outcome: refused('INVALID_RESPONSE') },
  { name: 'a bare CR in a value', bytes: framing('A: b\rc\r\nContent-Length: 2', 'hi'), outcome: refused('INVALID_RESPONSE') },
];

/** The framing of chunks stays strict: llhttp 9.3 takes LF LF for CRLF there, and an LF in an extension for the line's end. */
const lenientChunks: readonly Reply[] = [
  { name: 'chunks, after a head of bare LF', bytes: `HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n${chunks}`, outcome: read('hello') },
  { name: 'spaces behind chunk sizes', bytes: framing('Transfer-Encoding: chunked', '5  \r\nhello\r\n0 \r\n\r\n'), outcome: read('hello') },
  {
    name: 'a space within a chunk size',
    bytes: framing('Transfer-Encoding: chunked', '5 0\r\nhello\r\n0\r\n\r\n'),
    outcome: { body: '', ending: 'fault', code: 'INVALID_CHUNK' },
  },
  {
    name: 'LF LF after a chunk size',
    bytes: framing('Transfer-Encoding: chunked', '5\n\nhello\r\n0\r\n\r\n'),
    outcome: { body: '', ending: 'fault', code: 'INVALID_CHUNK' },
  },
  {
    name: 'LF after a chunk size',
    bytes: framing('Transfer-Encoding: chunked', '5\nhello\r\n0\r\n\r\n'),
    outcome: { body: '', ending: 'fault', code: 'INVALID_CHUNK' },
  },
  {
    name: 'LF in an extension',
    bytes: framing('Transfer-Encoding: chunked', '5;a\nhello\r\n0\r\n\r\n'),
    outcome: { body: '', ending: 'fault', code: 'INVALID_CHUNK' },
  },
  {
    name: 'LF after the data',
    bytes: framing('Transfer-Encoding: chunked', '5\r\nhello\n0\r\n\r\n'),
    outcome: { body: 'hello', ending: 'fault', code: 'INVALID_CHUNK' },
  },
  {
    name: 'NUL in a trailer',
    bytes: framing('Transfer-Encoding: chunked', '5\r\nhello\r\n0\r\nA: b\0\r\n\r\n'),
    outcome: { body: 'hello', ending: 'fault', code: 'INVALID_CHUNK' },
  },
];

function check({ name, bytes, question, outcome }: Reply, lenient: boolean): void {
  it(name, () => {
    everySplit(bytes, (pieces) => {
      const seen = outcomeOf(pieces, { lenient, ...question });
      expect(seen).toMatchObject(outcome);
      expect(seen.violations).toEqual([]);
      if (seen.ending === 'fault') expect(seen.reusable).toBe(false);
    });
  });
}

describe('a reply that could be read in two ways', () => {
  for (const reply of replies) check(reply, false);
});

describe('leniently, a head', () => {
  for (const reply of lenientReplies) check(reply, true);
});

describe('leniently, chunks', () => {
  for (const reply of lenientChunks) check(reply, true);
});

describe('the code of a fault', () => {
  it('does not depend on how the bytes were cut', () => {
    for (const bytes of [
      framing('Transfer-Encoding: chunked\r\nbad name: x', ''),
      framing('Transfer-Encoding: chunked\r\nContent-Length: 5', ''),
      framing('Transfer-Encoding: chunked\r\nContent-Length: x', ''),
    ]) {
      const codes = new Set<string | undefined>();
      everySplit(bytes, (pieces) => codes.add(outcomeOf(pieces).code));
      expect(Array.from(codes)).toHaveLength(1);
    }
  });
});
