/**
 * What was there lately. A map out of which the oldest is taken for each one that comes keeps, in V8, what was in it from being collected until the next
 * full collection; here the older half goes at once.
 */
export class RecentFacts<Fact> {
  readonly #half: number;
  #newer = new Map<string, Fact>();
  #older = new Map<string, Fact>();

  /** So many at most, and no fewer than half of that. */
  constructor(most: number) {
    this.#half = most / 2;
  }

  get(name: string): Fact | undefined {
    return this.#newer.get(name) ?? this.#older.get(name);
  }

  set(name: string, fact: Fact): void {
    if (this.#newer.size >= this.#half && !this.#newer.has(name)) {
      this.#older = this.#newer;
      this.#newer = new Map();
    }
    this.#newer.set(name, fact);
  }

  delete(name: string): void {
    if (this.#newer.size > 0) this.#newer.delete(name);
    if (this.#older.size > 0) this.#older.delete(name);
  }
}
