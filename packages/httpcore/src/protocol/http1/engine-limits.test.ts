import { describe, expect, it } from 'vitest';

import { everySplit } from '../../testing/every-split.ts';
import { transcriptOf } from './transcript.test-support.ts';

const ok = (headers: string, kind: string): string => `head 1.1 200 "OK" ${headers} ${kind}`;

describe('limits', () => {
  const limits = { maxHeaderBytes: 200, maxHeaderFields: 4 };
  const fault = (code: string): string => `fault RemoteProtocolError ${code}`;
  const last = (bytes: string): (string | undefined)[] => {
    const seen = new Set<string | undefined>();
    everySplit(bytes, (pieces) => seen.add(transcriptOf(pieces, { limits }).events.at(-1)));
    return Array.from(seen);
  };

  it('refuses a head over its size, wherever it is large', () => {
    expect(last(`HTTP/1.1 200 ${'a'.repeat(300)}\r\n\r\n`)).toEqual([fault('HEAD_TOO_LARGE')]);
    expect(last(`HTTP/1.1 200 OK\r\n${'a'.repeat(300)}: b\r\n\r\n`)).toEqual([fault('HEAD_TOO_LARGE')]);
    expect(last(`HTTP/1.1 200 OK\r\na: ${'b'.repeat(300)}\r\n\r\n`)).toEqual([fault('HEAD_TOO_LARGE')]);
  });

  it('refuses a head that never ends', () => {
    expect(last(`HTTP/1.1 200 OK\r\na: ${'b'.repeat(250)}`)).toEqual([fault('HEAD_TOO_LARGE')]);
    expect(last(`HTTP/1.1 200 OK\r\na:${' '.repeat(250)}`)).toEqual([fault('HEAD_TOO_LARGE')]);
  });

  it('refuses too many fields', () => {
    expect(last(`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(5)}\r\n`)).toEqual([fault('TOO_MANY_FIELDS')]);
    expect(last(`HTTP/1.1 200 OK\r\nContent-Length: 0\r\n${'a: b\r\n'.repeat(3)}\r\n`)).toEqual(['end []']);
  });

  it('refuses too many trailers, and trailers that are too large', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n';
    expect(last(`${head}${'a: b\r\n'.repeat(5)}\r\n`)).toEqual([fault('TOO_MANY_FIELDS')]);
    const large = [Buffer.from(`${head}a: `), Buffer.alloc(10_000, 'b'), Buffer.alloc(10_000, 'b')];
    expect(transcriptOf(large).events.at(-1)).toBe(fault('TRAILERS_TOO_LARGE'));
  });

  it('refuses chunk extensions without end', () => {
    const pieces = [
      Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a='),
      Buffer.alloc(10_000, 'b'),
      Buffer.alloc(10_000, 'b'),
    ];
    expect(transcriptOf(pieces).events.at(-1)).toBe(fault('CHUNK_EXTENSION_TOO_LARGE'));
    const whole = Buffer.concat([...pieces, Buffer.from('\r\nhello\r\n0\r\n\r\n')]);
    expect(transcriptOf([whole]).events.at(-1)).toBe(fault('CHUNK_EXTENSION_TOO_LARGE'));
  });

  it('says the same of what is too large and invalid, however it is cut', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const pieces = (bytes: string, size: number): Uint8Array[] =>
      Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
        Buffer.from(bytes.slice(index * size, (index + 1) * size), 'latin1'),
      );
    const cases: readonly [bytes: string, code: string][] = [
      [`HTTP/1.1 200 ${'x'.repeat(300)}\x01\r\n\r\n`, 'HEAD_TOO_LARGE'],
      [`HTTP/1.1 200 ${'x'.repeat(100)}\x01${'x'.repeat(300)}\r\n\r\n`, 'INVALID_RESPONSE'],
      [`HTTP/1.1 200 OK\r\na: ${'b'.repeat(300)}\x01\r\n\r\n`, 'HEAD_TOO_LARGE'],
      [`HTTP/1.1 200 OK\r\na: ${'b'.repeat(100)}\x01${'b'.repeat(300)}\r\n\r\n`, 'INVALID_RESPONSE'],
      [`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(6)}a: ${'b'.repeat(300)}`, 'TOO_MANY_FIELDS'],
      [`HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(3)}a: ${'b'.repeat(300)}\r\n${'a: b\r\n'.repeat(3)}\r\n`, 'HEAD_TOO_LARGE'],
      [`HTTP/1.1 200 OK\r\na: b\r\n c\r\n${'d'.repeat(300)}\x01: e\r\n\r\n`, 'HEAD_TOO_LARGE'],
      [`${head}2;${'x'.repeat(20_000)}=\x01\r\nok\r\n0\r\n\r\n`, 'CHUNK_EXTENSION_TOO_LARGE'],
      [`${head}2;${'x'.repeat(10_000)}=\x01${'x'.repeat(20_000)}\r\nok\r\n0\r\n\r\n`, 'INVALID_CHUNK'],
      [`${head}0;${'x'.repeat(20_000)}\r\na: b\r\n\r\n`, 'CHUNK_EXTENSION_TOO_LARGE'],
      [`${head}0;${'x'.repeat(10_000)}\r\na: ${'b'.repeat(10_000)}\r\n\r\n`, 'TRAILERS_TOO_LARGE'],
      [`${head}0\r\n${'a: b\r\n'.repeat(6)}a: ${'b'.repeat(20_000)}\r\n\r\n`, 'TOO_MANY_FIELDS'],
      [`${head}0\r\na: ${'b'.repeat(20_000)}\r\n${'a: b\r\n'.repeat(6)}\r\n`, 'TRAILERS_TOO_LARGE'],
      [`${head}0\r\na: b\r\n c\r\n${'d'.repeat(20_000)}\x01: e\r\n\r\n`, 'TRAILERS_TOO_LARGE'],
      [`${head}0\r\na: b\r\n${' c\r\n'.repeat(10_000)}\r\n`, 'TRAILERS_TOO_LARGE'],
      [`${head}0\r\na: b\r\n c\r\n${'a: b\r\n'.repeat(6)}\r\n`, 'TOO_MANY_FIELDS'],
    ];
    for (const [bytes, code] of cases) {
      const codes = [1e6, 4_096, 400, 150, 7, 1].map((size) => transcriptOf(pieces(bytes, size), { limits }).events.at(-1));
      expect(new Set(codes), `${bytes.slice(0, 60)}… of ${bytes.length}`).toEqual(new Set([fault(code)]));
    }
  });

  it('counts overhead per chunk, so that a long chunked body is not refused', () => {
    const body = '1;ext=abcdefghijklmnopqrstuvwxyz\r\nx\r\n'.repeat(5_000);
    const { events } = transcriptOf([Buffer.from(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}0\r\n\r\n`)]);
    expect(events.at(-1)).toBe('end []');
    expect(events.at(-2)).toBe(`data "${'x'.repeat(5_000)}"`);
  });

  it('stops after 64 informational responses', () => {
    const { events } = transcriptOf([Buffer.from(`${'HTTP/1.1 102 Processing\r\n\r\n'.repeat(70)}HTTP/1.1 204 No Content\r\n\r\n`)]);
    expect(events).toHaveLength(65);
    expect(events.at(-1)).toBe(fault('TOO_MANY_INFORMATIONAL'));
  });

  it('takes chunks larger than the memory it parses in', () => {
    const size = 300_000;
    const chunk = Buffer.from(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${'x'.repeat(size)}\r\n0\r\n\r\n`,
    );
    expect(transcriptOf([chunk]).events).toEqual([
      ok('[["Transfer-Encoding","chunked"]]', 'chunked'),
      `data "${'x'.repeat(size)}"`,
      'end []',
    ]);
  });
});

describe('lenient', () => {
  it('accepts bare LF and folded lines', () => {
    everySplit('HTTP/1.1 200 OK\nA: b\n c\nContent-Length: 2\n\nhi', (pieces) => {
      const { events } = transcriptOf(pieces, { limits: { lenient: true } });
      expect(events).toEqual([ok('[["A","b c"],["Content-Length","2"]]', 'length'), 'data "hi"', 'end []']);
    });
  });

  it('unfolds trailers', () => {
    const body = '2 \r\nhi\r\n0\r\nA: b\r\n\tc\r\n\r\n';
    everySplit(`HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n${body}`, (pieces) => {
      const { events } = transcriptOf(pieces, { limits: { lenient: true } });
      expect(events).toEqual([ok('[["Transfer-Encoding","chunked"]]', 'chunked'), 'data "hi"', 'end [["A","b c"]]']);
    });
  });
});
