import { ErrorCode } from './constants.ts';
import { ConnectionFault } from './faults.ts';

// Octets are limited too; this stops frames that bring few or none (CVE-2024-27316 and its kin).
const mostContinuations = 64;
// More than this is not kept for the next block.
const keptCapacity = 65_536;

/** A header block that is spread over HEADERS and CONTINUATION, up to a limit in octets and one in frames. */
export class HeaderBlockAssembly {
  readonly #maxSize: number;
  #bytes: Uint8Array = new Uint8Array(0);
  #continuations = 0;
  length = 0;
  /** 0 where no block is open. */
  streamId = 0;
  endsStream = false;

  constructor(maxSize: number) {
    this.#maxSize = maxSize;
  }

  /** While it is, the peer may send nothing else (RFC 9113 §6.10). */
  get isOpen(): boolean {
    return this.streamId !== 0;
  }

  /** Begins with what HEADERS brought. */
  open(streamId: number, bytes: Uint8Array, start: number, end: number, endsStream: boolean): void {
    this.streamId = streamId;
    this.endsStream = endsStream;
    this.length = 0;
    this.#continuations = 0;
    this.#add(bytes, start, end);
  }

  /** Adds what CONTINUATION brought. @throws {ConnectionFault} ENHANCE_YOUR_CALM */
  append(bytes: Uint8Array, start: number, end: number): void {
    this.#continuations += 1;
    if (this.#continuations > mostContinuations) {
      throw new ConnectionFault(
        ErrorCode.ENHANCE_YOUR_CALM,
        `The peer sent a header block in more than ${mostContinuations} CONTINUATION frames`,
      );
    }
    this.#add(bytes, start, end);
  }

  /** The bytes of the block, {@link length} of them; valid until the next one. */
  close(): Uint8Array {
    const bytes = this.#bytes;
    this.streamId = 0;
    if (bytes.length > keptCapacity) this.#bytes = new Uint8Array(0);
    return bytes;
  }

  #add(bytes: Uint8Array, start: number, end: number): void {
    const length = this.length + end - start;
    if (length > this.#maxSize) {
      throw new ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, `The peer sent a header block of more than ${this.#maxSize} octets`);
    }
    if (length > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(Math.max(length, 2 * this.#bytes.length), this.#maxSize));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    this.#bytes.set(bytes.subarray(start, end), this.length);
    this.length = length;
  }
}
