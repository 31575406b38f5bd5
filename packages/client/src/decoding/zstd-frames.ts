/**
 * Where zstd frames begin and end (RFC 8878 §3.1), without looking into their blocks.
 *
 * A body may hold several frames. Node hands its decoder's answer on differently from release to release: 22 and 24 take the
 * end of the first frame for the end of everything, and 22 takes a frame that breaks off for a whole one. So the frames are
 * found here, the decoder is given one after the other, and whether the last one is whole is known from here.
 *
 *   magic ─▶ descriptor ─▶ header ─▶ block-header ─▶ block ─▶ block-header … ─▶ checksum ─▶ magic
 *     └────▶ skippable-size ─▶ skippable ─▶ magic
 */
import { DecodingError } from '../errors.ts';
import type { FrameCutter } from './zlib-pump.ts';

type State = 'magic' | 'skippable-size' | 'skippable' | 'descriptor' | 'header' | 'block-header' | 'block' | 'checksum';

const frameMagic = 0xfd2fb528;
// The last four bits are the writer's to choose.
const skippableMagic = 0x184d2a50;

const dictionaryIdSizes = [0, 1, 2, 4] as const;
const contentSizeSizes = [0, 2, 4, 8] as const;

// A frame of nothing takes nine bytes and a call of the decoder. No encoder writes so many of them.
const mostFrames = 100_000;

export class ZstdFrames implements FrameCutter {
  #state: State = 'magic';
  /** Bytes of the present state that are still to come. */
  #missing = 4;
  /** The little-endian number that those make, for states that are numbers. */
  #number = 0;
  #read = 0;
  #lastBlock = false;
  #hasChecksum = false;
  #frames = 0;

  /** Is nothing broken off here? */
  get complete(): boolean {
    return this.#state === 'magic' && this.#read === 0;
  }

  /**
   * The parts of `chunk` that belong to frames, cut where a frame ends, without skippable frames.
   * @throws {DecodingError} `CORRUPT_CODING`: this is no zstd frame.
   */
  cut(chunk: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let start = 0;
    let at = 0;
    // The magic number may have begun in the chunk before; it was handed on then, unless it turns out to be skippable.
    while (at < chunk.length) {
      const taken = Math.min(this.#missing, chunk.length - at);
      if (this.#isNumber()) this.#collect(chunk, at, taken);
      at += taken;
      this.#missing -= taken;
      if (this.#missing > 0) break;
      const wasSkippable = this.#state === 'skippable';
      this.#advance();
      if (this.#state === 'magic') {
        if (!wasSkippable) pieces.push(chunk.subarray(start, at));
        start = at;
      }
    }
    if (start < chunk.length) pieces.push(chunk.subarray(start));
    return pieces;
  }
}
