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
});
