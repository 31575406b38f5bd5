/** Bytes as hexadecimal, sixteen to a line, with the characters beside them. */
import type { Palette } from './palette.ts';

const WIDE = 16;

export class HexPrinter {
  readonly #palette: Palette;
  readonly #width: number;
  #left: Uint8Array = new Uint8Array();
  #offset = 0;

  /** Eight to a line where sixteen do not fit. */
  constructor(palette: Palette, columns: number) {
    this.#palette = palette;
    this.#width = columns < 76 ? WIDE / 2 : WIDE;
  }

  push(chunk: Uint8Array): string {
    const bytes = this.#left.length === 0 ? chunk : Buffer.concat([this.#left, chunk]);
    const whole = bytes.length - (bytes.length % this.#width);
    let out = '';
    for (let at = 0; at < whole; at += this.#width) out += this.#line(bytes.subarray(at, at + this.#width));
    this.#left = bytes.slice(whole);
    return out;
  }

  end(): string {
    const rest = this.#left.length === 0 ? '' : this.#line(this.#left);
    this.#left = new Uint8Array();
    return rest;
  }

  #line(bytes: Uint8Array): string {
    const offset = this.#offset.toString(16).padStart(8, '0');
    this.#offset += bytes.length;
    const figures = Array.from(bytes, (byte, index) => (index === WIDE / 2 ? ' ' : '') + byte.toString(16).padStart(2, '0')).join(' ');
    const room = this.#width * 3 - 1 + (this.#width > WIDE / 2 ? 1 : 0);
    const shown = Array.from(bytes, (byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    return `${this.#palette.faint(offset)}  ${figures.padEnd(room)}  ${this.#palette.text(shown)}\n`;
  }
}
