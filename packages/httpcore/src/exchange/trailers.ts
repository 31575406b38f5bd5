import type { HeaderPair, TrailerSource } from '../contract/values.ts';
import { checkedTrailers } from '../model/field-syntax.ts';

/** Asks for the trailers, and checks them. */
export async function resolveTrailers(source: TrailerSource | undefined): Promise<readonly HeaderPair[] | null> {
  if (source === undefined) return null;
  return checkedTrailers(typeof source === 'function' ? await source() : source);
}
