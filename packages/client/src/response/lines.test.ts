import { cpuTimeOf } from '@x/testbed/cpu-time';
import { describe, expect, it } from 'vitest';

import { Lines } from './lines.ts';
import { TextChunks } from './text-chunks.ts';

async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  return undefined;
}

async function linesOf(bytes: Uint8Array, size: number, charset?: string, maxLength = 1_000_000): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of new Lines(chunksOf(bytes, size), charset, maxLength)) lines.push(line);
  return lines;
}

const utf16 = (text: string): Buffer => Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]);

describe('lines', () => {
  it.each<[string, Uint8Array, string[], string?]>([
    ['end in LF or CRLF', Buffer.from('one\ntwo\r\nthree\n'), ['one', 'two', 'three']],
    ['may lack the last end', Buffer.from('one\ntwo'), ['one', 'two']],
    ['may be empty', Buffer.from('\n\r\n\none\n\n'), ['', '', '', 'one', '']],
    ['are none in nothing', Buffer.from(''), []],
    ['do not end in a lone CR', Buffer.from('one\rtwo\r\r\nthree\r'), ['one\rtwo\r', 'three\r']],
    ['hold other separators of Unicode', Buffer.from('one\u2028two\u0085three\vfour\n'), ['one\u2028two\u0085three\vfour']],
    ['hold characters of every length', Buffer.from('aé文😀\n😀文éa'), ['aé文😀', '😀文éa']],
    ['lose a byte order mark', Buffer.from('\ufeffone\n\ufefftwo'), ['one', '\ufefftwo']],
    ['are UTF-16 by their mark', utf16('one\n文😀\r\n'), ['one', '文😀'], 'utf-8'],
    ['are in the charset that is said', Buffer.from([0x80, 0x0a, 0xe9]), ['€', 'é'], 'iso-8859-1'],
    ['are in a charset of two bytes', Buffer.from([0x82, 0xa0, 0x0a, 0x83, 0x0a]), ['あ', '�'], 'shift_jis'],
    ['are UTF-8 in a charset that nobody knows', Buffer.from('é\n文'), ['é', '文'], 'klingon'],
    ['replace what is invalid', Buffer.from([0x61, 0xff, 0x0a, 0xf0, 0x9f]), ['a\ufffd', '\ufffd']],
    ['of one or two bytes are a whole body', Buffer.from('a'), ['a']],
  ])('%s', async (_, bytes, expected, charset) => {
    for (let size = 1; size <= bytes.length + 1; size += 1) expect(await linesOf(bytes, size, charset), `by ${size}`).toEqual(expected);
  });

  it.each([1, 2, 3, 64])('are as long as permitted and no longer, in chunks of %i', async (size) => {
    expect(await linesOf(Buffer.from('12345\n1234\r\n12345\r\n12345'), size, undefined, 5)).toEqual(['12345', '1234', '12345', '12345']);
    for (const text of ['123456\n', '12345\r\r\n', '1\n123456', '123456']) {
      await expect(linesOf(Buffer.from(text), size, undefined, 5), text).rejects.toThrow(
        expect.objectContaining({ name: 'DecodingError', code: 'LINE_TOO_LONG' }),
      );
    }
  });

  it('too long close the body, which is not read to its end', async () => {
    let closed = false;
    let read = 0;
    async function* endless(): AsyncGenerator<Uint8Array, undefined> {
      try {
        for (;;) {
          read += 1;
          yield Buffer.alloc(1_000, 'x');
        }
      } finally {
        closed = true;
      }
    }
    const lines = new Lines(endless(), undefined, 10_000);
    await expect(lines.next()).rejects.toThrow(expect.objectContaining({ code: 'LINE_TOO_LONG' }));
    expect([closed, read]).toEqual([true, 11]);
    expect(await lines.next()).toEqual({ done: true, value: undefined });
  });

  it('in a million pieces take a time that grows with their number', async () => {
    const bytes = Buffer.alloc(1_000_000, 'x');
    const cost = await cpuTimeOf(async () => expect((await linesOf(bytes, 10))[0]).toHaveLength(bytes.length));
    expect(cost).toBeLessThan(5_000);
  });

  it('that are left early close the body', async () => {
    let closed = false;
    async function* body(): AsyncGenerator<Uint8Array, undefined> {
      try {
        yield Buffer.from('one\ntwo\n');
        yield Buffer.from('three\n');
      } finally {
        closed = true;
      }
      return undefined;
    }
    for await (const line of new Lines(body(), undefined, 1_000_000)) {
      expect(line).toBe('one');
      break;
    }
    expect(closed).toBe(true);
  });
});

it('text is decoded as it is when it is all here', () => {
  const chunks = new TextChunks(undefined);
  expect([chunks.decode(Buffer.from([0xef])), chunks.decode(Buffer.from([0xbb])), chunks.decode(Buffer.from([0xbf, 0xc3]))]).toEqual([
    '',
    '',
    '',
  ]);
  expect([chunks.decode(Buffer.from([0xa9])), chunks.end()]).toEqual(['é', '']);
});
