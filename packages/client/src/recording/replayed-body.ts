/** A recorded response body, given again in the pieces that it came in. */
import type { HeaderPair } from '@x/httpcore';

import { readContentEncoding } from '../codings/codings.ts';
import { contentEncoder } from '../codings/encoders.ts';
import { bytesOf } from '../har/har-message.ts';
import type { HarContent } from '../har/har.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { encodedPieces, type TimedPiece } from './encoded-pieces.ts';

/** The bytes, still without their content coding, at the borders that they had. */
export function piecesOf({ text, encoding, _chunks: chunks }: HarContent): TimedPiece[] {
  const bytes = bytesOf(text ?? '', encoding);
  const pieces: TimedPiece[] = [];
  let from = 0;
  for (const [at, end] of Array.isArray(chunks) ? chunks : []) {
    if (end > from && end <= bytes.length) pieces.push({ at, bytes: bytes.subarray(from, end) });
    from = Math.max(from, end);
  }
  const last = pieces.at(-1);
  if (from < bytes.length) pieces.push({ at: last?.at ?? 0, bytes: bytes.subarray(from) });
  return pieces;
}

/** What goes on the wire of a replay. */
export interface WireBody {
  readonly headers: readonly HeaderPair[];
  readonly pieces: AsyncIterable<TimedPiece> | Iterable<TimedPiece>;
}

/** The coding is done again; one that is not known here is left out, with its field. */
export function wireBody(headers: readonly HeaderPair[], content: HarContent, hasBody: boolean): WireBody {
  const pieces = piecesOf(content);
  const coding = findHeader(headers, 'content-encoding');
  const length = findHeader(headers, 'content-length');
  const fits = (total: number): readonly HeaderPair[] =>
    hasBody && content._incomplete === undefined ? withLength(headers, total) : headers;
  if (coding === undefined || content._encoded === true || pieces.length === 0) return { headers: fits(totalOf(pieces)), pieces };
  const names = coding
    .split(',')
    .map((name) => name.trim().toLowerCase().replace(/^x-/, ''))
    .filter((name) => name !== '' && name !== 'identity');
  const encoders = names.map(contentEncoder);
  if (encoders.includes(undefined) || (names.length > 0 && readContentEncoding(coding).length === 0)) {
    const plain = headers.filter(([name]) => name.toLowerCase() !== 'content-encoding');
    return { headers: hasBody ? withLength(plain, totalOf(pieces)) : plain, pieces };
  }
  if (length === undefined && names.length === 1 && pieces.length > 1) {
    return { headers, pieces: encodedPieces(encoders[0]!, pieces, content._incomplete === undefined) };
  }
  const last = pieces.at(-1)!;
  let bytes: Uint8Array = Buffer.concat(pieces.map((piece) => piece.bytes));
  for (const encoder of encoders) bytes = encoder!.encodeNow(bytes);
  return { headers: fits(bytes.length), pieces: [{ at: last.at, bytes }] };
}

/** Recorded bytes, at the speed that is asked for. */
export class ReplayedBody implements AsyncIterable<Uint8Array> {
  readonly #pieces: WireBody['pieces'];
  readonly #delay: (at: number) => Promise<void> | undefined;
  readonly #atEnd: (() => Promise<void>) | undefined;
  readonly trailers: readonly HeaderPair[];

  /** `atEnd`: what comes after the last piece, such as the error that the body broke off with. */
  constructor(
    pieces: WireBody['pieces'],
    delay: (at: number) => Promise<void> | undefined,
    atEnd: (() => Promise<void>) | undefined,
    trailers: readonly HeaderPair[],
  ) {
    this.#pieces = pieces;
    this.#delay = delay;
    this.#atEnd = atEnd;
    this.trailers = trailers;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    for await (const { at, bytes } of this.#pieces) {
      const delay = this.#delay(at);
      if (delay !== undefined) await delay;
      yield bytes;
    }
    await this.#atEnd?.();
  }
}

function withLength(headers: readonly HeaderPair[], length: number): readonly HeaderPair[] {
  return headers.map(([name, value]) => (name.toLowerCase() === 'content-length' ? [name, String(length)] : [name, value]));
}

function totalOf(pieces: readonly TimedPiece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
