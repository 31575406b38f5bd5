/**
 * Where zstd frames end (RFC 8878 §3.1), without looking into their blocks.
 *
 * A body may hold several frames. What Node makes of that differs from release to release: 22 and 24 take the end of the first
 * frame for the end of everything, and 22 takes a frame that breaks off for a whole one. So the ends are found here, the decoder
 * is given one frame after the other, and it is known from here whether the last one is whole.
 *
 *   magic ─▶ descriptor ─▶ header ─▶ block-header ─▶ block ─▶ block-header … ─▶ checksum ─▶ magic
 *     └────▶ skippable-size ─▶ skippable ─▶ magic
 */
import { DecodingError } from '../errors.ts';

type State = 'magic' | 'skippable-size' | 'skippable' | 'descriptor' | 'header' | 'block-header' | 'block' | 'checksum';

/** States whose bytes are a number, little-endian; the bytes of the others are passed over. */
const numeric: ReadonlySet<State> = new Set<State>(['magic', 'skippable-size', 'descriptor', 'block-header']);

const frameMagic = 0xfd2fb528;
// The last four bits are the writer's to choose.
const skippableMagic = 0x184d2a50;
const magicSize = 4;

const dictionaryIdSizes = [0, 1, 2, 4] as const;
const contentSizeSizes = [0, 2, 4, 8] as const;

// Nine bytes make a frame of nothing, which costs a call of the decoder. Encoders write frames of kilobytes and more; a stream
// of very many very small ones is made to keep a processor busy.
const fewFrames = 10_000;
const smallFrame = 64;

export class ZstdFrames {
  #state: State = 'magic';
  /** Bytes of the present state that are still to come. */
  #missing = magicSize;
  #number = 0;
  #weight = 1;
  #isLastBlock = false;
  #hasChecksum = false;
  #frames = 0;
  #bytes = 0;

  /** Does nothing break off here? */
  get complete(): boolean {
    return this.#state === 'magic' && this.#missing === magicSize;
  }

  /**
   * The chunk, cut wherever a frame ends.
   * @throws {DecodingError} `CORRUPT_CODING`: these are no zstd frames.
   */
  cut(chunk: Uint8Array): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let start = 0;
    let at = 0;
    while (at < chunk.length) {
      const taken = Math.min(this.#missing, chunk.length - at);
      if (numeric.has(this.#state)) this.#collect(chunk, at, at + taken);
      at += taken;
      this.#missing -= taken;
      // A state of no bytes, such as an empty block, is over as soon as it begins.
      while (this.#missing === 0) this.#leave();
      if (this.complete) {
        this.#countFrame(at - start);
        pieces.push(chunk.subarray(start, at));
        start = at;
      }
    }
    if (start < chunk.length) {
      this.#bytes += chunk.length - start;
      pieces.push(chunk.subarray(start));
    }
    return pieces;
  }

  #collect(chunk: Uint8Array, from: number, to: number): void {
    for (let at = from; at < to; at += 1) {
      this.#number += chunk[at]! * this.#weight;
      this.#weight *= 256;
    }
  }

  #leave(): void {
    switch (this.#state) {
      case 'magic':
        if (this.#number === frameMagic) this.#enter('descriptor', 1);
        else if (this.#number - (this.#number % 16) === skippableMagic) this.#enter('skippable-size', 4);
        else throw corrupt();
        break;
      case 'skippable-size':
        this.#enter('skippable', this.#number);
        break;
      case 'descriptor':
        this.#leaveDescriptor(this.#number);
        break;
      case 'header':
        this.#enter('block-header', 3);
        break;
      case 'block-header':
        this.#leaveBlockHeader(this.#number);
        break;
      case 'block':
        if (!this.#isLastBlock) this.#enter('block-header', 3);
        else if (this.#hasChecksum) this.#enter('checksum', 4);
        else this.#enter('magic', magicSize);
        break;
      case 'skippable':
      case 'checksum':
        this.#enter('magic', magicSize);
        break;
    }
  }

  /** RFC 8878 §3.1.1.1.1: content size flag, single segment, unused, reserved, checksum, dictionary id flag. */
  #leaveDescriptor(descriptor: number): void {
    if ((descriptor & 0x08) !== 0) throw corrupt();
    const isSingleSegment = (descriptor & 0x20) !== 0;
    this.#hasChecksum = (descriptor & 0x04) !== 0;
    const contentSizeFlag = (descriptor >> 6) as 0 | 1 | 2 | 3;
    const windowSize = isSingleSegment ? 0 : 1;
    const contentSize = contentSizeFlag === 0 && isSingleSegment ? 1 : contentSizeSizes[contentSizeFlag];
    this.#enter('header', windowSize + dictionaryIdSizes[(descriptor & 0x03) as 0 | 1 | 2 | 3] + contentSize);
  }

  /** RFC 8878 §3.1.1.2: last, type (raw, run, compressed, reserved), size. A run is one byte, however long. */
  #leaveBlockHeader(header: number): void {
    const type = (header >> 1) & 0x03;
    if (type === 3) throw corrupt();
    this.#isLastBlock = (header & 0x01) !== 0;
    this.#enter('block', type === 1 ? 1 : header >> 3);
  }

  #enter(state: State, size: number): void {
    this.#state = state;
    this.#missing = size;
    this.#number = 0;
    this.#weight = 1;
  }

  #countFrame(bytes: number): void {
    this.#frames += 1;
    this.#bytes += bytes;
    if (this.#frames > fewFrames && this.#bytes < this.#frames * smallFrame) {
      throw new DecodingError(`The zstd coding of the response body has ${this.#frames} frames in ${this.#bytes} bytes`, {
        code: 'CORRUPT_CODING',
      });
    }
  }
}

function corrupt(): DecodingError {
  return new DecodingError('The zstd coding of the response body is corrupt', { code: 'CORRUPT_CODING' });
}
