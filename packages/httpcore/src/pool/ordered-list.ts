/** Where an item stands. */
export interface Place<Item> {
  readonly item: Item;
  readonly order: number;
  previous: Place<Item> | null;
  next: Place<Item> | null;
  waiting: boolean;
}

/**
 * First in, first out, with leaving from the middle in constant time: who aborts while waiting must not cost the others a scan.
 *
 * Who comes back stands where it stood before, by its number. Those that come back together come in their order, so each is looked for
 * behind the one before, and not from the beginning.
 */
export class OrderedList<Item> {
  #first: Place<Item> | null = null;
  #last: Place<Item> | null = null;
  /** Who was put into the middle last. */
  #returned: Place<Item> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Place<Item> | null {
    return this.#first;
  }

  /** `order`: the lower, the further in front. */
  add(item: Item, order: number): Place<Item> {
    const place: Place<Item> = { item, order, previous: null, next: null, waiting: true };
    const previous = this.#last === null || this.#last.order <= order ? this.#last : this.#before(order);
    const next = previous === null ? this.#first : previous.next;
    if (next !== null) this.#returned = place;
    place.previous = previous;
    place.next = next;
    if (previous === null) this.#first = place;
    else previous.next = place;
    if (next === null) this.#last = place;
    else next.previous = place;
    this.#size += 1;
    return place;
  }

  /** Behind whom one of this number stands; `null`: it is the first. */
  #before(order: number): Place<Item> | null {
    let previous = this.#returned !== null && this.#returned.waiting ? this.#returned : null;
    while (previous !== null && previous.order > order) previous = previous.previous;
    let next = previous === null ? this.#first : previous.next;
    while (next !== null && next.order <= order) {
      previous = next;
      next = next.next;
    }
    return previous;
  }

  /** Does nothing when the place was given up before. */
  remove(place: Place<Item>): void {
    if (!place.waiting) return;
    place.waiting = false;
    if (place === this.#returned) this.#returned = place.previous;
    if (place.previous === null) this.#first = place.next;
    else place.previous.next = place.next;
    if (place.next === null) this.#last = place.previous;
    else place.next.previous = place.previous;
    this.#size -= 1;
  }

  *[Symbol.iterator](): Generator<Item> {
    for (let place = this.#first; place !== null; place = place.next) yield place.item;
  }
}
