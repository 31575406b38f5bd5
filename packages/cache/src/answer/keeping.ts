/** What of a response is kept, and how it reaches who asked for it meanwhile. */
import { randomUUID } from 'node:crypto';

import { Aborted, type DispatchResponse, type HeaderPair, type ResponseBody } from '@x/httpcore';

import { deltaSeconds, parseCacheControl } from '../rules/cache-control.ts';
import { fieldValue, hasField, replaceFields, storableFields, withoutFields } from '../rules/fields.ts';
import type { Moments } from '../rules/freshness.ts';
import { isWhole, parseContentRange, union, type ContentRange } from '../rules/ranges.ts';
import { currentAge, judge, type StoredPolicy } from '../rules/reuse.ts';
import { whyNotStorable } from '../rules/storability.ts';
import { strongTag } from '../rules/validation.ts';
import { isSameSelection, selectingFields } from '../rules/vary.ts';
import type { StoredResponse, StoreWriter } from '../store/store.ts';
import type { CacheCore } from './cache-core.ts';
import type { Fetch } from './fetch.ts';
import { SharedBody, type BodyOwner } from './shared-body.ts';
import type { SharedReader } from './shared-reader.ts';

export class Keeping {
  readonly #core: CacheCore;

  constructor(core: CacheCore) {
    this.#core = core;
  }

  keep(fetch: Fetch, response: DispatchResponse, moments: Moments, why: string): DispatchResponse {
    const { request, flight, basis } = fetch;
    const [httpVersion, status, reason, fields, body] = response;
    const storable = this.#storable(fetch, response, moments);
    const stored = typeof storable === 'string' ? undefined : storable;
    const writer = stored === undefined ? undefined : this.#core.store.write(request.key, stored);
    const isKept = stored !== undefined && writer !== undefined;
    const whyNot = typeof storable === 'string' ? storable : 'the store has no place for it';
    const outcomeReason = isKept ? why : `${why}; not stored: ${whyNot}`;
    this.#core.report(request, { state: 'miss', age: undefined, stored: isKept, reason: outcomeReason }, fields);
    if (!isKept) {
      // What was stored is not what the origin answers now.
      if (basis.stored !== undefined && status < 500 && request.method === 'GET' && status !== 304 && status !== 206) {
        void this.#core.store.delete(request.key, [basis.stored.id]);
      }
      flight.land({ kind: 'alone' });
      if (request.method === 'GET') this.#core.flights.markLoner(request.key, true);
      fetch.end();
      return [httpVersion, status, reason, fields, this.#passedOn(fetch, body)];
    }
    const shared = this.#share(fetch, stored, writer, body, announcedLength(fields));
    const policy = this.#core.policyOf(stored);
    const age = currentAge(policy, stored, this.#core.clock.now());
    const isReusable = judge(policy, age, { directives: request.directives, anyAge: false }).verdict === 'fresh' && stored.part === null;
    // A response that varies is for those who ask the same, and equal requests do.
    flight.land(isReusable ? { kind: 'shared', response: stored, body: shared } : { kind: 'alone' });
    this.#core.flights.markLoner(request.key, !isReusable);
    const reader = this.#led(fetch, shared);
    // What is over already is not waited for to be read.
    if (body.trailers !== undefined || stored.length === 0) void shared.whenSettled();
    return [httpVersion, status, reason, fields, reader];
  }

  /** What is kept, or why it is not. */
  #storable(
    { request, flight }: Fetch,
    [httpVersion, status, reason, fields]: DispatchResponse,
    moments: Moments,
  ): StoredResponse | string {
    if (request.method !== 'GET') return 'a response to HEAD has no body';
    const directives = parseCacheControl(fieldValue(fields, 'cache-control'));
    const { settings } = this.#core;
    const whyNot = whyNotStorable({ status, headers: fields, directives, isAuthorized: request.isAuthorized, shared: settings.shared });
    if (whyNot !== null) return whyNot;
    if (flight.isOutdated) return 'an unsafe request has been answered meanwhile';
    const length = announcedLength(fields);
    if (length !== undefined && length > settings.maxEntryBytes) return `larger than maxEntryBytes (${settings.maxEntryBytes})`;
    const part = status === 206 ? parseContentRange(fieldValue(fields, 'content-range')) : null;
    if (part === undefined || (part !== null && request.range === undefined)) return 'it is not the part that was asked for';
    const kept = keptFields(fields, part, moments.receivedAt);
    const isForEverybody = settings.shared || (directives.has('public') && status !== 401 && status !== 407);
    const head: StoredResponse = {
      id: randomUUID(),
      url: request.key.split(' ', 1)[0]!,
      status,
      reason,
      httpVersion,
      headers: kept,
      selecting: selectingFields(fieldValue(fields, 'vary'), request.headers, this.#core.conceal),
      partition: isForEverybody ? '*' : request.partition,
      ...moments,
      part,
      askedRange: part === null ? null : (fieldValue(request.headers, 'range') ?? null),
      tags: tagsOf(fields, settings.tagField),
      usefulUntil: 0,
      length: length ?? -1,
    };
    return { ...head, usefulUntil: usefulUntil(this.#core.policyOf(head), moments.receivedAt) };
  }

  #share(fetch: Fetch, stored: StoredResponse, writer: StoreWriter, body: ResponseBody, length: number | undefined): SharedBody {
    const { request, basis } = fetch;
    const core = this.#core;
    const { maxEntryBytes, maxBackgroundBytes } = core.settings;
    const owner: BodyOwner = {
      reserve: (bytes) => core.reserve(bytes),
      writeFailed: (error) => core.store.failedWrite(error),
      abort: (unwanted) => core.store.abort(unwanted),
      commit: (whole, total) => core.store.commit(whole, total, replacedIds(basis.found, stored, core.settings.maxVariants)),
      settled: (isStored) => {
        fetch.relay?.release();
        fetch.end();
        if (isStored && stored.part !== null) void this.#joinParts(request.key, stored.id);
      },
      open: async (start) => {
        const found = (await core.store.find(request.key)).find(({ id }) => id === stored.id);
        const bytes = found === undefined ? undefined : await core.store.open(request.key, found, start, found.length);
        return bytes instanceof Uint8Array ? only(bytes) : bytes;
      },
    };
    return new SharedBody(body, length, writer, { entry: maxEntryBytes, background: maxBackgroundBytes }, owner);
  }

  /** Not stored; but the caller's signal is to be let go once it is over. */
  #passedOn(fetch: Fetch, body: ResponseBody): ResponseBody {
    const { relay } = fetch;
    if (relay === undefined) return body;
    if (body.trailers !== undefined) {
      relay.release();
      return body;
    }
    const owner: BodyOwner = {
      reserve: () => true,
      writeFailed: () => {},
      abort: () => {},
      commit: () => Promise.resolve(false),
      settled: () => relay.release(),
      open: () => Promise.resolve(undefined),
    };
    return this.#led(fetch, new SharedBody(body, undefined, undefined, { entry: 0, background: 0 }, owner));
  }

  #led({ relay, request }: Fetch, shared: SharedBody): SharedReader {
    const reader = shared.lead();
    if (relay !== undefined) {
      relay.onAbort = (cause) => {
        if (!shared.continuesWithout(reader)) return relay.abort(cause);
        const facts = { phase: 'response-body', method: request.method, requestSent: true } as const;
        reader.fail(new Aborted('The request was aborted', { ...facts, cause }));
      };
    }
    return reader;
  }

  /** RFC 9111 §3.4. */
  async #joinParts(key: string, id: string): Promise<void> {
    const { store } = this.#core;
    const found = await store.find(key);
    const added = found.find((response) => response.id === id);
    const other = added && found.find((response) => response !== added && belongTogether(response, added));
    if (added === undefined || other === undefined) return;
    const [one, two] = other.part!.first <= added.part!.first ? [other, added] : [added, other];
    const joined = union(one.part!, two.part!)!;
    const overlap = one.part!.last + 1 - two.part!.first;
    const whole: StoredResponse = isWhole(joined)
      ? { ...added, id: randomUUID(), status: 200, reason: 'OK', part: null, askedRange: null }
      : { ...added, id: randomUUID(), part: joined, askedRange: null };
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
}

function announcedLength(fields: readonly HeaderPair[]): number | undefined {
  const value = fieldValue(fields, 'content-length');
  return value !== undefined && /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

const aboutPart = new Set(['content-range', 'content-length']);

/** RFC 9111 §3.1; RFC 9110 §6.6.1: what came without a date gets that of its arrival. */
function keptFields(fields: readonly HeaderPair[], part: ContentRange | null, receivedAt: number): readonly HeaderPair[] {
  const storable = storableFields(fields);
  const dated = hasField(storable, 'date') ? storable : replaceFields(storable, [['date', new Date(receivedAt).toUTCString()]]);
  if (part === null) return dated;
  const ofWhole = withoutFields(dated, aboutPart);
  return part.complete === null ? ofWhole : [...ofWhole, ['content-length', String(part.complete)]];
}

function tagsOf(fields: readonly HeaderPair[], tagField: string | undefined): readonly string[] {
  const value = tagField === undefined ? undefined : fieldValue(fields, tagField);
  return value === undefined ? [] : [...new Set(value.split(/[\s,]+/).filter((tag) => tag !== ''))].slice(0, 256);
}

// Seconds that a response with a validator is worth keeping for: asking about it costs less than fetching it.
const worthOfValidator = 30 * 86_400;

/** When nobody can want it any more, for stores that forget by time. */
export function usefulUntil({ lifetime, initialAge, directives }: StoredPolicy, receivedAt: number): number {
  const windows = ['stale-while-revalidate', 'stale-if-error'].map((name) => deltaSeconds(directives, name) || 0);
  const fresh = Math.max(0, lifetime.seconds - initialAge) + Math.max(...windows);
  return receivedAt + Math.max(fresh, worthOfValidator) * 1000;
}

/** What a new response takes the place of, and what goes so that there are not too many. */
function replacedIds(found: readonly StoredResponse[], stored: StoredResponse, maxVariants: number): readonly string[] {
  const { selecting, partition, part, askedRange } = stored;
  const isReplaced = (other: StoredResponse): boolean =>
    other.partition === partition &&
    isSameSelection(other.selecting, selecting) &&
    (part === null || (other.part !== null && other.askedRange === askedRange));
  const replaced = found.filter((other) => isReplaced(other));
  const rest = found.filter((other) => !replaced.includes(other)).sort((one, other) => other.receivedAt - one.receivedAt);
  return [...replaced, ...rest.slice(Math.max(0, maxVariants - 1))].map(({ id }) => id);
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

async function* only(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield bytes;
}
