/** Which entries go when there are too many bytes: those that nobody has used for longest. */
export class UseOrder {
  readonly #costs = new Map<string, number>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get entries(): number {
    return this.#costs.size;
  }

  get names(): Iterable<string> {
    return this.#costs.keys();
  }

  /** It is the one that was used last. */
  add(name: string, cost: number): void {
    this.remove(name);
    this.#costs.set(name, cost);
    this.#bytes += cost;
  }

  touch(name: string): void {
    const cost = this.#costs.get(name);
    if (cost === undefined) return;
    this.#costs.delete(name);
    this.#costs.set(name, cost);
  }

  remove(name: string): void {
    const cost = this.#costs.get(name);
    if (cost === undefined) return;
    this.#costs.delete(name);
    this.#bytes -= cost;
  }

  clear(): void {
    this.#costs.clear();
    this.#bytes = 0;
  }

  /** The names of those that are too much; they are taken out of the order. */
  takeExcess(): string[] {
    const excess: string[] = [];
    for (const [name, cost] of this.#costs) {
      if (this.#bytes <= this.#maxBytes) break;
      excess.push(name);
      this.#costs.delete(name);
      this.#bytes -= cost;
    }
    return excess;
  }
}
