import { describe, expect, it } from 'vitest';

import { everySplit } from '../../testing/every-split.ts';
import { transcriptOf, type Scenario } from './transcript.test-support.ts';

interface Case extends Scenario {
  readonly name: string;
  readonly bytes: string;
  readonly events: readonly string[];
  /** Default: whatever a complete, persistent exchange is. */
  readonly reusable: boolean;
}

const ok = (headers: string, kind: string): string => `head 1.1 200 "OK" ${headers} ${kind}`;

const chunkedHead = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';

const cases: readonly Case[] = [
  {
    name: 'a body of known length',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a: 2\r\n\r\nhello',
    events: [ok('[["Content-Length","5"],["X-A","1"],["x-a","2"]]', 'length'), 'data "hello"', 'end []'],
    reusable: true,
  },
  {
    name: 'an empty body',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    events: [ok('[["Content-Length","0"]]', 'none'), 'end []'],
    reusable: true,
  },
  {
    name: 'chunks, extensions and trailers',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\nX-Empty:\r\n\r\n',
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'data "hello world"', 'end [["X-Sum","1"],["X-Empty",""]]'],
    reusable: true,
  },
  {
    name: 'a body that ends with the connection',
    bytes: 'HTTP/1.1 200 OK\r\n\r\nhello',
    closes: true,
    events: [ok('[]', 'until-close'), 'data "hello"', 'end []'],
    reusable: false,
  },
  {
    name: 'the transfer coding that is none ends with the connection',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\n\r\nabc',
    closes: true,
    events: [ok('[["Transfer-Encoding","identity"]]', 'until-close'), 'data "abc"', 'end []'],
    reusable: false,
  },
  ...['gzip', 'gzip, chunked', 'chunked, gzip'].map((coding) => ({
    name: `other transfer codings are refused: ${coding}`,
    bytes: `HTTP/1.1 200 OK\r\nTransfer-Encoding: ${coding}\r\n\r\nabc`,
    events: ['fault RemoteProtocolError UNSUPPORTED_TRANSFER_CODING'],
    reusable: false,
  })),
  ...['HEAD', 'GET'].map((method) => ({
    name: `204 to ${method} that says it has content is not followed by anything`,
    method,
    bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n',
    events: ['head 1.1 204 "No Content" [["Content-Length","9"]] none', 'end []'],
    reusable: false,
  })),
  {
    name: '204 that says it has chunks is not followed by anything',
    bytes: 'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
    events: ['head 1.1 204 "No Content" [["Transfer-Encoding","chunked"]] none', 'end []'],
    reusable: false,
  },
  {
    name: '204 without content says so',
    bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n',
    events: ['head 1.1 204 "No Content" [["Content-Length","0"]] none', 'end []'],
    reusable: true,
  },
  {
    name: '304 to HEAD says what a GET would get',
    method: 'HEAD',
    bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n',
    events: ['head 1.1 304 "Not Modified" [["Content-Length","99"]] none', 'end []'],
    reusable: true,
  },
  {
    name: '1xx that says it has content: what comes behind its final response can be that',
    bytes: 'HTTP/1.1 103 Early Hints\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
    events: ['informational 103 Early Hints [["Content-Length","9"]]', ok('[["Content-Length","0"]]', 'none'), 'end []'],
    reusable: false,
  },
  {
    name: 'HEAD has no body whatever its fields say',
    method: 'HEAD',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    events: [ok('[["Content-Length","5"]]', 'none'), 'end []'],
    reusable: true,
  },
  {
    name: 'HEAD without any framing keeps its connection',
    method: 'HEAD',
    bytes: 'HTTP/1.1 200 OK\r\n\r\n',
    events: [ok('[]', 'none'), 'end []'],
    reusable: true,
  },
  {
    name: '204 has no body',
    bytes: 'HTTP/1.1 204 No Content\r\n\r\n',
    events: ['head 1.1 204 "No Content" [] none', 'end []'],
    reusable: true,
  },
  {
    name: '304 with a length has no body',
    bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n',
    events: ['head 1.1 304 "Not Modified" [["Content-Length","99"]] none', 'end []'],
    reusable: false,
  },
  {
    name: 'an empty reason, and no space before it',
    bytes: 'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
    events: ['head 1.1 200 "" [["Content-Length","0"]] none', 'end []'],
    reusable: true,
  },
  {
    name: 'white space around values is not part of them',
    bytes: 'HTTP/1.1 200 OK\r\nA: \t b c \t \r\nB:\r\nContent-Length: 0\r\n\r\n',
    events: [ok('[["A","b c"],["B",""],["Content-Length","0"]]', 'none'), 'end []'],
    reusable: true,
  },
  {
    name: 'octets above ASCII are Latin-1',
    bytes: 'HTTP/1.1 200 \xe9t\xe9\r\nA: \xff\r\nContent-Length: 0\r\n\r\n',
    events: ['head 1.1 200 "été" [["A","ÿ"],["Content-Length","0"]] none', 'end []'],
    reusable: true,
  },
  {
    name: 'informational responses come before the final one',
    bytes: 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    events: [
      'informational 103 Early Hints [["Link","</a>"]]',
      'informational 102 Processing []',
      ok('[["Content-Length","2"]]', 'length'),
      'data "hi"',
      'end []',
    ],
    reusable: true,
  },
  {
    name: 'Connection: close',
    bytes: 'HTTP/1.1 200 OK\r\nConnection: foo, Close\r\nContent-Length: 0\r\n\r\n',
    events: [ok('[["Connection","foo, Close"],["Content-Length","0"]]', 'none'), 'end []'],
    reusable: false,
  },
  {
    name: 'Connection: close before a tab, which llhttp misses',
    bytes: 'HTTP/1.1 200 OK\r\nConnection: close\t\r\nContent-Length: 0\r\n\r\n',
    events: [ok('[["Connection","close"],["Content-Length","0"]]', 'none'), 'end []'],
    reusable: false,
  },
  {
    name: 'HTTP/1.0 closes',
    bytes: 'HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    events: ['head 1.0 200 "OK" [["Content-Length","0"]] none', 'end []'],
    reusable: false,
  },
  {
    name: 'HTTP/1.0 with keep-alive does not',
    bytes: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n',
    events: ['head 1.0 200 "OK" [["Connection","keep-alive"],["Content-Length","0"]] none', 'end []'],
    reusable: true,
  },
  ...(
    [
      ['max=0', false],
      ['timeout=5, max=0', false],
      ['Timeout=5;MAX = "0"', false],
      ['max=00,timeout=x', false],
      ['max=1', true],
      ['timeout=5, max=100', true],
      ['max=0.5', true],
      ['max=', true],
      ['xmax=0', true],
      ['timeout=-1, max=junk', true],
    ] as const
  ).flatMap(([value, reusable]) =>
    (['1.1', '1.0'] as const).map((version) => ({
      name: `HTTP/${version} with Keep-Alive: ${value} ${reusable ? 'takes' : 'does not take'} another exchange`,
      bytes: `HTTP/${version} 200 OK\r\nConnection: keep-alive\r\nKeep-Alive: ${value}\r\nContent-Length: 0\r\n\r\n`,
      events: [
        `head ${version} 200 "OK" ${JSON.stringify([
          ['Connection', 'keep-alive'],
          ['Keep-Alive', value],
          ['Content-Length', '0'],
        ])} none`,
        'end []',
      ],
      reusable,
    })),
  ),
  {
    name: 'a transfer coding in HTTP/1.0 is not trusted with another exchange',
    bytes: 'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    events: ['head 1.0 200 "OK" [["Connection","keep-alive"],["Transfer-Encoding","chunked"]] chunked', 'end []'],
    reusable: false,
  },
  {
    name: 'an upgrade, and the bytes that follow it',
    headers: [
      ['Connection', 'Upgrade'],
      ['Upgrade', 'echo'],
    ],
    bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nraw\r\nbytes',
    closes: true,
    events: ['head 1.1 101 "Switching Protocols" [["Connection","Upgrade"],["Upgrade","echo"]] tunnel', 'data "raw\\r\\nbytes"', 'end []'],
    reusable: false,
  },
  {
    name: 'CONNECT: 2xx opens a tunnel, whatever its fields say',
    method: 'CONNECT',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nraw bytes',
    closes: true,
    events: [ok('[["Content-Length","3"]]', 'tunnel'), 'data "raw bytes"', 'end []'],
    reusable: false,
  },
  {
    name: 'CONNECT: a refusal has a body',
    method: 'CONNECT',
    bytes: 'HTTP/1.1 407 No\r\nContent-Length: 2\r\n\r\nno',
    events: ['head 1.1 407 "No" [["Content-Length","2"]] length', 'data "no"', 'end []'],
    reusable: true,
  },

  // What is refused. None of these connections may be used again.
  {
    name: 'bytes after the response are kept from the next one',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n',
    events: [ok('[["Content-Length","2"]]', 'length'), 'data "hi"', 'end []'],
    reusable: false,
  },
  {
    name: 'two lengths that differ',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    events: ['fault RemoteProtocolError CONFLICTING_FRAMING'],
    reusable: false,
  },
  {
    name: 'two lengths that agree',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n',
    events: ['fault RemoteProtocolError CONFLICTING_FRAMING'],
    reusable: false,
  },
  {
    name: 'a list of lengths',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 1, 1\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_CONTENT_LENGTH'],
    reusable: false,
  },
  {
    name: 'a signed length',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_CONTENT_LENGTH'],
    reusable: false,
  },
  {
    name: 'a length past 2^53',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 9007199254740993\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_CONTENT_LENGTH'],
    reusable: false,
  },
  {
    name: 'a length beside chunked',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    events: ['fault RemoteProtocolError CONFLICTING_FRAMING'],
    reusable: false,
  },
  {
    name: 'chunked beside a length',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n',
    events: ['fault RemoteProtocolError CONFLICTING_FRAMING'],
    reusable: false,
  },
  {
    name: 'a chunk size that is not hexadecimal',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'fault RemoteProtocolError INVALID_CHUNK'],
    reusable: false,
  },
  {
    name: 'a chunk that is longer than its size',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n',
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'data "ab"', 'fault RemoteProtocolError INVALID_CHUNK'],
    reusable: false,
  },
  {
    name: 'a status line that ends CR CR LF',
    bytes: 'HTTP/1.1 200 OK\r\r\nContent-Length: 0\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  },
  {
    name: 'CR CR LF without a reason',
    bytes: 'HTTP/1.1 200\r\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  },
  {
    name: 'bare LF',
    bytes: 'HTTP/1.1 200 OK\nContent-Length: 0\n\n',
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  },
  {
    name: 'folded lines are one line with spaces',
    bytes: 'HTTP/1.1 200 OK\r\nA: b \r\n \t c\r\nB:\r\n\td\r\n \r\n e\r\nContent-Length: 2\r\n\r\nhi',
    events: [ok('[["A","b c"],["B","d e"],["Content-Length","2"]]', 'length'), 'data "hi"', 'end []'],
    reusable: true,
  },
  {
    name: 'folded lines in an informational response and in the final one',
    bytes: 'HTTP/1.1 103 E\r\nA: b\r\n c\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding:\r\n chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
    events: ['informational 103 E [["A","b c"]]', ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'data "hi"', 'end []'],
    reusable: true,
  },
  {
    name: 'folded lines in trailers',
    bytes: `${chunkedHead}2\r\nhi\r\n0\r\nA: b \r\n \t c\r\nB:\r\n\td\r\n \r\n e\r\nC: f\r\n\r\n`,
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'data "hi"', 'end [["A","b c"],["B","d e"],["C","f"]]'],
    reusable: true,
  },
  {
    name: 'a folded trailer that means something in a head',
    bytes: `${chunkedHead}0\r\nTrailer:\r\n 7\r\nConnection:\r\n close\r\n\r\n`,
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'end [["Trailer","7"],["Connection","close"]]'],
    reusable: true,
  },
  ...[' A: b', '\t', ' '].map((line) => ({
    name: `a folded trailer that belongs to no field: ${JSON.stringify(line)}`,
    bytes: `${chunkedHead}0\r\n${line}\r\n\r\n`,
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'fault RemoteProtocolError INVALID_CHUNK'],
    reusable: false,
  })),
  ...['A\r\n : b\r\n', 'A: b\r\n c\nB: d\r\n', 'A: b\r\n c\r\nB : d\r\n', 'A: b\r\n c\0\r\n'].map((lines) => ({
    name: `folded trailers with a fault: ${JSON.stringify(lines)}`,
    bytes: `${chunkedHead}0\r\n${lines}\r\n`,
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'fault RemoteProtocolError INVALID_CHUNK'],
    reusable: false,
  })),
  {
    name: 'an end within folded trailers',
    bytes: `${chunkedHead}0\r\nA: b\r\n c\r\n`,
    closes: true,
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'fault RemoteProtocolError INCOMPLETE_BODY'],
    reusable: false,
  },
  ...[' A: b', '\t', ' '].map((line) => ({
    name: `a folded line that belongs to no field: ${JSON.stringify(line)}`,
    bytes: `HTTP/1.1 200 OK\r\n${line}\r\nContent-Length: 0\r\n\r\n`,
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  })),
  {
    name: 'a fold before the colon',
    bytes: 'HTTP/1.1 200 OK\r\nA\r\n : b\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  },
  {
    name: 'a bare LF behind a folded line',
    bytes: 'HTTP/1.1 200 OK\r\nA: b\r\n c\nContent-Length: 0\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  },
  {
    name: 'a space before the colon',
    bytes: 'HTTP/1.1 200 OK\r\nA : b\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  },
  {
    name: 'NUL in a value',
    bytes: 'HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  },
  { name: 'HTTP/0.9', bytes: 'hello', events: ['fault RemoteProtocolError INVALID_RESPONSE'], reusable: false },
  {
    name: 'an empty line first',
    bytes: '\r\nHTTP/1.1 200 OK\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  },
  {
    name: 'HTTP/2.0 in text',
    bytes: 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
    events: ['fault RemoteProtocolError INVALID_RESPONSE'],
    reusable: false,
  },
  {
    name: 'an upgrade nobody asked for',
    bytes: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    events: ['fault RemoteProtocolError UNEXPECTED_UPGRADE'],
    reusable: false,
  },
  { name: 'an end before any answer', bytes: '', closes: true, events: ['fault ReadError CONNECTION_CLOSED'], reusable: false },
  {
    name: 'an end within the head',
    bytes: 'HTTP/1.1 200 OK\r\nA: b',
    closes: true,
    events: ['fault RemoteProtocolError INCOMPLETE_HEAD'],
    reusable: false,
  },
  {
    name: 'an end after an informational response',
    bytes: 'HTTP/1.1 103 Early\r\n\r\n',
    closes: true,
    events: ['informational 103 Early []', 'fault RemoteProtocolError INCOMPLETE_HEAD'],
    reusable: false,
  },
  {
    name: 'an end within a counted body',
    bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel',
    closes: true,
    events: [ok('[["Content-Length","5"]]', 'length'), 'data "hel"', 'fault RemoteProtocolError INCOMPLETE_BODY'],
    reusable: false,
  },
  {
    name: 'an end before the last chunk',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n',
    closes: true,
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'data "hello"', 'fault RemoteProtocolError INCOMPLETE_BODY'],
    reusable: false,
  },
  {
    name: 'an end within the trailers',
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nA: b\r\n',
    closes: true,
    events: [ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'fault RemoteProtocolError INCOMPLETE_BODY'],
    reusable: false,
  },
];

describe('a response', () => {
  for (const { name, bytes, events, reusable, ...scenario } of cases) {
    it(name, () => {
      everySplit(bytes, (pieces) => {
        const transcript = transcriptOf(pieces, scenario);
        // Bytes that come in a later chunk than the end of the response meet an engine that waits for nothing.
        const seen = transcript.events.filter((event) => event !== 'fault RemoteProtocolError UNSOLICITED_BYTES');
        expect({ events: seen, reusable: transcript.reusable }).toEqual({ events, reusable });
      });
    });
  }
});
