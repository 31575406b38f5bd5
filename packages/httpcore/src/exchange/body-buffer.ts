import type { HeaderPair } from '../contract/values.ts';
import type { HttpCoreError } from '../contract/errors.ts';
import type { BodyMemory } from './body-memory.ts';

/** A chunk above this is worth an object of its own. */
const largestGathered = 1_024;
const smallestBlock = 1_024;
const largestBlock = 16_384;
const nothing = new Uint8Array(0);

/**
 * The bytes of one response between the connection, which puts them in as they come, and the caller, who takes them out.
 * The connection stops reading when {@link size} passes its limit; this buffer itself has none.
 *
 * An object for each of many small chunks would be a hundred times what they bring. So what comes in small pieces while nobody takes it is gathered
 * in blocks; what is taken as it comes is handed on as it came.
 */
export class BodyBuffer {
  /** Bytes that are here and not taken. */
  size = 0;
  /** Bytes that have come in all. */
  received = 0;
  /** Set once, when the last byte is here. */
  trailers: readonly HeaderPair[] | undefined = undefined;
  error: HttpCoreError | undefined = undefined;
  /** Has somebody begun to read it? */
  isClaimed = false;
  /** Was it closed, and is its rest being drained? */
  isUnwanted = false;

  // Most bodies are one chunk: the array is only made for the second.
  #first: Uint8Array<ArrayBuffer> | undefined = undefined;
  #rest: Uint8Array<ArrayBuffer>[] | undefined = undefined;
  #next = 0;
  /** The last of what is here, where that came in small pieces. */
  #block: Uint8Array<ArrayBuffer> | undefined = undefined;
  #blockLength = 0;
  #memory: BodyMemory | null;
  #wake: (() => void) | undefined = undefined;
  #changed: Promise<void> | undefined = undefined;

  constructor(memory: BodyMemory | null) {
    this.#memory = memory;
  }

  get ended(): boolean {
    return this.trailers !== undefined;
  }

  get settled(): boolean {
    return this.trailers !== undefined || this.error !== undefined;
  }

  /** All of the body, where it is one chunk that is still here, and nobody has begun to read. */
  get unread(): Uint8Array | undefined {
    if (this.trailers === undefined || this.isClaimed || this.size !== this.received) return undefined;
    if (this.size === 0) return nothing;
    return this.#first?.length === this.size ? this.#first : undefined;
  }

  /** Bytes that the caller has taken. */
  get taken(): number {
    return this.received - this.size;
  }

  /** Does somebody wait for more? */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  /** Copies `chunk[start, end)` behind what is here. False, and nothing done, where it is to be pushed. */
  gather(chunk: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length > largestGathered || this.size === 0 || this.settled || this.isUnwanted) return false;
    let block = this.#block;
    if (block === undefined || this.#blockLength + length > block.length) {
      this.#sealBlock();
      // Twice the last one: what is gathered is at most half empty.
      block = this.#block = new Uint8Array(block === undefined ? smallestBlock : Math.min(block.length * 2, largestBlock));
    }
    for (let index = start; index < end; index += 1) block[this.#blockLength++] = chunk[index]!;
    this.size += length;
    this.received += length;
    this.#memory?.add(length);
    this.#notify();
    return true;
  }

  /** What was gathered stands where it came. */
  #sealBlock(): void {
    const block = this.#block;
    if (block === undefined) return;
    (this.#rest ??= []).push(this.#blockLength === block.length ? block : block.slice(0, this.#blockLength));
    this.#block = undefined;
    this.#blockLength = 0;
  }

  push(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.error !== undefined) return;
    this.size += chunk.length;
    this.received += chunk.length;
    this.#memory?.add(chunk.length);
    if (this.#block !== undefined) this.#sealBlock();
    if (this.#first === undefined && this.#rest === undefined) this.#first = chunk;
    else (this.#rest ??= []).push(chunk);
    this.#notify();
  }

  end(trailers: readonly HeaderPair[]): void {
    if (this.settled) return;
    this.trailers = trailers;
    this.#leaveMemory();
    this.#notify();
  }

  /** No more will come. What is here can still be taken; whoever takes all of it then meets the error, so that no part is taken for the whole. */
  fail(error: HttpCoreError): void {
    if (this.settled) return;
    this.error = error;
    this.#leaveMemory();
    this.#notify();
  }

  /** The next chunk, or `undefined` if none is here. */
  take(): Uint8Array<ArrayBuffer> | undefined {
    let chunk = this.#first;
    if (chunk !== undefined) {
      this.#first = undefined;
    } else if (this.#rest !== undefined) {
      chunk = this.#rest[this.#next];
      if (chunk === undefined) {
        this.#rest = undefined;
        this.#next = 0;
        if (this.#block === undefined) return undefined;
        this.#sealBlock();
        return this.take();
      }
      // Leave no reference to what has been taken; compact in batches, so that a long queue is not moved for each chunk.
      this.#rest[this.#next] = undefined as unknown as Uint8Array<ArrayBuffer>;
      if (++this.#next === 64) {
        this.#rest.splice(0, 64);
        this.#next = 0;
      }
    } else if (this.#block !== undefined) {
      this.#sealBlock();
      return this.take();
    } else {
      return undefined;
    }
    this.size -= chunk.length;
    this.#memory?.remove(chunk.length);
    return chunk;
  }

  /** Everything that is here, in one piece. */
  takeAll(): Uint8Array {
    const whole = new Uint8Array(this.size);
    let at = 0;
    for (let chunk = this.take(); chunk !== undefined; chunk = this.take()) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  /** Drops what is here, and says how much that was. */
  discard(): number {
    const { size } = this;
    this.#first = undefined;
    this.#rest = undefined;
    this.#next = 0;
    this.#block = undefined;
    this.#blockLength = 0;
    this.size = 0;
    this.#memory?.remove(size);
    return size;
  }

  /** What is here from now on is the caller's alone. */
  #leaveMemory(): void {
    const memory = this.#memory;
    this.#memory = null;
    memory?.remove(this.size);
  }

  /** Resolves at the next chunk, the end or an error. */
  changed(): Promise<void> {
    return (this.#changed ??= new Promise((resolve) => {
      this.#wake = resolve;
    }));
  }

  #notify(): void {
    const wake = this.#wake;
    if (wake === undefined) return;
    this.#wake = undefined;
    this.#changed = undefined;
    wake();
  }
}
