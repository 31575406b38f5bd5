import { randomBytes } from 'node:crypto';

/**
 * HalfSipHash-1-3 of a text (Aumasson and Bernstein): without its key, nobody can find texts that have the same. One unit of the text is a byte where all
 * of them are, and two otherwise.
 */
export class KeyHash {
  readonly #low: number;
  readonly #high: number;

  /** Eight bytes. */
  constructor(key: Uint8Array) {
    this.#low = word(key, 0);
    this.#high = word(key, 4);
  }

  /** 32 bits. */
  of(text: string): number {
    let v0 = this.#low;
    let v1 = this.#high;
    let v2 = 0x6c796765 ^ v0;
    let v3 = 0x74656462 ^ v1;
    const whole = text.length & ~3;
    let seen = 0;
    for (let at = 0; at <= whole; at += 4) {
      let message = text.length << 24;
      if (at < whole) {
        const one = text.charCodeAt(at);
        const two = text.charCodeAt(at + 1);
        const three = text.charCodeAt(at + 2);
        const four = text.charCodeAt(at + 3);
        seen |= one | two | three | four;
        message = one | (two << 8) | (three << 16) | (four << 24);
      } else {
        for (let rest = at; rest < text.length; rest += 1) {
          const unit = text.charCodeAt(rest);
          seen |= unit;
          message |= unit << ((rest - at) * 8);
        }
      }
      v3 ^= message;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      v0 ^= message;
    }
    // Units of two bytes run into each other above.
    if (seen > 0xff) return this.of(narrowed(text));
    v2 ^= 0xff;
    for (let round = 0; round < 3; round += 1) {
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
    }
    return v1 ^ v3;
  }
}

// Made when it is first needed: what a snapshot of the process is started from has none.
let ofProcess: KeyHash | undefined;

/**
 * Of what responses are found by, in flights and in memory: found out once a request. It differs from process to process: nobody can find keys that are in
 * each other's way.
 */
export function hashOfKey(key: string): number {
  return (ofProcess ??= new KeyHash(randomBytes(8))).of(key);
}

function narrowed(text: string): string {
  return Buffer.from(text, 'utf16le').toString('latin1');
}

function word(key: Uint8Array, at: number): number {
  return key[at]! | (key[at + 1]! << 8) | (key[at + 2]! << 16) | (key[at + 3]! << 24);
}
