/** Text of a body that is decoded while it comes: characters are whole, wherever the chunks were cut. */
import { byteOrderMark, decoderFor, decodeWindows1252 } from './text.ts';

const longestMark = 3;
const nothing = new Uint8Array(0);

/** Decodes as `response.text()` does: a byte order mark decides before the charset, and what is invalid becomes U+FFFD. */
export class TextChunks {
  readonly #charset: string | undefined;
  #beginning: Uint8Array = nothing;
  #decode: ((chunk: Uint8Array, isLast: boolean) => string) | undefined = undefined;

  constructor(charset: string | undefined) {
    this.#charset = charset;
  }

  /** What can be said after this chunk, which may be nothing. */
  decode(chunk: Uint8Array): string {
    if (this.#decode !== undefined) return this.#decode(chunk, false);
    // The first bytes are held back until they are enough for a mark.
    const beginning = this.#beginning.length === 0 ? chunk : Buffer.concat([this.#beginning, chunk]);
    if (beginning.length < longestMark) {
      this.#beginning = beginning;
      return '';
    }
    return this.#begin(beginning)(beginning, false);
  }

  /** The rest, at the end of the body. */
  end(): string {
    return this.#decode === undefined ? this.#begin(this.#beginning)(this.#beginning, true) : this.#decode(nothing, true);
  }

  #begin(beginning: Uint8Array): (chunk: Uint8Array, isLast: boolean) => string {
    const decoder = decoderFor(byteOrderMark(beginning) ?? this.#charset ?? 'utf-8') ?? new TextDecoder();
    // One byte is one character there, so nothing is ever cut.
    if (decoder.encoding === 'windows-1252') return (this.#decode = decodeWindows1252);
    return (this.#decode = (chunk, isLast) => decoder.decode(chunk, { stream: !isLast }));
  }
}
