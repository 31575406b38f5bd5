/**
 * The Huffman code of RFC 7541 §5.2 and Appendix B.
 *
 * The code is canonical: within one length, codes count up in the order of their symbols, and each length starts where the
 * one before stopped. So the 257 lengths are the whole code, and every table here is derived from them.
 *
 * Decoding looks 10 bits up at once. All of printable ASCII but `#$<>@[\]^`{|}~` and a few more is that short; a longer code
 * is found by its length: among the codes of one length, a symbol's place is its code minus the first code.
 */

// prettier-ignore
const codeLengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

const endOfString = 256;
const longest = 30;
const lookupBits = 10;
const lookupMask = (1 << lookupBits) - 1;

/** Bits of each octet's code, for whoever measures a text while checking its characters. */
export const huffmanBits: Uint8Array = Uint8Array.from(codeLengths);

// As signed numbers, so that the arithmetic stays in 32 bits; the longest code has 30.
const codes = new Int32Array(257);
// For each code length: its first code, how many there are, and where their symbols start in `symbols`.
const firstCode = new Uint32Array(longest + 1);
const codeCount = new Uint16Array(longest + 1);
const firstSymbol = new Uint16Array(longest + 1);
const symbols = new Uint16Array(257);
// symbol << 4 | bits; 0 where the code is longer than the index.
const lookup = new Uint16Array(1 << lookupBits);

let code = 0;
let placed = 0;
for (let length = 5; length <= longest; length += 1) {
  firstCode[length] = code;
  firstSymbol[length] = placed;
  for (let symbol = 0; symbol <= endOfString; symbol += 1) {
    if (codeLengths[symbol] !== length) continue;
    codes[symbol] = code;
    symbols[placed] = symbol;
    if (length <= lookupBits) {
      const first = code << (lookupBits - length);
      lookup.fill((symbol << 4) | length, first, first + (1 << (lookupBits - length)));
    }
    code += 1;
    placed += 1;
  }
  codeCount[length] = placed - firstSymbol[length]!;
  code *= 2;
}

/** Writes the code of `text`, all of whose characters are Latin-1, and returns the offset after it. There must be room. */
export function encodeHuffman(text: string, target: Uint8Array, offset: number): number {
  const length = text.length;
  let pending = 0;
  let pendingBits = 0;
  for (let index = 0; index < length; index += 1) {
    const symbol = text.charCodeAt(index);
    const bits = huffmanBits[symbol]!;
    const symbolCode = codes[symbol]!;
    if (bits > 24) {
      // With up to 7 bits pending a longer code would not fit in 32: write it in two parts.
      pending = (pending << (bits - 16)) | (symbolCode >>> 16);
      pendingBits += bits - 16;
      while (pendingBits >= 8) {
        pendingBits -= 8;
        target[offset] = pending >>> pendingBits;
        offset += 1;
      }
      pending = (pending << 16) | (symbolCode & 0xffff);
      pendingBits += 16;
    } else {
      pending = (pending << bits) | symbolCode;
      pendingBits += bits;
    }
    while (pendingBits >= 8) {
      pendingBits -= 8;
      target[offset] = pending >>> pendingBits;
      offset += 1;
    }
  }
  if (pendingBits > 0) {
    // Padded with the first bits of the end-of-string code, which are ones.
    target[offset] = (pending << (8 - pendingBits)) | (0xff >>> pendingBits);
    offset += 1;
  }
  return offset;
}

/** The most octets that `length` octets of Huffman code can stand for. */
export function huffmanExpansion(length: number): number {
  return Math.floor((length * 8) / 5);
}

/**
 * Decodes into `target` and returns how many octets there are, or −1 where RFC 7541 §5.2 calls it an error: the
 * end-of-string symbol, padding of more than 7 bits, or padding that is not ones.
 */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number, target: Uint8Array): number {
  let offset = start;
  let written = 0;
  // The low `count` bits of `pending` are still to be decoded; above them is what has been.
  let pending = 0;
  let count = 0;
  for (;;) {
    while (count <= 24 && offset < end) {
      pending = (pending << 8) | bytes[offset]!;
      offset += 1;
      count += 8;
    }
    if (count >= lookupBits) {
      const entry = lookup[(pending >>> (count - lookupBits)) & lookupMask]!;
      if (entry !== 0) {
        target[written] = entry >> 4;
        written += 1;
        count -= entry & 15;
        continue;
      }
    } else {
      if (count === 0) return written;
      // The last few bits, filled up with ones: a whole code, or padding.
      const missing = lookupBits - count;
      const entry = lookup[((pending << missing) | ((1 << missing) - 1)) & lookupMask]!;
      const bits = entry & 15;
      if (entry === 0 || bits > count) break;
      target[written] = entry >> 4;
      written += 1;
      count -= bits;
      continue;
    }
    // A long code, or more than 10 bits of padding.
    const value = count === 32 ? pending >>> 0 : pending & ((1 << count) - 1);
    let bits = lookupBits + 1;
    let symbol = -1;
    for (; bits <= longest; bits += 1) {
      let candidate: number;
      if (bits <= count) {
        candidate = value >>> (count - bits);
      } else {
        // `count` is at least 25 where octets are left, so one more octet is always enough.
        if (offset >= end) return -1;
        candidate = (value << (bits - count)) | (bytes[offset]! >>> (8 - bits + count));
      }
      const place = candidate - firstCode[bits]!;
      if (place < codeCount[bits]!) {
        symbol = symbols[firstSymbol[bits]! + place]!;
        break;
      }
    }
    if (symbol === endOfString || symbol === -1) return -1;
    target[written] = symbol;
    written += 1;
    if (bits <= count) {
      count -= bits;
    } else {
      pending = bytes[offset]!;
      offset += 1;
      count = 8 - (bits - count);
    }
  }
  const padding = (1 << count) - 1;
  return count < 8 && (pending & padding) === padding ? written : -1;
}
