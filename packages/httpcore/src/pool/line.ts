/** A place in the line. */
export interface Place<Item> {
  readonly item: Item;
  previous: Place<Item> | null;
  next: Place<Item> | null;
  waiting: boolean;
}

/** First in, first out, with leaving from the middle in constant time: who aborts while waiting must not cost the others a scan. */
export class Line<Item> {
  #first: Place<Item> | null = null;
  #last: Place<Item> | null = null;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(item: Item): Place<Item> {
    const place: Place<Item> = { item, previous: this.#last, next: null, waiting: true };
    if (this.#last === null) this.#first = place;
    else this.#last.next = place;
    this.#last = place;
    this.#size += 1;
    return place;
  }

  /** For who had a place before and must not lose it. */
  unshift(item: Item): Place<Item> {
    const place: Place<Item> = { item, previous: null, next: this.#first, waiting: true };
    if (this.#first === null) this.#last = place;
    else this.#first.previous = place;
    this.#first = place;
    this.#size += 1;
    return place;
  }

  shift(): Item | undefined {
    const place = this.#first;
    if (place === null) return undefined;
    this.remove(place);
    return place.item;
  }

  /** Does nothing when the place was given up before. */
  remove(place: Place<Item>): void {
    if (!place.waiting) return;
    place.waiting = false;
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
