/**
 * Which place a key has. As a map of V8, but that it is numbers alone: that one leaves what was deleted in its chains until it is made anew, and follows
 * each of them to a text somewhere in memory, which costs a store of many entries more than all else that it does.
 */
import { randomBytes } from 'node:crypto';

import { KeyHash } from './key-hash.ts';

/** No place. */
export const nowhere = -1;

const firstSlots = 128;

export class KeyIndex {
  /** The key of each place. */
  readonly #keys: readonly string[];
  readonly #hash = new KeyHash(randomBytes(8));
  /** Two for each slot: the place, one higher than it is, and the hash of its key; zero where it is empty. */
  #slots = new Int32Array(firstSlots * 2);
  #mask = firstSlots - 1;
  #count = 0;

  constructor(keys: readonly string[]) {
    this.#keys = keys;
  }

  /** What the others are told, so that it is found out once. It differs from process to process: nobody can find keys that are in each other's way. */
  hashOf(key: string): number {
    return this.#hash.of(key);
  }

  get(key: string, hash: number): number {
    const at = this.#slotOf(key, hash);
    return this.#slots[at * 2]! - 1;
  }

  set(key: string, hash: number, place: number): void {
    const at = this.#slotOf(key, hash);
    const isNew = this.#slots[at * 2] === 0;
    this.#slots[at * 2] = place + 1;
    this.#slots[at * 2 + 1] = hash;
    if (!isNew) return;
    this.#count += 1;
    if (this.#count * 2 > this.#mask) this.#grow();
  }

  /** While the key of its place is still there. */
  delete(key: string, hash: number): void {
    let hole = this.#slotOf(key, hash);
    const slots = this.#slots;
    const mask = this.#mask;
    if (slots[hole * 2] === 0) return;
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

  /** That of the key, or the empty one where it would be. */
  #slotOf(key: string, hash: number): number {
    const slots = this.#slots;
    let at = hash & this.#mask;
    for (;;) {
      const place = slots[at * 2]!;
      if (place === 0 || (slots[at * 2 + 1] === hash && this.#keys[place - 1] === key)) return at;
      at = (at + 1) & this.#mask;
    }
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
