/**
 * Frames to bytes.
 *
 * Frames are laid one after the other into a slab, and `flush` hands over what is new in one write. A slab is never written
 * twice: when it is full it is left to whoever still sends from it, and a new one is begun. So there is no copy between us
 * and the socket, and no question of when memory may be used again. Large DATA is not copied at all.
 */
import { Buffer } from 'node:buffer';

import type { ByteSink } from '../byte-sink.ts';
import { connectionPreface, Flag, FrameType, frameHeaderLength, minimumMaxFrameSize } from './constants.ts';
import type { HeaderEncoder } from './hpack/encoder.ts';

const slabSize = 16_384;
// Below this a copy costs less than a write of its own.
const copiedDataLimit = 4_096;

export class FrameWriter {
  readonly #sink: ByteSink;
  /** The peer's MAX_FRAME_SIZE. */
  maxFrameSize: number = minimumMaxFrameSize;
  /** The sink has said that the peer is slower; cleared by {@link unblock}. */
  isBlocked = false;
  #slab: Buffer = Buffer.allocUnsafeSlow(slabSize);
  #position = 0;
  #flushed = 0;
  #flushedBefore = 0;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Octets written so far, flushed or not: the place of the next frame in the stream of bytes. */
  get written(): number {
    return this.#flushedBefore + this.#position - this.#flushed;
  }

  /** Octets given to the sink so far. */
  get handedOver(): number {
    return this.#flushedBefore;
  }

  get isEmpty(): boolean {
    return this.#position === this.#flushed;
  }

  unblock(): void {
    this.isBlocked = false;
  }

  flush(): void {
    const end = this.#position;
    if (end === this.#flushed) return;
    const start = this.#flushed;
    this.#flushed = end;
    this.#hand(this.#slab.subarray(start, end));
  }

  preface(): void {
    this.#reserve(connectionPreface.length);
    this.#position += this.#slab.write(connectionPreface, this.#position, 'latin1');
  }

  /** `entries` alternates identifiers and values. */
  settings(entries: readonly number[]): void {
    this.#begin(entries.length * 3, FrameType.SETTINGS, 0, 0);
    for (let index = 0; index < entries.length; index += 2) {
      this.#uint16(entries[index]!);
      this.#uint32(entries[index + 1]!);
    }
  }

  settingsAcknowledgement(): void {
    this.#begin(0, FrameType.SETTINGS, Flag.ACK, 0);
  }

  ping(isAcknowledgement: boolean, high: number, low: number): void {
    this.#begin(8, FrameType.PING, isAcknowledgement ? Flag.ACK : 0, 0);
    this.#uint32(high);
    this.#uint32(low);
  }

  goAway(lastStreamId: number, errorCode: number): void {
    this.#begin(8, FrameType.GOAWAY, 0, 0);
    this.#uint32(lastStreamId);
    this.#uint32(errorCode);
  }

  reset(streamId: number, errorCode: number): void {
    this.#begin(4, FrameType.RST_STREAM, 0, streamId);
    this.#uint32(errorCode);
  }

  windowUpdate(streamId: number, increment: number): void {
    this.#begin(4, FrameType.WINDOW_UPDATE, 0, streamId);
    this.#uint32(increment);
  }

  /** HEADERS, and CONTINUATION for what the peer's frames have no room for, of the block put together in `encoder`. */
  headers(streamId: number, encoder: HeaderEncoder, endStream: boolean): void {
    this.#reserve(frameHeaderLength + encoder.bound);
    const frame = this.#position;
    const start = frame + frameHeaderLength;
    const end = encoder.encode(this.#slab, start);
    const endFlag = endStream ? Flag.END_STREAM : 0;
    if (end - start <= this.maxFrameSize) {
      this.#frameHeader(end - start, FrameType.HEADERS, endFlag | Flag.END_HEADERS, streamId);
      this.#position = end;
      return;
    }
    const block = Buffer.from(this.#slab.subarray(start, end));
    for (let offset = 0; offset < block.length; offset += this.maxFrameSize) {
      const next = Math.min(offset + this.maxFrameSize, block.length);
      const isFirst = offset === 0;
      const flags = (isFirst ? endFlag : 0) | (next === block.length ? Flag.END_HEADERS : 0);
      this.#begin(next - offset, isFirst ? FrameType.HEADERS : FrameType.CONTINUATION, flags, streamId);
      this.#position += block.copy(this.#slab, this.#position, offset, next);
    }
  }

  /** One DATA frame of `chunk[start, end)`, which fits into a frame of the peer's. */
  data(streamId: number, chunk: Uint8Array, start: number, end: number, endStream: boolean): void {
    const length = end - start;
    const flags = endStream ? Flag.END_STREAM : 0;
    if (length > copiedDataLimit) {
      this.#reserve(frameHeaderLength);
      this.#frameHeader(length, FrameType.DATA, flags, streamId);
      this.#position += frameHeaderLength;
      this.flush();
      this.#hand(start === 0 && end === chunk.length ? chunk : chunk.subarray(start, end));
      return;
    }
    this.#begin(length, FrameType.DATA, flags, streamId);
    if (length > 0) this.#slab.set(length === chunk.length ? chunk : chunk.subarray(start, end), this.#position);
    this.#position += length;
  }

  /** An empty DATA frame that ends the stream. */
  endOfStream(streamId: number): void {
    this.#begin(0, FrameType.DATA, Flag.END_STREAM, streamId);
  }

  #hand(bytes: Uint8Array): void {
    this.#flushedBefore += bytes.length;
    if (!this.#sink.write(bytes)) this.isBlocked = true;
  }

  /** Room for `length` octets in one piece. */
  #reserve(length: number): void {
    if (this.#position + length <= this.#slab.length) return;
    this.flush();
    this.#slab = Buffer.allocUnsafeSlow(Math.max(slabSize, length));
    this.#position = 0;
    this.#flushed = 0;
  }

  #begin(length: number, type: number, flags: number, streamId: number): void {
    this.#reserve(frameHeaderLength + length);
    this.#frameHeader(length, type, flags, streamId);
    this.#position += frameHeaderLength;
  }

  /** RFC 9113 §4.1, at the current position, which stays. */
  #frameHeader(length: number, type: number, flags: number, streamId: number): void {
    const slab = this.#slab;
    const at = this.#position;
    slab[at] = length >>> 16;
    slab[at + 1] = length >>> 8;
    slab[at + 2] = length;
    slab[at + 3] = type;
    slab[at + 4] = flags;
    slab[at + 5] = streamId >>> 24;
    slab[at + 6] = streamId >>> 16;
    slab[at + 7] = streamId >>> 8;
    slab[at + 8] = streamId;
  }

  #uint16(value: number): void {
    this.#slab[this.#position] = value >>> 8;
    this.#slab[this.#position + 1] = value;
    this.#position += 2;
  }

  #uint32(value: number): void {
    const slab = this.#slab;
    const at = this.#position;
    slab[at] = value >>> 24;
    slab[at + 1] = value >>> 16;
    slab[at + 2] = value >>> 8;
    slab[at + 3] = value;
    this.#position = at + 4;
  }
}
