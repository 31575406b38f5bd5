/**
 * From llhttp's spans to names and values: all of one chunk are cut from one string that is decoded once. A section that comes
 * in several chunks keeps the unfinished name or value between them.
 */

export const statusSpan = 0;
export const nameSpan = 1;
export const valueSpan = 2;
const noSpan = 3;

// Borrowed, because chunks are typed as plain Uint8Array.
const { latin1Slice } = Buffer.prototype as unknown as { latin1Slice(this: Uint8Array, start: number, end: number): string };

// Parsing is synchronous and never nested: one list serves all readers. Triples of kind, start, end.
let spans = new Int32Array(384);
let spanCount = 0;

export class FieldReader {
  reason = '';
  readonly #onField: (name: string, value: string) => void;
  #lastSpan = noSpan;
  #name = '';
  #value = '';

  /** `onField` gets each field as soon as it is whole, without white space around its value. */
  constructor(onField: (name: string, value: string) => void) {
    this.#onField = onField;
  }

  /** A new head, or the trailer section, begins. */
  restart(): void {
    this.reason = '';
    this.#lastSpan = noSpan;
    spanCount = 0;
  }

  /** Names and values that were noted and not read. */
  get noted(): number {
    return spanCount / 3;
  }

  /** Forgets what an earlier chunk noted and was not read. */
  beginChunk(): void {
    spanCount = 0;
  }

  note(kind: number, start: number, end: number): void {
    if (spanCount === spans.length) {
      const larger = new Int32Array(spans.length * 2);
      larger.set(spans);
      spans = larger;
    }
    spans[spanCount] = kind;
    spans[spanCount + 1] = start;
    spans[spanCount + 2] = end;
    spanCount += 3;
  }

  /** Is a part of a field here, or does one begin at `offset` of the chunk at the latest? */
  hasFieldBy(offset: number): boolean {
    return this.#lastSpan !== noSpan || (spanCount > 0 && spans[1]! <= offset);
  }

  /** Forgets what was noted behind `offset` of the chunk. */
  cut(offset: number): void {
    while (spanCount > 0 && spans[spanCount - 2]! > offset) spanCount -= 3;
    if (spanCount > 0) spans[spanCount - 1] = Math.min(spans[spanCount - 1]!, Math.max(offset, spans[spanCount - 2]!));
  }

  /** Where the first span begins in the chunk; −1 without one. */
  get start(): number {
    return spanCount === 0 ? -1 : spans[1]!;
  }

  /** Where the last span ends in the chunk; −1 without one. */
  get end(): number {
    return spanCount === 0 ? -1 : spans[spanCount - 1]!;
  }

  /** Reads what was noted of `chunk`. With `isComplete`, the section ends here. */
  read(chunk: Uint8Array, isComplete: boolean): void {
    const count = spanCount;
    spanCount = 0;
    if (count > 0) {
      const base = spans[1]!;
      const text = latin1Slice.call(chunk, base, spans[count - 1]!);
      if (isComplete && this.#lastSpan === noSpan && isWhole(count)) {
        this.#readWhole(text, base, count);
        return;
      }
      this.#readParts(text, base, count);
    }
    if (isComplete) this.#finishField();
  }

  /** The common case: every field came in one chunk. */
  #readWhole(text: string, base: number, count: number): void {
    let index = 0;
    if (spans[0] === statusSpan) {
      this.reason = text.slice(0, spans[2]! - base);
      index = 3;
    }
    for (; index < count; index += 6) {
      const name = text.slice(spans[index + 1]! - base, spans[index + 2]! - base);
      this.#onField(name, withoutTrailingSpace(text.slice(spans[index + 4]! - base, spans[index + 5]! - base)));
    }
  }

  #readParts(text: string, base: number, count: number): void {
    for (let index = 0; index < count; index += 3) {
      const kind = spans[index]!;
      const part = text.slice(spans[index + 1]! - base, spans[index + 2]! - base);
      if (kind === this.#lastSpan) {
        // Cut by the end of a chunk.
        if (kind === nameSpan) this.#name += part;
        else if (kind === valueSpan) this.#value += part;
        else this.reason += part;
      } else if (kind === nameSpan) {
        this.#finishField();
        this.#name = part;
        this.#value = '';
      } else if (kind === valueSpan) {
        this.#value = part;
      } else {
        this.reason = part;
      }
      this.#lastSpan = kind;
    }
  }

  #finishField(): void {
    if (this.#lastSpan !== valueSpan) return;
    this.#lastSpan = noSpan;
    this.#onField(this.#name, withoutTrailingSpace(this.#value));
  }
}

/** Are the spans an optional reason, and then names and values in turn? */
function isWhole(count: number): boolean {
  let index = spans[0] === statusSpan ? 3 : 0;
  for (; index < count; index += 6) if (spans[index] !== nameSpan || spans[index + 3] !== valueSpan) return false;
  return index === count;
}

function withoutTrailingSpace(value: string): string {
  let end = value.length;
  while (end > 0 && (value.charCodeAt(end - 1) === 0x20 || value.charCodeAt(end - 1) === 0x09)) end -= 1;
  return end === value.length ? value : value.slice(0, end);
}
