import type { HeaderField } from './header-field.ts';

/**
 * Servers that keep no table of their own (nginx, Go) send the same literals in every response. What says again what the last one with its name has
 * said, is known by its octets as they travel: nothing is decoded, checked or made anew.
 */
const staticNames = 61;
const longest = 64;
/** Of values that are others so often in turn, the next are not kept, until it is tried again. */
const mostMisses = 4;
const missesUntilNextTry = 64;

/** The last value of one name, with its length and the flag of its coding before it. */
class LastLiteral {
  readonly #octets = new Uint8Array(longest);
  #length = 0;
  #misses = 0;
  field: HeaderField | null = null;

  /** How many octets of `bytes[at, end)` say the same; 0 where they do not. */
  lengthAt(bytes: Uint8Array, at: number, end: number): number {
    const octets = this.#octets;
    const length = this.#length;
    if (length === 0 || end - at < length) return 0;
    for (let index = 0; index < length; index += 1) if (bytes[at + index] !== octets[index]) return 0;
    this.#misses = 0;
    return length;
  }

  keep(bytes: Uint8Array, start: number, end: number, field: HeaderField): void {
    this.#misses = (this.#misses + 1) % missesUntilNextTry;
    if (end - start > longest || this.#misses > mostMisses) return;
    for (let index = start; index < end; index += 1) this.#octets[index - start] = bytes[index]!;
    this.#length = end - start;
    this.field = field;
  }
}

/** Of one connection. */
export class RepeatedLiterals {
  readonly #byName: (LastLiteral | null)[] = Array.from({ length: staticNames + 1 }, () => null);
  #asked: LastLiteral | null = null;
  #valueStart = 0;
  /** Where the literal ends that was found. */
  end = 0;

  /** The field of a literal without indexing, which begins with `octet` before `bytes[at, end)`, if it is known. Else `onRead` is told what it is. */
  find(octet: number, bytes: Uint8Array, at: number, end: number): HeaderField | null {
    this.#asked = null;
    let name = octet;
    let valueStart = at;
    if (octet === 0x0f) {
      if (at === end || bytes[at]! >= 0x80) return null;
      name = 0x0f + bytes[at]!;
      valueStart = at + 1;
    }
    // Those of the dynamic table mean something else from time to time.
    if (name === 0 || name > staticNames) return null;
    const last = (this.#byName[name] ??= new LastLiteral());
    this.#asked = last;
    this.#valueStart = valueStart;
    const length = last.lengthAt(bytes, valueStart, end);
    if (length === 0) return null;
    this.end = valueStart + length;
    return last.field;
  }

  onRead(field: HeaderField, bytes: Uint8Array, end: number): void {
    this.#asked?.keep(bytes, this.#valueStart, end, field);
  }
}
