/** Parts of the same bytes become one (RFC 9111 §3.4). */

import { isWhole, union } from '../rules/ranges.ts';
import { strongTag } from '../rules/validation.ts';
import { isSameSelection } from '../rules/vary.ts';
import { newResponseId } from '../store/response-id.ts';
import type { StoredResponse } from '../store/store.ts';
import type { GuardedStore } from '../store/guarded-store.ts';

/** The part with this id, and one that it belongs to. */
export async function joinParts(store: GuardedStore, key: string, id: string): Promise<void> {
  const found = await store.find(key);
  const added = found.find((response) => response.id === id);
  const other = added && found.find((response) => response !== added && belongTogether(response, added));
  if (added === undefined || other === undefined) return;
  const [one, two] = other.part!.first <= added.part!.first ? [other, added] : [added, other];
  const joined = union(one.part!, two.part!)!;
  const overlap = one.part!.last + 1 - two.part!.first;
  const whole: StoredResponse = isWhole(joined)
    ? { ...added, id: newResponseId(), status: 200, reason: 'OK', part: null, askedRange: null }
    : { ...added, id: newResponseId(), part: joined, askedRange: null };
  const writer = store.write(key, whole);
  if (writer === undefined) return;
  const pieces = [
    await store.open(key, one, 0, one.length),
    overlap >= two.length ? new Uint8Array(0) : await store.open(key, two, overlap, two.length),
  ];
  try {
    for (const piece of pieces) {
      if (piece === undefined) return store.abort(writer);
      if (piece instanceof Uint8Array) await writer.write(new Uint8Array(piece));
      else for await (const chunk of piece) await writer.write(new Uint8Array(chunk));
    }
    await store.commit(writer, Math.max(joined.last, one.part!.last) + 1 - joined.first, [one.id, two.id]);
  } catch (error) {
    store.failedWrite(error);
    store.abort(writer);
  }
}

/** Parts of the same bytes, with nothing between them. */
function belongTogether(one: StoredResponse, other: StoredResponse): boolean {
  const tag = strongTag(one.headers);
  return (
    one.part !== null &&
    other.part !== null &&
    tag !== undefined &&
    tag === strongTag(other.headers) &&
    one.partition === other.partition &&
    isSameSelection(one.selecting, other.selecting) &&
    one.length === one.part.last + 1 - one.part.first &&
    other.length === other.part.last + 1 - other.part.first &&
    union(one.part, other.part) !== undefined
  );
}
