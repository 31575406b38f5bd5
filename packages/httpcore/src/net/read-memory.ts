/**
 * The memory that one socket reads into, chosen anew before every read.
 *
 * Small reads of all sockets share one process-wide buffer: a chunk is only valid while it is being delivered, and the system
 * is not asked for the next chunk of any socket before that (libuv asks for memory immediately before it reads). So a
 * thousand idle connections hold no read buffers at all.
 *
 * A large read is the middle of a body, whose bytes will be wanted after their delivery. From then on the socket reads into
 * memory of its own, so that `keep()` can give the chunk away without a copy; the next read gets fresh memory. Two small reads in a row
 * go back to the shared buffer. One alone does not: HTTP/2 over TLS cuts bodies so that there is a small read among every few large ones,
 * and each time the next large one would have to be copied out of shared memory.
 *
 *              large read                   kept
 *   shared ──────────────────▶ own ─────────────────────▶ own (fresh)
 *     ▲                         │ a second small read
 *     └─────────────────────────┘
 *
 * So a connection that idles behind a large body may hold the memory of one read.
 */

const sharedSize = 65_536;
let shared: Uint8Array<ArrayBuffer> | undefined;

/** What Node hands over in one read: libuv reads up to 64 KiB, TLS decrypts up to one record (RFC 8446 §5.1: 16 KiB). */
export const plainReadSize = 65_536;
export const tlsReadSize = 16_384;

const smallReadsToShare = 2;

export class ReadMemory {
  readonly #size: number;
  #current: Uint8Array<ArrayBuffer>;
  #own = false;
  /** Small reads in a row into memory of its own. */
  #smallReads = 0;
  #lastRead = 0;
  #delivering = false;
  #kept = false;

  /** `size` is the most that one read brings, in bytes; half of it counts as large. */
  constructor(size: number) {
    this.#size = size;
    this.#current = sharedBuffer();
  }

  /** The chunk that a read of `length` bytes brought. Follow it with {@link ReadMemory.delivered}. */
  deliver(length: number): Uint8Array<ArrayBuffer> {
    this.#delivering = true;
    this.#lastRead = length;
    return this.#current === shared ? viewOfShared(length) : this.#current.subarray(0, length);
  }

  delivered(): void {
    this.#delivering = false;
  }

  /**
   * Gives the memory of the chunk being delivered away. False when it is shared, or when the chunk fills less than half of
   * it: a queue of such chunks would hold several times the bytes that it counts.
   */
  keep(): boolean {
    if (!this.#delivering || !this.#own || !this.#isLarge()) return false;
    this.#kept = true;
    return true;
  }

  /** The memory for the next read. Node may ask more than once before a read, so nothing changes without one. */
  next(): Uint8Array<ArrayBuffer> {
    if (this.#lastRead === 0) return this.#current;
    if (!this.#isLarge()) {
      this.#smallReads += 1;
      if (this.#smallReads === smallReadsToShare) this.#share();
    } else if (!this.#own || this.#kept) {
      this.#own = true;
      this.#current = newMemory(this.#size);
    }
    if (this.#isLarge()) this.#smallReads = 0;
    this.#kept = false;
    this.#lastRead = 0;
    return this.#current;
  }

  #share(): void {
    this.#own = false;
    this.#current = sharedBuffer();
  }

  #isLarge(): boolean {
    return this.#lastRead * 2 >= this.#size;
  }
}

// Answers of one size come in a row, and a view costs as much as parsing a header field.
let view: Uint8Array<ArrayBuffer> | undefined;

function viewOfShared(length: number): Uint8Array<ArrayBuffer> {
  if (view === undefined || view.length !== length) view = sharedBuffer().subarray(0, length);
  return view;
}

function sharedBuffer(): Uint8Array<ArrayBuffer> {
  return (shared ??= newMemory(sharedSize));
}

/** Not from Node's pool: its slabs are shared with other users of Buffer, and ours is given away whole. No Buffer either: what is cut from it is no view. */
function newMemory(size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}
