/**
 * A multipart/form-data body (RFC 7578), which is never held as a whole: heads are written, contents are passed through, one
 * after the other.
 *
 *   --boundary CRLF head CRLF content CRLF  --boundary CRLF head CRLF content CRLF … --boundary-- CRLF
 *
 * The line break after a content belongs to the boundary behind it (RFC 2046 §5.1.1), so each piece of ours but the first begins
 * with one.
 */
import { HttpCoreError, WriteError, type ByteIterable } from '@x/httpcore';

import { ClientError } from '../../errors.ts';
import { ChunkIterator, type ChunkSource } from '../body/chunks.ts';
import { BytesBody, type RequestBody } from '../body/request-body.ts';
import { iterate } from '../body/streamed-body.ts';
import { multipartType, randomBoundary } from './boundary.ts';
import type { Part } from './parts.ts';

interface Piece {
  readonly name: string;
  /** The boundary and the head. */
  readonly head: Uint8Array;
  readonly content: RequestBody;
}

// Up to here one write is cheaper than several.
const smallBody = 64 * 1024;

const ended: IteratorReturnResult<undefined> = Object.freeze({ done: true, value: undefined });

export class MultipartBody implements RequestBody {
  readonly contentType: string;
  /** `undefined` while that of a part is not known; see {@link measure}. */
  readonly length: number | undefined;
  readonly replayable: boolean;
  /** @internal What it consists of, in its order. */
  readonly parts: readonly Part[];
  readonly onFailure: RequestBody['onFailure'];
  readonly #pieces: readonly Piece[];
  readonly #closing: Uint8Array;

  constructor(parts: readonly Part[], boundary: string = randomBoundary()) {
    this.contentType = multipartType(boundary);
    this.parts = parts;
    this.#pieces = parts.map(({ name, head, content }, index) => ({
      name,
      head: Buffer.from(`${index === 0 ? '' : '\r\n'}--${boundary}\r\n${head}`, 'utf8'),
      content,
    }));
    this.#closing = Buffer.from(`${parts.length === 0 ? '' : '\r\n'}--${boundary}--\r\n`, 'latin1');
    this.length = this.#total(parts.map(({ content }) => content.length));
    this.replayable = parts.every(({ content }) => content.replayable);
    if (parts.some(({ content }) => content.onFailure !== undefined)) this.onFailure = (tell) => this.#watch(tell);
  }

  /**
   * The length, with that of files on disk.
   * @throws {InvalidOption} a file can not be read.
   */
  async measure(): Promise<number | undefined> {
    return this.#total(await Promise.all(this.#pieces.map(async ({ content }) => content.length ?? content.measure?.())));
  }

  open(): ByteIterable {
    const chunks: Uint8Array[] = [];
    for (const { head, content } of this.#pieces) {
      if (!(content instanceof BytesBody)) return new ChunkIterator(() => new PieceSource(this.#pieces, this.#closing));
      chunks.push(head, ...content.chunks);
    }
    chunks.push(this.#closing);
    return this.length! <= smallBody ? [Buffer.concat(chunks)] : chunks;
  }

  discard(): void {
    for (const { content } of this.#pieces) content.discard();
  }

  release(): void {
    for (const { content } of this.#pieces) content.release();
  }

  #watch(tell: (error: unknown) => void): () => void {
    const stops = this.#pieces.map(({ name, content }) => content.onFailure?.((error) => tell(ofFile(name, error))));
    return () => {
      for (const stop of stops) stop?.();
    };
  }

  #total(lengths: readonly (number | undefined)[]): number | undefined {
    let total = this.#closing.byteLength;
    for (const [index, length] of lengths.entries()) {
      if (length === undefined) return undefined;
      total += this.#pieces[index]!.head.byteLength + length;
    }
    return total;
  }
}

class PieceSource implements ChunkSource {
  readonly #pieces: readonly Piece[];
  readonly #closing: Uint8Array;
  #next = 0;
  #content: ChunkSource | undefined = undefined;
  #name = '';

  constructor(pieces: readonly Piece[], closing: Uint8Array) {
    this.#pieces = pieces;
    this.#closing = closing;
  }

  async next(): Promise<IteratorResult<unknown, unknown>> {
    const result = await this.#nextOfContent();
    if (result !== undefined && result.done !== true) return result;
    this.#content = undefined;
    const index = this.#next++;
    const piece = this.#pieces[index];
    if (piece === undefined) return index === this.#pieces.length ? { done: false, value: this.#closing } : ended;
    this.#name = piece.name;
    this.#content = iterate(piece.content.open());
    return { done: false, value: piece.head };
  }

  async #nextOfContent(): Promise<IteratorResult<unknown, unknown> | undefined> {
    try {
      return await this.#content?.next();
    } catch (error) {
      throw ofFile(this.#name, error);
    }
  }

  /** Lets go of the content that is being read, and of those whose turn will not come. */
  async return(): Promise<void> {
    const waiting = this.#pieces.slice(this.#next);
    this.#next = this.#pieces.length + 1;
    for (const { content } of waiting) content.discard();
    await this.#content?.return?.();
  }
}

/** What the source of a file has thrown, with the field that it was for. What is known to be wrong with a file says so itself. */
function ofFile(name: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof HttpCoreError || error instanceof ClientError) return error;
  return new WriteError(`The file for ${JSON.stringify(name)} failed while it was read: ${error.message}`, {
    code: 'REQUEST_BODY_FAILED',
    cause: error,
    phase: 'send',
  });
}
