import { describe, expect, it } from 'vitest';

import { charsetOf, decodeText } from './text.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('the charset of a Content-Type', () => {
  it.each([
    ['text/html; charset=ISO-8859-1', 'iso-8859-1'],
    ['text/html;charset="utf-8"', 'utf-8'],
    ['text/html; boundary=x; Charset=Shift_JIS ; y', 'shift_jis'],
    ['text/plain; title="; charset=utf-16le"', undefined],
    ['text/plain; title="; charset=utf-16le"; charset=latin1', 'latin1'],
    ['text/plain; charset=" utf-8 "', 'utf-8'],
    ['charset=utf-8', undefined],
    ['text/plain; charset=""', undefined],
    ['text/html', undefined],
    ['text/html; mycharset=latin1', undefined],
    [undefined, undefined],
  ])('%s', (type, charset) => {
    expect(charsetOf(type)).toBe(charset);
  });
});

describe('text', () => {
  it('is UTF-8 unless something says otherwise', () => {
    expect(decodeText(Buffer.from('grüße 🎈'), undefined)).toBe('grüße 🎈');
    expect(decodeText(bytes(), undefined)).toBe('');
  });

  it('replaces what is invalid, as TextDecoder does', () => {
    const decoder = new TextDecoder();
    let seed = 42;
    const random = (below: number): number => (seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) % below;
    for (let round = 0; round < 2_000; round++) {
      const sample = Uint8Array.from({ length: 1 + random(9) }, () => [random(256), 0xe0, 0xed, 0xf0, 0x80, 0xbf, 0x41][random(7)]!);
      expect(decodeText(sample, 'utf-8')).toBe(decoder.decode(sample));
    }
  });

  it('takes a byte order mark off, and believes it before the charset', () => {
    expect(decodeText(bytes(0xef, 0xbb, 0xbf, 0x61), 'iso-8859-1')).toBe('a');
    expect(decodeText(bytes(0xff, 0xfe, 0x61, 0x00), 'utf-8')).toBe('a');
    expect(decodeText(bytes(0xfe, 0xff, 0x00, 0x61), undefined)).toBe('a');
    expect(decodeText(bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf), undefined)).toBe('\ufeff');
  });

  it('decodes other charsets', () => {
    expect(decodeText(bytes(0xe9, 0x80), 'iso-8859-1')).toBe('é€');
    expect(decodeText(bytes(0x82, 0xa0), 'shift_jis')).toBe('あ');
  });

  it('takes Latin-1 and ASCII for windows-1252, as the web does', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const text = decodeText(all, 'us-ascii');
    expect(text).toHaveLength(256);
    expect(text.slice(0, 0x80) + text.slice(0xa0)).toBe(String.fromCharCode(...all.subarray(0, 0x80), ...all.subarray(0xa0)));
    expect(text.slice(0x80, 0xa0)).toBe('€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ');
  });

  it('takes an unknown charset as UTF-8', () => {
    expect(decodeText(Buffer.from('ü'), 'no-such-charset')).toBe('ü');
  });

  it('decodes a part of a larger buffer', () => {
    expect(decodeText(new Uint8Array(Buffer.from('xxüyy').buffer.slice(0)).subarray(0, 0), undefined)).toBe('');
    expect(decodeText(Uint8Array.from(Buffer.from('xxüyy')).subarray(2, 4), undefined)).toBe('ü');
  });
});

it('decodes short texts as long ones', () => {
  for (let length = 0; length < 70; length += 1) {
    for (const text of ['é'.repeat(length), `${'a'.repeat(length)}€`, `\uFEFF${'b'.repeat(length)}`]) {
      const bytes = new TextEncoder().encode(text);
      expect(decodeText(bytes, undefined)).toBe(new TextDecoder().decode(bytes));
      const cut = bytes.subarray(0, bytes.length - 1);
      expect(decodeText(cut, undefined)).toBe(new TextDecoder().decode(cut));
    }
  }
});
