import type { HeaderPair } from '../../../contract/values.ts';
import { fieldKind } from '../field-kind.ts';

/** RFC 7541 §4.1: what an entry costs beside its text. */
export const entryOverhead = 32;

/**
 * One decoded field. What is known of it is worked out once, when it is read from the wire: an entry of the dynamic table
 * is referred to by every response after it.
 */
export class HeaderField {
  readonly name: string;
  readonly value: string;
  /** Octets that it counts in the dynamic table and in the header list (RFC 7541 §4.1, RFC 9113 §10.5.1). */
  readonly size: number;
  /** {@link fieldKind} of the name. */
  readonly kind: number;
  readonly hasValidValue: boolean;
  #pair: HeaderPair | undefined = undefined;

  constructor(name: string, value: string, kind: number, hasValidValue: boolean) {
    this.name = name;
    this.value = value;
    this.size = name.length + value.length + entryOverhead;
    this.kind = kind;
    this.hasValidValue = hasValidValue;
  }

  /** The pair that all who refer to this entry share. Frozen: an edit by one caller would be every later response's. */
  get sharedPair(): HeaderPair {
    return (this.#pair ??= Object.freeze([this.name, this.value] as const));
  }
}

export function staticField(name: string, value: string): HeaderField {
  return new HeaderField(name, value, fieldKind(name), true);
}
