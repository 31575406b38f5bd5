/**
 * The open streams of a connection, by their identifiers.
 *
 * Not a `Map`: when the table behind one is replaced, as it is again and again where entries come and go, V8 leaves a link from the old
 * table to the new one. Once a table has reached the old generation, all that was in the later ones is kept, and moved there too, until the next full
 * collection: the graph of every request, which made a small request cost almost twice as much.
 *
 * Open addressing with linear probing. What follows a removed entry is moved up, so that there are no tombstones.
 */

const smallestCapacity = 16;

export class StreamTable<Stream extends { readonly id: number }> {
  #slots: (Stream | null)[] = emptySlots(smallestCapacity);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(id: number): Stream | undefined {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let at = homeOf(id, mask); ; at = (at + 1) & mask) {
      const stream = slots[at]!;
      if (stream === null) return undefined;
      if (stream.id === id) return stream;
    }
  }

  /** Adds a stream whose identifier is not there yet. */
  add(stream: Stream): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    place(this.#slots, stream);
    this.#size += 1;
  }

  /** Does nothing where it is not there. */
  delete(id: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = homeOf(id, mask);
    for (; slots[hole]?.id !== id; hole = (hole + 1) & mask) if (slots[hole] === null) return;
    this.#size -= 1;
    for (let at = (hole + 1) & mask; slots[at] !== null; at = (at + 1) & mask) {
      // It may be moved up only as far as its home.
      const distance = (at - homeOf(slots[at]!.id, mask)) & mask;
      if (distance < ((at - hole) & mask)) continue;
      slots[hole] = slots[at]!;
      hole = at;
    }
    slots[hole] = null;
  }

  /** Those that are open now; what happens to them meanwhile does not change it. */
  all(): Stream[] {
    return this.#slots.filter((stream) => stream !== null);
  }

  #grow(): void {
    const larger = emptySlots<Stream>(this.#slots.length * 2);
    for (const stream of this.#slots) if (stream !== null) place(larger, stream);
    this.#slots = larger;
  }
}

function emptySlots<Stream>(length: number): (Stream | null)[] {
  return Array.from({ length }, () => null);
}

/** Identifiers of ours are odd. */
function homeOf(id: number, mask: number): number {
  return (id >>> 1) & mask;
}

function place<Stream extends { readonly id: number }>(slots: (Stream | null)[], stream: Stream): void {
  const mask = slots.length - 1;
  let at = homeOf(stream.id, mask);
  while (slots[at] !== null) at = (at + 1) & mask;
  slots[at] = stream;
}
