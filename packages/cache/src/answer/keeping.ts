/** What of a response is kept, and how it reaches who asked for it meanwhile. */
import type { DispatchResponse, HeaderPair, ResponseBody } from '@x/httpcore';

import type { CacheRequest } from '../cache-request.ts';
import type { CacheOutcome, CacheState } from '../outcome.ts';
import type { Moments } from '../rules/freshness.ts';
import { currentAge, judge, type StoredPolicy } from '../rules/reuse.ts';
import { isSameSelection } from '../rules/vary.ts';
import { hashOfKey } from '../store/key-hash.ts';
import type { StoredResponse } from '../store/store.ts';
import type { CacheCore } from './cache-core.ts';
import { nothingAtAll, type Fetch } from './fetch.ts';
import type { Landing } from './flight.ts';
import { KeptBody, PassedBody } from './kept-body.ts';
import type { Leaving } from './relay.ts';
import { SharedBody } from './shared-body.ts';
import type { SharedReader } from './shared-reader.ts';
import { storableOf } from './storable.ts';
import { WholeBody } from './whole-body.ts';

const again: Landing = Object.freeze({ kind: 'again' });
const alone: Landing = Object.freeze({ kind: 'alone' });
/** As most are. */
const storedMiss: CacheOutcome = Object.freeze({ state: 'miss', age: undefined, stored: true, reason: nothingAtAll.why });

export class Keeping {
  readonly #core: CacheCore;

  constructor(core: CacheCore) {
    this.#core = core;
  }

  keep(fetch: Fetch, response: DispatchResponse, moments: Moments, why: string, state: CacheState = 'miss'): DispatchResponse {
    const { request, flight, basis } = fetch;
    const [httpVersion, status, reason, fields, body] = response;
    const storable = storableOf(this.#core, fetch, response, moments);
    const key = this.#core.searchRules?.learn(request.key, fields) ?? request.key;
    const { stored, policy } = typeof storable === 'string' ? { stored: undefined, policy: undefined } : storable;
    const isWhole = body.trailers !== undefined && !flight.isAwaited && this.#core.store.takesWhole;
    if (stored !== undefined && isWhole && stored.part === null) {
      const { unread } = body;
      if (unread === undefined) return this.#keepWhole(fetch, response, key, stored, policy, why, state);
      const isKept = this.#putWhole(fetch, key, stored, policy, unread);
      this.#told(request, state, isKept ? why : `${why}; not stored: the store has not taken it`, fields, isKept);
      return response;
    }
    const writer = stored === undefined ? undefined : this.#core.store.write(key, stored);
    const isKept = stored !== undefined && writer !== undefined;
    const whyNot = typeof storable === 'string' ? storable : 'the store has no place for it';
    const outcomeReason = isKept ? why : `${why}; not stored: ${whyNot}`;
    this.#core.report(request, { state, age: undefined, stored: isKept, reason: outcomeReason }, fields);
    if (!isKept) {
      // What was stored is not what the origin answers now.
      if (basis.stored !== undefined && request.method === 'GET' && tellsOfChange(status)) {
        void this.#core.store.delete(request.key, [basis.stored.id]);
      }
      // Of what is no longer so, the next one may well be for all.
      flight.land({ kind: flight.isOutdated ? 'again' : 'alone' });
      if (request.method === 'GET' && !flight.isOutdated) this.#core.flights.markLoner(request.key, true);
      fetch.end();
      return [httpVersion, status, reason, fields, passedOn(fetch, body)];
    }
    const { maxEntryBytes, maxBackgroundBytes, maxVariants } = this.#core.settings;
    const owner = new KeptBody(this.#core, fetch, key, stored, replacedIds(basis.found, stored, maxVariants));
    const shared = new SharedBody(
      body,
      stored.length < 0 ? undefined : stored.length,
      writer,
      { entry: maxEntryBytes, background: maxBackgroundBytes },
      owner,
    );
    flight.body = shared;
    const isReusable = isForOthers(request, stored, policy);
    // A response that varies is for those who ask the same, and equal requests do.
    flight.land(isReusable ? { kind: 'shared', response: stored, body: shared } : { kind: 'alone' });
    this.#core.flights.markLoner(request.key, !isReusable);
    const reader = leading(fetch, shared);
    // What is over already is not waited for to be read.
    if (body.trailers !== undefined || stored.length === 0) void (shared.whole() ?? shared.whenSettled());
    return [httpVersion, status, reason, fields, reader];
  }

  /** All of it is here, and nobody waits for it but its caller: what is kept is a copy, and the body goes on as it is. */
  #putWhole(fetch: Fetch, key: string, stored: StoredResponse, policy: StoredPolicy, bytes: Uint8Array | undefined): boolean {
    const { request, flight, basis } = fetch;
    const { store, flights, settings } = this.#core;
    const announced = stored.length;
    const isComplete = bytes !== undefined && bytes.length <= settings.maxEntryBytes && (announced < 0 || announced === bytes.length);
    const isKept =
      isComplete &&
      !flight.isOutdated &&
      store.put(
        key,
        stored,
        bytes,
        replacedIds(basis.found, stored, settings.maxVariants),
        key === request.key ? request.hash : hashOfKey(key),
      );
    const isReusable = isForOthers(request, stored, policy);
    flights.markLoner(request.key, !isReusable);
    // Who has come in this moment looks at what is stored now.
    flight.land(isKept && isReusable ? again : alone);
    fetch.relay?.ended();
    fetch.end();
    return isKept;
  }

  #told(request: CacheRequest, state: CacheState, why: string, fields: readonly HeaderPair[], isKept = true): void {
    const isUsual = isKept && state === 'miss' && why === nothingAtAll.why;
    this.#core.report(request, isUsual ? storedMiss : { state, age: undefined, stored: isKept, reason: why }, fields);
  }

  /** The same, where the bytes have to be asked for. */
  #keepWhole(
    fetch: Fetch,
    [httpVersion, status, reason, fields, source]: DispatchResponse,
    key: string,
    stored: StoredResponse,
    policy: StoredPolicy,
    why: string,
    state: CacheState,
  ): DispatchResponse {
    fetch.relay?.ended();
    this.#told(fetch.request, state, why, fields);
    const body = new WholeBody(source, (bytes) => void this.#putWhole(fetch, key, stored, policy, bytes));
    return [httpVersion, status, reason, fields, body];
  }
}

// About the moment or the connection, and not about what is there: Request Timeout, Misdirected Request, Too Early, Too Many Requests.
const passing = new Set([408, 421, 425, 429]);

/** Does such an answer say that what is stored is no longer so? */
function tellsOfChange(status: number): boolean {
  return status < 500 && status !== 304 && status !== 206 && !passing.has(status);
}

/** Does it answer equal requests too? */
function isForOthers({ directives }: CacheRequest, stored: StoredResponse, policy: StoredPolicy): boolean {
  const age = currentAge(policy, stored, stored.receivedAt);
  return stored.part === null && judge(policy, age, { directives, anyAge: false }).verdict === 'fresh';
}

/** Not stored. */
function passedOn(fetch: Fetch, body: ResponseBody): ResponseBody {
  const { relay } = fetch;
  if (relay === undefined) return body;
  if (body.trailers !== undefined) {
    relay.ended();
    return body;
  }
  return leading(fetch, new SharedBody(body, undefined, undefined, { entry: 0, background: 0 }, new PassedBody(fetch, body)));
}

/** The reader of the request itself, whose abort leaves the others alone. */
function leading({ relay, request }: Fetch, shared: SharedBody): SharedReader {
  const reader = shared.leader;
  if (relay !== undefined) {
    reader.isGuarded = true;
    const onLeave = (leaving: Leaving): void => {
      const isLast = !shared.continuesWithoutOne;
      // The exchange knows best what it was doing; of the time it knows nothing.
      if (!isLast || relay.isOverdue) reader.fail(leaving.error({ phase: 'response-body', method: request.method, requestSent: true }));
      if (isLast) relay.abort(leaving.reason);
    };
    relay.onLeave = onLeave;
  }
  return reader;
}

const nothing: readonly string[] = Object.freeze([]);

/** What a new response takes the place of, and what goes so that there are not too many. */
function replacedIds(found: readonly StoredResponse[], stored: StoredResponse, maxVariants: number): readonly string[] {
  if (found.length === 0) return nothing;
  const { selecting, partition, part, askedRange } = stored;
  const isReplaced = (other: StoredResponse): boolean =>
    other.partition === partition &&
    isSameSelection(other.selecting, selecting) &&
    (part === null || (other.part !== null && other.askedRange === askedRange));
  const replaced = found.filter((other) => isReplaced(other));
  const rest = found.filter((other) => !replaced.includes(other)).sort((one, other) => other.receivedAt - one.receivedAt);
  return [...replaced, ...rest.slice(Math.max(0, maxVariants - 1))].map(({ id }) => id);
}
