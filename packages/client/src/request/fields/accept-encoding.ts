/** When `Accept-Encoding` says by itself what can be decoded here. What a caller says instead is never touched. */
import type { HeaderPair } from '@x/httpcore';

import { acceptEncoding } from '../../codings/codings.ts';
import { findHeader } from './header-input.ts';

const fieldName = 'accept-encoding';

/** With our offer, unless the caller made one; or without ours. `undefined` leaves it as it is. */
export function offerCodings(pairs: readonly HeaderPair[], decompress: boolean | null | undefined): readonly HeaderPair[] {
  if (decompress === undefined) return pairs;
  if (decompress !== true) return pairs.filter((pair) => !isOurs(pair));
  return findHeader(pairs, fieldName) === undefined ? [...pairs, [fieldName, acceptEncoding]] : pairs;
}

/**
 * For a request of a part: parts are counted in the encoded representation, so those of a compressed one are of no use alone.
 * Fetch says "identity" there, too.
 */
export function askForIdentity(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return pairs.map((pair) => (isOurs(pair) ? [fieldName, 'identity'] : pair));
}

function isOurs([name, value]: HeaderPair): boolean {
  return value === acceptEncoding && name.length === fieldName.length && name.toLowerCase() === fieldName;
}
