/** Chunks of a body that some of its readers have still to get, by their number. */
interface Kept {
  readonly bytes: Uint8Array;
  /** Readers that have still to get it. */
  wanted: number;
}

export class BodyChunks {
  #kept: Kept[] = [];
  /** The number of the first that is still here. */
  first = 0;
  /** Did one go that a reader had still to get? */
  hasLostSome = false;
  /** Bytes of those that are here. */
  retained = 0;

  /** The number that the next one will have. */
  get next(): number {
    return this.first + this.#kept.length;
  }

  /** `undefined`: it is not here yet. Those before `first` are gone. */
  get(number: number): Uint8Array | undefined {
    return this.#kept[number - this.first]?.bytes;
  }

  add(bytes: Uint8Array, readers: number): void {
    const kept = { bytes, wanted: readers };
    // Most bodies are one chunk, and an array that grows has room for more at once.
    if (this.#kept.length === 0) this.#kept = [kept];
    else this.#kept.push(kept);
    this.retained += bytes.length;
  }

  /** One reader more wants all of them. */
  want(): void {
    for (const kept of this.#kept) kept.wanted += 1;
  }

  /** A reader has got it. */
  taken(number: number): void {
    const kept = this.#kept[number - this.first];
    if (kept !== undefined) kept.wanted -= 1;
  }

  /** A reader wants none from this one on. */
  unwanted(from: number): void {
    for (let at = Math.max(0, from - this.first); at < this.#kept.length; at += 1) this.#kept[at]!.wanted -= 1;
  }

  /** Those that nobody wants any more go. */
  trim(): void {
    while (this.#kept.length > 0 && this.#kept[0]!.wanted <= 0) this.dropFirst();
  }

  dropFirst(): void {
    const { bytes, wanted } = this.#kept.shift()!;
    this.retained -= bytes.length;
    this.first += 1;
    if (wanted > 0) this.hasLostSome = true;
  }
}
