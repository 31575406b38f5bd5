/** Parts of the same bytes become one (RFC 9111 §3.4). */

import { isWhole, union } from '../rules/ranges.ts';
import { strongTag } from '../rules/validation.ts';
import { isSameSelection } from '../rules/vary.ts';
import { newResponseId } from '../store/response-id.ts';
import { hashOfKey } from '../store/key-hash.ts';
import type { StoredResponse } from '../store/store.ts';
import type { CacheCore } from './cache-core.ts';
import type { Entering } from './flight.ts';

/** This part, and one that it belongs to. What is made of them is on its way like a response, and a purge reaches it. */
export function joinParts(core: CacheCore, key: string, { id, tags }: StoredResponse): void {
  const flight = core.flights.begin(key, hashOfKey(key), undefined);
  core.flights.brings(flight, tags);
  const joining = new Joining();
  flight.body = joining;
  joining.settled = join(core, key, id, joining).finally(() => core.flights.end(flight));
}

class Joining implements Entering {
  isKeptOut = false;
  settled: Promise<boolean> = Promise.resolve(false);

  keepOut(): Promise<boolean> {
    this.isKeptOut = true;
    return this.settled;
  }

  stopKeeping(): void {
    // All of it is here.
  }

  stopUnread(): void {
    // Nothing is fetched for it.
  }

  whenSettled(): Promise<boolean> {
    return this.settled;
  }
}

async function join({ store, purges, clock }: CacheCore, key: string, id: string, joining: Joining): Promise<boolean> {
  // Made now of what was stored then: a purge from now on is one of it.
  const requestedAt = clock.now();
  const found = await store.find(key);
  const added = found.find((response) => response.id === id);
  const other = added && found.find((response) => response !== added && belongTogether(response, added));
  if (added === undefined || other === undefined) return false;
  const [one, two] = other.part!.first <= added.part!.first ? [other, added] : [added, other];
  const joined = union(one.part!, two.part!)!;
  const overlap = one.part!.last + 1 - two.part!.first;
  const whole: StoredResponse = isWhole(joined)
    ? { ...added, id: newResponseId(), status: 200, reason: 'OK', part: null, askedRange: null }
    : { ...added, id: newResponseId(), part: joined, askedRange: null };
  const writer = store.write(key, whole);
  if (writer === undefined) return false;
  const pieces = [
    await store.open(key, one, 0, one.length),
    overlap >= two.length ? new Uint8Array(0) : await store.open(key, two, overlap, two.length),
  ];
  try {
    for (const piece of pieces) {
      if (piece === undefined || joining.isKeptOut) {
        store.abort(writer);
        return false;
      }
      if (piece instanceof Uint8Array) await writer.write(new Uint8Array(piece));
      else for await (const chunk of piece) await writer.write(new Uint8Array(chunk));
    }
    const length = Math.max(joined.last, one.part!.last) + 1 - joined.first;
    const takeOut = async (): Promise<false> => {
      await store.delete(key, [whole.id]);
      return false;
    };
    const isStored = await purges.commit(key, { ...whole, requestedAt }, writer, length, [one.id, two.id], takeOut);
    return isStored && joining.isKeptOut ? await takeOut() : isStored;
  } catch (error) {
    store.failedWrite(error);
    store.abort(writer);
    return false;
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
