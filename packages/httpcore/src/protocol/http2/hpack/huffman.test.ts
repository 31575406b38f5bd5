import { Buffer } from 'node:buffer';

import hpack from 'hpack.js';
import { describe, expect, it } from 'vitest';

import { seededRandom } from '../../../../test/support/seeded-random.ts';
import { ReferenceDecoder } from '../../../../test/support/http2/reference-hpack.ts';
import { integer } from '../../../../test/support/http2/frame-factory.ts';
import { decodeHuffman, encodeHuffman, huffmanBits, huffmanExpansion } from './huffman.ts';

function encode(text: string): Buffer {
  const target = Buffer.alloc(text.length * 4 + 4);
  return target.subarray(0, encodeHuffman(text, target, 0));
}

function decode(bytes: Uint8Array): string | null {
  const target = Buffer.alloc(huffmanExpansion(bytes.length) + 1);
  const length = decodeHuffman(bytes, 0, bytes.length, target);
  return length === -1 ? null : target.toString('latin1', 0, length);
}

/** What hpack.js makes of the same octets, as the value of a literal; `null` where it refuses. */
function decodeByReference(bytes: Uint8Array): string | null {
  const length = integer(bytes.length, 7);
  length[0]! |= 0x80;
  try {
    return new ReferenceDecoder().decode(Buffer.concat([Buffer.from([0x00, 0x01, 0x61]), length, bytes]))[0]!.value;
  } catch {
    return null;
  }
}

describe('the Huffman code', () => {
  it('has the lengths of RFC 7541 Appendix B', () => {
    expect([...huffmanBits]).toEqual(hpack.huffman.encode.map(([bits]) => bits));
  });

  it.each([
    ['www.example.com', 'f1e3c2e5f23a6ba0ab90f4ff'],
    ['no-cache', 'a8eb10649cbf'],
    ['custom-key', '25a849e95ba97d7f'],
    ['custom-value', '25a849e95bb8e8b4bf'],
    ['302', '6402'],
    ['private', 'aec3771a4b'],
    ['Mon, 21 Oct 2013 20:13:21 GMT', 'd07abe941054d444a8200595040b8166e082a62d1bff'],
    ['https://www.example.com', '9d29ad171863c78f0b97c8e9ae82ae43d3'],
    ['307', '640eff'],
    ['gzip', '9bd9ab'],
    [
      'foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
      '94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007',
    ],
    ['', ''],
  ])('reads and writes %j as in RFC 7541 Appendix C', (text, hex) => {
    expect(encode(text).toString('hex')).toBe(hex);
    expect(decode(Buffer.from(hex, 'hex'))).toBe(text);
  });

  it('gives every octet back, in every place', () => {
    for (let octet = 0; octet < 256; octet += 1) {
      const character = String.fromCharCode(octet);
      for (const text of [character, `a${character}`, `${character}0`, character.repeat(9), `\u00f9${character}~`])
        expect(decode(encode(text))).toBe(text);
    }
  });

  it('gives random octets back, and hpack.js reads them too', () => {
    const random = seededRandom(1);
    for (let run = 0; run < 300; run += 1) {
      const text = Array.from({ length: random(60) }, () => String.fromCharCode(random(256))).join('');
      const bytes = encode(text);
      expect(decode(bytes)).toBe(text);
      expect(decodeByReference(bytes)).toBe(text);
    }
  });

  it('makes of random bits what hpack.js makes of them', () => {
    const random = seededRandom(2);
    let refused = 0;
    for (let run = 0; run < 3_000; run += 1) {
      // Mostly short codes, and often the ones that padding and the end-of-string code are made of.
      const bytes = Uint8Array.from({ length: 1 + random(12) }, () => (random(3) === 0 ? 0xff : random(256)));
      const decoded = decode(bytes);
      if (decoded === null) refused += 1;
      expect({ bytes, decoded }).toEqual({ bytes, decoded: decodeByReference(bytes) });
    }
    expect(refused).toBeGreaterThan(100);
  });

  it.each([
    ['the end-of-string code', 'ffffffff'],
    ['the end-of-string code after text', '1ffffffffc'],
    ['8 bits of padding', '1fff'],
    ['padding of zeros', '00'],
    ['padding that is not all ones', '1e'],
    ['an octet of padding alone', 'ff'],
    ['the beginning of a long code', 'fffffe'],
  ])('refuses %s', (_what, hex) => {
    expect(decode(Buffer.from(hex, 'hex'))).toBeNull();
  });
});
