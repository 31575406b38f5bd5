import type { HeaderPair } from '../../contract/values.ts';
import { SendWindow } from './flow-control.ts';

/** Stands where a chunk stood, so that nothing holds on to what was sent. */
const nothing: Uint8Array = new Uint8Array(0);

/** The rest of a request body: chunks that are here and not sent, how it ends, and what the peer lets us send of it. */
export class OutboundBody<Owner> {
  readonly owner: Owner;
  readonly streamId: number;
  readonly window: SendWindow;
  /** Octets that are here and not sent. */
  queued = 0;
  /** Octets that the request said it has and that were not given yet; −1 if it did not say. */
  missing: number;
  /** The caller has given all. */
  isComplete = false;
  trailers: readonly HeaderPair[] | null = null;
  /** The caller was told to stop, and waits for word. */
  isCallerWaiting = false;
  /** Neighbours in the scheduler's ring; `null` where it is not in it. */
  next: OutboundBody<Owner> | null = null;
  previous: OutboundBody<Owner> | null = null;
  // Usually there is one chunk at a time: the array is for who gives more.
  #chunk: Uint8Array | null = null;
  #offset = 0;
  #later: Uint8Array[] = [];
  #nextLater = 0;

  constructor(owner: Owner, streamId: number, window: number, contentLength: number) {
    this.owner = owner;
    this.streamId = streamId;
    this.window = new SendWindow(window);
    this.missing = contentLength;
  }

  push(chunk: Uint8Array): void {
    this.queued += chunk.length;
    if (this.#chunk === null) this.#chunk = chunk;
    else this.#later.push(chunk);
  }

  /** The chunk to send from, and where in it. Only while {@link queued} is not 0. */
  get chunk(): Uint8Array {
    return this.#chunk!;
  }
  get offset(): number {
    return this.#offset;
  }

  /** `octets` of {@link chunk} were sent. */
  sent(octets: number): void {
    this.queued -= octets;
    this.#offset += octets;
    if (this.#offset < this.#chunk!.length) return;
    this.#offset = 0;
    const next = this.#later[this.#nextLater];
    if (next === undefined) {
      this.#chunk = null;
      this.#later.length = 0;
      this.#nextLater = 0;
      return;
    }
    this.#chunk = next;
    this.#later[this.#nextLater] = nothing;
    this.#nextLater += 1;
    // Cut off what was sent once it is the larger part: each chunk is moved at most once, however long the queue is.
    if (this.#nextLater >= 64 && this.#nextLater * 2 >= this.#later.length) {
      this.#later.splice(0, this.#nextLater);
      this.#nextLater = 0;
    }
  }

  discard(): void {
    this.#chunk = null;
    this.#later = [];
    this.#nextLater = 0;
    this.#offset = 0;
    this.queued = 0;
  }
}
