import type { HeaderField } from './header-field.ts';
import { staticTable } from './static-table.ts';

const staticLength = staticTable.length;

/**
 * The static and the dynamic table as one address space (RFC 7541 §2.3.3): a ring whose newest entry is index 62. Nothing
 * is moved when entries come and go.
 */
export class DecoderTable {
  /** Octets that the entries may have (RFC 7541 §4.2); what the encoder last chose. */
  maxSize: number;
  size = 0;
  #ring: (HeaderField | undefined)[] = Array.from({ length: 64 }, () => undefined);
  #mask = 63;
  #newest = 0;
  #count = 0;

  constructor(maxSize: number) {
    this.maxSize = maxSize;
  }

  get length(): number {
    return this.#count;
  }

  /** `undefined` where there is no such index; 0 is none. */
  lookup(index: number): HeaderField | undefined {
    if (index <= staticLength) return staticTable[index - 1];
    const age = index - staticLength - 1;
    return age < this.#count ? this.#ring[(this.#newest - age) & this.#mask] : undefined;
  }

  /** RFC 7541 §4.4: an entry that is larger than the table empties it, and that is no error. */
  insert(field: HeaderField): void {
    this.size += field.size;
    if (this.size > this.maxSize) {
      this.#evict(field.size);
      if (field.size > this.maxSize) {
        this.size = 0;
        return;
      }
    }
    if (this.#count > this.#mask) this.#grow();
    this.#newest = (this.#newest + 1) & this.#mask;
    this.#ring[this.#newest] = field;
    this.#count += 1;
  }

  resize(maxSize: number): void {
    this.maxSize = maxSize;
    this.#evict(0);
  }

  // `incoming` octets are counted in `size` already but are not in the ring.
  #evict(incoming: number): void {
    while (this.size > this.maxSize && this.#count > 0) {
      const oldest = (this.#newest - this.#count + 1) & this.#mask;
      this.size -= this.#ring[oldest]!.size;
      this.#ring[oldest] = undefined;
      this.#count -= 1;
    }
    if (this.#count === 0) this.size = incoming;
  }

  #grow(): void {
    const ring: (HeaderField | undefined)[] = Array.from({ length: (this.#mask + 1) * 2 }, () => undefined);
    for (let age = 0; age < this.#count; age += 1) ring[this.#count - 1 - age] = this.#ring[(this.#newest - age) & this.#mask];
    this.#ring = ring;
    this.#mask = ring.length - 1;
    this.#newest = this.#count - 1;
  }
}
