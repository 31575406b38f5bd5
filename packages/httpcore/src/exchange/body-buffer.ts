import type { HeaderPair } from '../contract/dispatcher.ts';
import type { HttpCoreError } from '../contract/errors.ts';

/**
 * The bytes of one response between the connection, which puts them in as they come, and the caller, who takes them out.
 * The connection stops reading when {@link size} passes its limit; this buffer itself has none.
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
  #wake: (() => void) | undefined = undefined;
  #changed: Promise<void> | undefined = undefined;

  get ended(): boolean {
    return this.trailers !== undefined;
  }

  get settled(): boolean {
    return this.trailers !== undefined || this.error !== undefined;
  }

  /** Bytes that the caller has taken. */
  get taken(): number {
    return this.received - this.size;
  }

  /** Does somebody wait for more? */
  get isAwaited(): boolean {
    return this.#wake !== undefined;
  }

  push(chunk: Uint8Array<ArrayBuffer>): void {
    if (this.error !== undefined) return;
    this.size += chunk.length;
    this.received += chunk.length;
    if (this.#first === undefined && this.#rest === undefined) this.#first = chunk;
    else (this.#rest ??= []).push(chunk);
    this.#notify();
  }

  end(trailers: readonly HeaderPair[]): void {
    if (this.settled) return;
    this.trailers = trailers;
    this.#notify();
  }

  /** No more will come. What is here can still be taken; whoever takes all of it then meets the error, so that no part is taken for the whole. */
  fail(error: HttpCoreError): void {
    if (this.settled) return;
    this.error = error;
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
        return undefined;
      }
      // Leave no reference to what has been taken; compact in batches, so that a long queue is not moved for each chunk.
      this.#rest[this.#next] = undefined as unknown as Uint8Array<ArrayBuffer>;
      if (++this.#next === 64) {
        this.#rest.splice(0, 64);
        this.#next = 0;
      }
    } else {
      return undefined;
    }
    this.size -= chunk.length;
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

  discard(): void {
    this.#first = undefined;
    this.#rest = undefined;
    this.#next = 0;
    this.size = 0;
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
