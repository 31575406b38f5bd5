/**
 * A zlib stream of Node as a pull iterator: bytes in by one iterator, bytes out by another, nothing read that is not asked for.
 *
 * The engine is made when the first byte is there, so a body that nobody reads costs no memory of zlib's. One `next()` at a time
 * turns this loop:
 *
 *   is something decoded? ─ yes ─▶ hand it out
 *   is the engine at work? ─ yes ─▶ wait for it
 *   else take a chunk from the source, cut it into frames, and give the engine one piece after the other
 *
 * The engine stops by itself when a chunk of its output has not been taken, also in the middle of a piece: a small input that
 * becomes a large output is decoded no faster than it is read. Whoever ends it (the end, an error, `return()`), the engine is
 * destroyed then and the source is told.
 */
import type { Transform } from 'node:stream';

import { sourceEnded, type ByteSource } from './byte-source.ts';
import { ownBytes } from '../own-bytes.ts';
import { assertPadding, codingFailure, unexpectedEnd } from './coding-failure.ts';

/** What all classes of node:zlib have in common. */
export type ZlibEngine = Transform & {
  /** How many of the bytes given it has used. */
  readonly bytesWritten: number;
};

/** Cuts the input where the engine would take one end for the end of everything. */
export interface FrameCutter {
  cut(chunk: Uint8Array): readonly Uint8Array[];
  /** Does nothing break off here? */
  readonly complete: boolean;
}

/** How one coding is done or undone with a stream of zlib. */
export interface Codec {
  readonly name: string;
  open(firstByte: number): ZlibEngine;
  /** Is nothing, encoded, something? So it is where a coding is done, while what is undone may be empty. */
  readonly writesEmpty: boolean;
  /** May zeros follow the end? */
  readonly mayPad: boolean;
  /** `undefined` where the engine itself finds the ends. */
  readonly frames: (() => FrameCutter) | undefined;
}

export class ZlibPump implements AsyncIterableIterator<Uint8Array<ArrayBuffer>, undefined> {
  readonly #source: ByteSource;
  readonly #codec: Codec;
  readonly #frames: FrameCutter | undefined;
  readonly #onOutput: ((total: number) => void) | undefined;
  #engine: ZlibEngine | undefined = undefined;
  #pieces: Uint8Array[] = [];
  #given = 0;
  #made = 0;
  #padding = 0;
  #working = false;
  /** The engine has found the end of the coding; what still comes can only be padding. */
  #pastEnd = false;
  #sourceEnded = false;
  #failure: Error | undefined = undefined;
  #closed = false;
  #wake: (() => void) | undefined = undefined;

  /** `onOutput` is told how many bytes were made so far, before they are handed out. It may throw. */
  constructor(source: ByteSource, codec: Codec, onOutput?: (total: number) => void) {
    this.#source = source;
    this.#codec = codec;
    this.#frames = codec.frames?.();
    this.#onOutput = onOutput;
  }

  /** @throws {DecodingError} `CORRUPT_CODING`, `TRUNCATED_CODING`; and what the source throws. */
  async next(): Promise<IteratorResult<Uint8Array<ArrayBuffer>, undefined>> {
    try {
      while (!this.#closed) {
        const value = this.#engine?.read() as Uint8Array | null | undefined;
        if (value !== null && value !== undefined) {
          this.#made += value.length;
          this.#onOutput?.(this.#made);
          return { done: false, value: ownBytes(value) };
        }
        if (this.#failure !== undefined) throw codingFailure(this.#codec.name, this.#failure);
        if (this.#working) await this.#progress();
        else if (this.#pieces.length > 0) this.#write(this.#pieces.shift()!);
        else if (!this.#sourceEnded) await this.#pull();
        else if (this.#isFinished()) this.#destroy();
        else await this.#progress();
      }
      return sourceEnded;
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  /** Nothing more is wanted. Does not wait for a `next()` that is still running; that one resolves as ended. */
  async return(): Promise<IteratorResult<Uint8Array<ArrayBuffer>, undefined>> {
    if (this.#closed) return sourceEnded;
    this.#destroy();
    if (!this.#sourceEnded) await this.#source.return?.();
    return sourceEnded;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #pull(): Promise<void> {
    const result = await this.#source.next();
    if (this.#closed) return;
    if (result.done === true) {
      this.#sourceEnded = true;
      this.#finish();
    } else if (this.#pastEnd) {
      this.#passOver(result.value);
    } else if (result.value.length > 0) {
      this.#pieces = this.#frames === undefined ? [result.value] : [...this.#frames.cut(result.value)];
    }
  }

  #write(piece: Uint8Array): void {
    const engine = (this.#engine ??= this.#open(piece[0]!));
    this.#given += piece.length;
    this.#working = true;
    engine.write(piece, () => {
      this.#working = false;
      const rest = this.#given - engine.bytesWritten;
      if (rest > 0 && this.#failure === undefined && !this.#closed) {
        this.#pastEnd = true;
        this.#passOver(piece.subarray(piece.length - rest));
      }
      this.#tell();
    });
  }

  #passOver(rest: Uint8Array): void {
    try {
      assertPadding(this.#codec.mayPad, rest, this.#padding);
      this.#padding += rest.length;
    } catch (error) {
      this.#failure ??= error as Error;
    }
  }

  /** The source has ended; has the coding? The engine says, or the cutter. */
  #finish(): void {
    if (this.#engine === undefined && this.#codec.writesEmpty) this.#engine = this.#open(0);
    if (this.#engine === undefined || this.#pastEnd) return;
    if (this.#frames === undefined) this.#engine.end();
    else if (!this.#frames.complete) throw codingFailure(this.#codec.name, unexpectedEnd());
  }

  #isFinished(): boolean {
    const engine = this.#engine;
    return engine === undefined || this.#frames !== undefined || engine.readableEnded || engine.destroyed;
  }

  #open(firstByte: number): ZlibEngine {
    const engine = this.#codec.open(firstByte);
    const tell = (): void => this.#tell();
    engine.on('readable', tell);
    engine.on('end', tell);
    engine.on('close', tell);
    engine.on('error', (error) => {
      this.#failure ??= error;
      this.#working = false;
      this.#tell();
    });
    return engine;
  }

  #progress(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #tell(): void {
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }

  #destroy(): void {
    this.#closed = true;
    this.#pieces = [];
    this.#engine?.destroy();
    this.#tell();
  }
}
