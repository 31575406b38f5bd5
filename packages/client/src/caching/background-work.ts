/** What a cache asks the origin for by itself, while nobody waits for it: it holds up no client that closes. */
export class BackgroundWork {
  readonly #ends = new Set<() => void>();

  /** `end` ends one piece of it, unless somebody waits for that by now. Gives what is to be called when it has ended. */
  readonly begin = (end: () => void): (() => void) => {
    this.#ends.add(end);
    return () => this.#ends.delete(end);
  };

  end(): void {
    for (const end of this.#ends) end();
  }
}
