/**
 * From llhttp's spans to names and values. A section that comes in several chunks keeps the unfinished name or value between them.
 */

import { factOf } from './head-facts.ts';
import { fieldNamed } from './known-fields.ts';
import { clearSpans, cutSpans, firstSpan, inputShift, nameSpan, spans, spansEnd, statusSpan, valueSpan } from './span-recorder.ts';

const noSpan = 3;

// Borrowed, because chunks are typed as plain Uint8Array.
const { latin1Slice } = Buffer.prototype as unknown as { latin1Slice(this: Uint8Array, start: number, end: number): string };

export class FieldReader {
  reason = '';
  readonly #onField: (name: string, value: string, fact: number) => void;
  #lastSpan = noSpan;
  #name = '';
  #value = '';

  /** `onField` gets each field as soon as it is whole, without white space around its value. */
  constructor(onField: (name: string, value: string, fact: number) => void) {
    this.#onField = onField;
  }

  /** A new head, or the trailer section, begins. */
  restart(): void {
    this.reason = '';
    this.#lastSpan = noSpan;
    clearSpans();
  }

  /** Is a part of a field here, or does one begin at `offset` of the chunk at the latest? */
  hasFieldBy(offset: number): boolean {
    return this.#lastSpan !== noSpan || (spansEnd() > firstSpan && spans[firstSpan + 1]! <= offset);
  }

  /** Forgets what was noted behind `offset` of the chunk. */
  cut(offset: number): void {
    let end = spansEnd();
    while (end > firstSpan && spans[end - 2]! > offset) end -= 3;
    if (end > firstSpan) spans[end - 1] = Math.min(spans[end - 1]!, Math.max(offset, spans[end - 2]!));
    cutSpans(end);
  }

  /** Where the first span begins in the chunk; −1 without one. */
  get start(): number {
    return spansEnd() === firstSpan ? -1 : spans[firstSpan + 1]!;
  }

  /** Where the last span ends in the chunk; −1 without one. */
  get end(): number {
    const end = spansEnd();
    return end === firstSpan ? -1 : spans[end - 1]!;
  }

  /** Reads what was noted of `chunk`. With `isComplete`, the section ends here. */
  read(chunk: Uint8Array, isComplete: boolean): void {
    const end = spansEnd();
    if (end > firstSpan) {
      if (isComplete && this.#lastSpan === noSpan && isWhole(end)) {
        this.#readWhole(chunk, end);
        return;
      }
      this.#readParts(chunk, end);
    }
    if (isComplete) this.#finishField();
  }

  /** The common case: every field came in one chunk. */
  #readWhole(chunk: Uint8Array, end: number): void {
    clearSpans();
    const shift = inputShift();
    let index = firstSpan;
    if (spans[index] === statusSpan) {
      this.reason = reasonAt(chunk, spans[index + 1]!, spans[index + 2]!);
      index += 3;
    }
    // Made once somebody needs a part of it.
    let text: string | undefined;
    const base = spans[firstSpan + 1]!;
    const textEnd = spans[end - 1]!;
    for (; index < end; index += 6) {
      const nameStart = spans[index + 1]!;
      const field = fieldNamed(nameStart + shift, spans[index + 2]! - nameStart);
      const start = spans[index + 4]!;
      let valueEnd = spans[index + 5]!;
      while (valueEnd > start && isSpace(chunk[valueEnd - 1]!)) valueEnd -= 1;
      let value = field.valueAt(start + shift, valueEnd - start);
      if (value === undefined) value = (text ??= latin1Slice.call(chunk, base, textEnd)).slice(start - base, valueEnd - base);
      this.#onField(field.name, value, field.fact);
    }
  }

  #readParts(chunk: Uint8Array, end: number): void {
    clearSpans();
    const base = spans[firstSpan + 1]!;
    const text = latin1Slice.call(chunk, base, spans[end - 1]!);
    for (let index = firstSpan; index < end; index += 3) {
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
    this.#onField(this.#name, withoutTrailingSpace(this.#value), factOf(this.#name));
  }
}

/** Are the spans an optional reason, and then names and values in turn? */
function isWhole(end: number): boolean {
  let index = spans[firstSpan] === statusSpan ? firstSpan + 3 : firstSpan;
  for (; index < end; index += 6) if (spans[index] !== nameSpan || spans[index + 3] !== valueSpan) return false;
  return index === end;
}

function isSpace(octet: number): boolean {
  return octet === 0x20 || octet === 0x09;
}

/** Nearly every response says the same. */
function reasonAt(chunk: Uint8Array, start: number, end: number): string {
  return end - start === 2 && chunk[start] === 0x4f && chunk[start + 1] === 0x4b ? 'OK' : latin1Slice.call(chunk, start, end);
}

function withoutTrailingSpace(value: string): string {
  let end = value.length;
  while (end > 0 && isSpace(value.charCodeAt(end - 1))) end -= 1;
  return end === value.length ? value : value.slice(0, end);
}
