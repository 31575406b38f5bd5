/**
 * Memory of a store, in few large pieces: records are written one behind the other, and what is full is used again once nothing of it is wanted. The
 * collector of V8 has nothing to do with it; texts by the hundred thousand it would move twice each, and look at in each of its full runs.
 */

/** Whose the records are. */
export interface RecordKeeper {
  /** Is the record of this number there, or has it gone? */
  isAt(record: number, segment: number, offset: number): boolean;
  moved(record: number, segment: number, offset: number): void;
}

interface Segment {
  readonly bytes: Uint8Array;
  /** The same memory. */
  readonly words: Int32Array;
  /** How much of it has been written. */
  end: number;
  /** How much of that is wanted. */
  wanted: number;
}

/** The number of a record and its length come before it. */
export const recordHead = 8;
const smallest = 16 * 1024;
const largest = 1024 * 1024;
/** Free ones that are kept. */
const mostFree = 2;
/** What is taken may be so much more than what is wanted: beyond that, what is wanted of a segment moves to another. */
const slack = 1.25;

export class Segments {
  readonly #keeper: RecordKeeper;
  readonly #size: number;
  #segments: (Segment | undefined)[] = [];
  readonly #free: number[] = [];
  /** Places in the list of segments that have been given back. */
  readonly #vacant: number[] = [];
  #taken = 0;
  #wanted = 0;
  #current = -1;
  #turn = 0;

  /** `most`: bytes that are to be kept at most. */
  constructor(keeper: RecordKeeper, most: number) {
    this.#keeper = keeper;
    let size = smallest;
    while (size < largest && size * 64 < most) size *= 2;
    this.#size = size;
  }

  /** Records that are longer find no place here. */
  get longest(): number {
    return this.#size >> 3;
  }

  /** That which records go into now. */
  get current(): number {
    return this.#current;
  }

  /** Another one for each time that a segment begins to be written. */
  get turn(): number {
    return this.#turn;
  }

  /** How many there are, free ones included. */
  get taken(): number {
    return this.#taken;
  }

  bytes(segment: number): Uint8Array {
    return this.#segments[segment]!.bytes;
  }

  /** Room for a record, in the current segment. Gives where it begins: its head is written, and `length` bytes behind that are its own. */
  reserve(record: number, length: number): number {
    const whole = (recordHead + length + 3) & ~3;
    let segment = this.#current === -1 ? undefined : this.#segments[this.#current];
    while (segment === undefined || segment.end + whole > this.#size) {
      this.#next();
      segment = this.#segments[this.#current];
    }
    const offset = segment.end;
    segment.words[offset >> 2] = record;
    segment.words[(offset >> 2) + 1] = whole;
    segment.end = offset + whole;
    segment.wanted += whole;
    this.#wanted += whole;
    return offset;
  }

  /** The record at this place is no longer wanted. */
  drop(at: number, offset: number): void {
    const segment = this.#segments[at]!;
    const whole = segment.words[(offset >> 2) + 1]!;
    segment.wanted -= whole;
    this.#wanted -= whole;
    if (segment.wanted === 0 && at !== this.#current) this.#release(at, segment);
  }

  #release(at: number, segment: Segment): void {
    segment.end = 0;
    if (this.#free.length < mostFree) {
      this.#free.push(at);
      return;
    }
    this.#segments[at] = undefined;
    this.#vacant.push(at);
    this.#taken -= 1;
  }

  /** What is full makes way for one that is not. */
  #next(): void {
    const full = this.#current;
    const isCrowded = this.#taken * this.#size > this.#wanted * slack + mostFree * this.#size;
    this.#current = this.#free.pop() ?? this.#take();
    this.#turn += 1;
    if (full !== -1 && this.#segments[full]!.wanted === 0) this.#release(full, this.#segments[full]!);
    if (isCrowded) this.#empty(this.#leastWanted());
  }

  #take(): number {
    const at = this.#vacant.pop() ?? this.#segments.length;
    // Not cleared: nothing is read that has not been written.
    const { buffer } = Buffer.allocUnsafeSlow(this.#size);
    this.#segments[at] = { bytes: new Uint8Array(buffer), words: new Int32Array(buffer), end: 0, wanted: 0 };
    this.#taken += 1;
    return at;
  }

  #leastWanted(): number {
    let least = -1;
    let wanted = Infinity;
    for (const [at, segment] of this.#segments.entries()) {
      if (segment === undefined || segment.end === 0 || at === this.#current || segment.wanted >= wanted) continue;
      least = at;
      wanted = segment.wanted;
    }
    return least;
  }

  /** What is wanted of it moves to the current one, which is empty. */
  #empty(from: number): void {
    const segment = this.#segments[from];
    if (segment === undefined) return;
    const { bytes, words, end } = segment;
    for (let offset = 0; offset < end; offset += words[(offset >> 2) + 1]!) {
      const record = words[offset >> 2]!;
      if (!this.#keeper.isAt(record, from, offset)) continue;
      const whole = words[(offset >> 2) + 1]!;
      const target = this.#segments[this.#current]!;
      target.bytes.set(bytes.subarray(offset, offset + whole), target.end);
      this.#keeper.moved(record, this.#current, target.end);
      target.end += whole;
      target.wanted += whole;
      segment.wanted -= whole;
    }
    this.#release(from, segment);
  }
}
