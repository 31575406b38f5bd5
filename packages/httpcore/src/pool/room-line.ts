/** Who wants room in the pool, and how long the longest of its exchanges has waited: the lower the number, the longer. `Infinity`: none does. */
export interface RoomSeeker {
  readonly longestWaiting: number;
}

interface Entry<Seeker> {
  readonly seeker: Seeker;
  readonly order: number;
}

/**
 * Those that would connect if there were room, the one first whose exchange has waited longest: a heap. What is known of a seeker grows old
 * when its first exchange is served or given up; that is looked at when it comes to be the first.
 */
export class RoomLine<Seeker extends RoomSeeker> {
  readonly #heap: Entry<Seeker>[] = [];
  /** What each stands in the heap with; other entries of it are of the past. */
  readonly #orders = new Map<Seeker, number>();

  get isEmpty(): boolean {
    return this.#orders.size === 0;
  }

  get size(): number {
    return this.#orders.size;
  }

  add(seeker: Seeker): void {
    const order = seeker.longestWaiting;
    const known = this.#orders.get(seeker);
    if (order === Infinity || (known !== undefined && known <= order)) return;
    this.#orders.set(seeker, order);
    this.#push({ seeker, order });
  }

  delete(seeker: Seeker): void {
    this.#orders.delete(seeker);
  }

  get first(): Seeker | undefined {
    for (let entry = this.#heap[0]; entry !== undefined; entry = this.#heap[0]) {
      const { seeker, order } = entry;
      const isCurrent = this.#orders.get(seeker) === order;
      if (isCurrent && seeker.longestWaiting <= order) return seeker;
      this.#pop();
      if (!isCurrent) continue;
      this.#orders.delete(seeker);
      this.add(seeker);
    }
    return undefined;
  }

  take(): Seeker | undefined {
    const { first } = this;
    if (first !== undefined) this.#orders.delete(first);
    return first;
  }

  #push(entry: Entry<Seeker>): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (heap[above]!.order <= entry.order) break;
      heap[at] = heap[above]!;
      at = above;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const entry = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let below = 1; below < heap.length; below = 2 * at + 1) {
      if (below + 1 < heap.length && heap[below + 1]!.order < heap[below]!.order) below += 1;
      if (entry.order <= heap[below]!.order) break;
      heap[at] = heap[below]!;
      at = below;
    }
    heap[at] = entry;
  }
}
