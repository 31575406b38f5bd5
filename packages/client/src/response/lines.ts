/** Lines of a text that comes in chunks. */
import { DecodingError, InvalidOption } from '../errors.ts';
import { about } from '../request/about.ts';
import { findHeader } from '../request/fields/header-input.ts';
import type { Request } from '../request/request.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import type { Response } from './response.ts';
import { charsetOf } from './text.ts';
import type { UnreadResponse } from './unread-response.ts';
import { TextChunks } from './text-chunks.ts';

/** What `lines()` may be told. */
export interface LinesOptions {
  /** In place of that of `Content-Type`. */
  readonly charset?: string | undefined;
  /** The longest line, in characters (UTF-16 code units); `LINE_TOO_LONG` past it. Default 1,048,576. `Infinity` for no limit. */
  readonly maxLength?: number | undefined;
}

const names: OptionNames<LinesOptions> = Object.freeze({ charset: undefined, maxLength: undefined });
const defaultMaxLength = 1024 * 1024;

/** @throws {InvalidOption} */
export function readLines(
  response: Pick<UnreadResponse, 'request' | typeof Symbol.asyncIterator>,
  charset: string | undefined,
  options: LinesOptions,
): Lines {
  const own = ownOptions(options, names, 'lines');
  const { maxLength = defaultMaxLength } = own;
  if (typeof maxLength !== 'number' || !(maxLength >= 1)) throw new InvalidOption('maxLength', 'must be a number of at least 1');
  return new Lines(response[Symbol.asyncIterator](), own.charset?.toLowerCase() ?? charset, maxLength, response.request);
}

/**
 * Of a body that is here.
 * @throws {InvalidOption}
 */
export function linesInMemory(response: Response, options: LinesOptions): Lines {
  const charset = charsetOf(findHeader(response.rawHeaders, 'content-type'));
  const { request } = response;
  return readLines({ request, [Symbol.asyncIterator]: () => only(response.bytes()) }, charset, options);
}

async function* only(chunk: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield chunk;
}

/**
 * Lines without what ends them, which is LF or CRLF. A lone CR is a character like others, so that a line is never held back
 * for what may follow. What comes after the last line end is a line if it is not empty.
 */
export class Lines implements AsyncIterableIterator<string> {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #text: TextChunks;
  readonly #splitter: LineSplitter;
  readonly #request: Request | undefined;
  #ready: string[] = [];
  #next = 0;
  #ended = false;

  /** `request` is what errors are about. */
  constructor(chunks: AsyncIterator<Uint8Array>, charset: string | undefined, maxLength: number, request?: Request) {
    this.#chunks = chunks;
    this.#text = new TextChunks(charset);
    this.#splitter = new LineSplitter(maxLength);
    this.#request = request;
  }

  /** @throws {DecodingError} `LINE_TOO_LONG`, and what reading the body throws. */
  async next(): Promise<IteratorResult<string, undefined>> {
    while (this.#next >= this.#ready.length) {
      if (this.#ended) return { done: true, value: undefined };
      await this.#readMore();
    }
    return { done: false, value: this.#ready[this.#next++]! };
  }

  async return(): Promise<IteratorResult<string, undefined>> {
    this.#ended = true;
    this.#ready = [];
    await this.#chunks.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #readMore(): Promise<void> {
    const result = await this.#chunks.next();
    if (this.#ended) return;
    this.#next = 0;
    try {
      if (result.done === true) {
        this.#ended = true;
        this.#ready = [...this.#splitter.split(this.#text.end()), ...this.#splitter.end()];
      } else {
        this.#ready = this.#splitter.split(this.#text.decode(result.value));
      }
    } catch (error) {
      await this.return();
      throw this.#request === undefined ? error : about(error, this.#request);
    }
  }
}

/** Cuts text into lines. Each piece of text is searched once, however many pieces a line has. */
class LineSplitter {
  readonly #maxLength: number;
  /** The beginning of a line whose end is still to come. */
  #pending = '';

  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  split(text: string): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', start)) {
      lines.push(this.#line(text.slice(start, end)));
      start = end + 1;
    }
    this.#pending += text.slice(start);
    // One more, since the last character may turn out to be the CR of a line end.
    if (this.#pending.length > this.#maxLength + 1) throw tooLong(this.#maxLength);
    return lines;
  }

  end(): string[] {
    return this.#pending === '' ? [] : [this.#line('', false)];
  }

  #line(rest: string, isEnded = true): string {
    const whole = this.#pending + rest;
    this.#pending = '';
    const line = isEnded && whole.endsWith('\r') ? whole.slice(0, -1) : whole;
    if (line.length > this.#maxLength) throw tooLong(this.#maxLength);
    return line;
  }
}

function tooLong(maxLength: number): DecodingError {
  return new DecodingError(`A line of the response body has more than ${maxLength} characters`, { code: 'LINE_TOO_LONG' });
}
