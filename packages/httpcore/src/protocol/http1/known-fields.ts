/**
 * Servers say the same names in every response, and mostly the same values. What is known by its octets needs no new string, nor a comparison of
 * strings to find out what it says of the message.
 */
import { factOf } from './head-facts.ts';
import { inputOctets, inputText } from './llhttp-input.ts';

const places = 256;
const longestKnown = 64;
/** Of values that are others so often in turn, the next are not kept, until it is tried again. */
const mostMisses = 4;
const missesUntilNextTry = 64;

/** Octets of llhttp's input, to be found there again; compared four at a time. */
class Octets {
  length = -1;
  readonly #words: Int32Array;

  constructor(most: number) {
    this.#words = new Int32Array((most + 3) >>> 2);
  }

  set(start: number, length: number): void {
    this.length = length;
    for (let at = 0; at < length; at += 4) this.#words[at >>> 2] = inputOctets.getInt32(start + at, true);
  }

  areAt(start: number, length: number): boolean {
    if (length !== this.length) return false;
    const words = this.#words;
    const whole = length >>> 2;
    for (let index = 0; index < whole; index += 1) if (inputOctets.getInt32(start + index * 4, true) !== words[index]) return false;
    const rest = length & 3;
    // Of the last word as many as are left: behind each span there is the end of its line.
    return rest === 0 || (inputOctets.getInt32(start + whole * 4, true) ^ words[whole]!) << (32 - rest * 8) === 0;
  }
}

/** A name, and its last value. */
export class KnownField {
  readonly name: string;
  /** {@link factOf} the name. */
  readonly fact: number;
  readonly #name: Octets;
  readonly #value = new Octets(longestKnown);
  #text = '';
  #misses = 0;

  constructor(start: number, length: number) {
    this.name = inputText(start, start + length);
    this.fact = factOf(this.name);
    this.#name = new Octets(length);
    this.#name.set(start, length);
  }

  isAt(start: number, length: number): boolean {
    return this.#name.areAt(start, length);
  }

  /** The value, where it is known or will be; else `undefined`. */
  valueAt(start: number, length: number): string | undefined {
    if (this.#value.areAt(start, length)) {
      this.#misses = 0;
      return this.#text;
    }
    this.#misses = (this.#misses + 1) % missesUntilNextTry;
    if (length > longestKnown || this.#misses > mostMisses) return undefined;
    this.#value.set(start, length);
    // Not a part of the head's text, all of which it would keep.
    return (this.#text = inputText(start, start + length));
  }
}

const known: (KnownField | null)[] = Array.from({ length: places }, () => null);

/** The field with this name. */
export function fieldNamed(start: number, length: number): KnownField {
  const ends = inputOctets.getUint8(start) * 31 + inputOctets.getUint8(start + length - 1) * 7;
  const place = (ends + length * 5 + inputOctets.getUint8(start + (length >> 1))) % places;
  const last = known[place]!;
  if (last !== null && last.isAt(start, length)) return last;
  const field = new KnownField(start, length);
  if (length <= longestKnown) known[place] = field;
  return field;
}
