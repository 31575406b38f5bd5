/**
 * Which place a key has. As a map of V8, but that it is numbers alone: that one leaves what was deleted in its chains until it is made anew, and follows
 * each of them to a text somewhere in memory, which costs a store of many entries more than all else that it does.
 */
/** No place. */
export const nowhere = -1;

const firstSlots = 128;

export class KeyIndex {
  readonly #isOf: (place: number, key: string) => boolean;
  /** Two for each slot: the place, one higher than it is, and the hash of its key; zero where it is empty. */
  #slots = new Int32Array(firstSlots * 2);
  #mask = firstSlots - 1;
  #count = 0;

  /** `isOf`: is this the key of that place? */
  constructor(isOf: (place: number, key: string) => boolean) {
    this.#isOf = isOf;
  }

  /** `hash`: see `hashOfKey`. */
  get(key: string, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const place = slots[at * 2]! - 1;
      if (place === nowhere || (slots[at * 2 + 1] === hash && this.#isOf(place, key))) return place;
    }
  }

  /** Of a key that is not here. */
  add(hash: number, place: number): void {
    const at = this.#slotOf(nowhere, hash);
    this.#slots[at * 2] = place + 1;
    this.#slots[at * 2 + 1] = hash;
    this.#count += 1;
    if (this.#count * 2 > this.#mask) this.#grow();
  }

  /** Another place for the key of one that is here. */
  replace(place: number, hash: number, by: number): void {
    this.#slots[this.#slotOf(place, hash) * 2] = by + 1;
  }

  /** One that is here. */
  delete(place: number, hash: number): void {
    let hole = this.#slotOf(place, hash);
    const slots = this.#slots;
    const mask = this.#mask;
    this.#count -= 1;
    // Those behind that would be where the hole is, or before it, move up: nothing is left of what was deleted.
    for (let at = (hole + 1) & mask; slots[at * 2] !== 0; at = (at + 1) & mask) {
      const home = slots[at * 2 + 1]! & mask;
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      slots[hole * 2] = slots[at * 2]!;
      slots[hole * 2 + 1] = slots[at * 2 + 1]!;
      hole = at;
    }
    slots[hole * 2] = 0;
  }

  /** Where this place is, which is here; of `nowhere`, the empty slot where the next one would be. */
  #slotOf(place: number, hash: number): number {
    const slots = this.#slots;
    const mask = this.#mask;
    let at = hash & mask;
    while (slots[at * 2] !== place + 1) at = (at + 1) & mask;
    return at;
  }

  #grow(): void {
    const before = this.#slots;
    this.#slots = new Int32Array(before.length * 2);
    this.#mask = this.#mask * 2 + 1;
    for (let from = 0; from < before.length; from += 2) {
      if (before[from] === 0) continue;
      let at = before[from + 1]! & this.#mask;
      while (this.#slots[at * 2] !== 0) at = (at + 1) & this.#mask;
      this.#slots[at * 2] = before[from]!;
      this.#slots[at * 2 + 1] = before[from + 1]!;
    }
  }
}
