/** How many of the latest requests failed, over a time that moves on. Pure: it is told what time it is. */
const slots = 10;

export class FailureWindow {
  readonly #slotLength: number;
  readonly #sent = new Float64Array(slots);
  readonly #failed = new Float64Array(slots);
  #slot = -Infinity;

  /** Milliseconds. */
  constructor(length: number) {
    this.#slotLength = length / slots;
  }

  count(failed: boolean, now: number): void {
    const slot = this.#at(now);
    this.#sent[slot]! += 1;
    if (failed) this.#failed[slot]! += 1;
  }

  /** Of what was sent in the window. */
  read(now: number): { readonly sent: number; readonly failed: number } {
    this.#at(now);
    return { sent: this.#sent.reduce(add, 0), failed: this.#failed.reduce(add, 0) };
  }

  clear(): void {
    this.#sent.fill(0);
    this.#failed.fill(0);
  }

  #at(now: number): number {
    const slot = Math.floor(now / this.#slotLength);
    if (slot - this.#slot >= slots) this.clear();
    else {
      for (let past = this.#slot + 1; past <= slot; past++) {
        this.#sent[past % slots] = 0;
        this.#failed[past % slots] = 0;
      }
    }
    this.#slot = Math.max(slot, this.#slot);
    return this.#slot % slots;
  }
}

function add(sum: number, value: number): number {
  return sum + value;
}
