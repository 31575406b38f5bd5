/**
 * One direction of a link: chunks come out in order, no faster than the rate and each as late as the delay says. The time at
 * which a chunk has left is computed, not waited for, so that late timers add delay but never take rate.
 */

export interface LinkProperties {
  /** Milliseconds from one end to the other. */
  readonly delay: number;
  /** Bits per second; `Infinity` for no limit. */
  readonly rate: number;
}

interface Travelling {
  readonly bytes: Buffer;
  readonly arrivesAt: number;
}

/** What a router holds beyond what is under way: bytes. */
const BUFFER = 256 * 1024;
const SMALLEST_CAPACITY = 1024 * 1024;

export class Link {
  readonly #properties: LinkProperties;
  /** Bytes that may be in the link before its sender is stopped. */
  readonly #capacity: number;
  readonly #deliver: (bytes: Buffer) => void;
  readonly #onEmptied: () => void;
  #travelling: Travelling[] = [];
  #held = 0;
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `onEmptied` is called when a link that was full has room again, and when it has become empty. */
  constructor(properties: LinkProperties, deliver: (bytes: Buffer) => void, onEmptied: () => void) {
    this.#properties = properties;
    const underWay = (properties.rate / 8_000) * properties.delay;
    this.#capacity = Number.isFinite(underWay) ? Math.max(underWay + BUFFER, SMALLEST_CAPACITY) : SMALLEST_CAPACITY;
    this.#deliver = deliver;
    this.#onEmptied = onEmptied;
  }

  get isFull(): boolean {
    return this.#held >= this.#capacity;
  }

  get isEmpty(): boolean {
    return this.#held === 0;
  }

  send(bytes: Buffer): void {
    if (this.#closed) return;
    const { delay, rate } = this.#properties;
    const now = performance.now();
    this.#freeAt = Math.max(now, this.#freeAt) + (bytes.length * 8_000) / rate;
    this.#held += bytes.length;
    this.#travelling.push({ bytes, arrivesAt: this.#freeAt + delay });
    this.#timer ??= this.#wait(now);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#travelling = [];
    this.#held = 0;
  }

  #wait(now: number): NodeJS.Timeout | undefined {
    const [first] = this.#travelling;
    return first === undefined ? undefined : setTimeout(() => this.#arrive(), Math.max(0, first.arrivesAt - now));
  }

  #arrive(): void {
    const now = performance.now();
    const due = this.#travelling.findIndex(({ arrivesAt }) => arrivesAt > now);
    const arrived = this.#travelling.splice(0, due === -1 ? this.#travelling.length : due);
    const wasFull = this.isFull;
    for (const { bytes } of arrived) {
      this.#held -= bytes.length;
      this.#deliver(bytes);
    }
    // A delivery may have closed the link.
    if (this.#closed) return;
    this.#timer = this.#wait(now);
    if ((wasFull && !this.isFull) || this.isEmpty) this.#onEmptied();
  }
}
