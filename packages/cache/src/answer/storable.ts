/** What of a response is kept, or why none of it is. */

import type { DispatchResponse, HeaderPair } from '@x/httpcore';

import type { CacheRequest } from '../cache-request.ts';
import type { CacheSettings } from '../cache-options.ts';
import { parseCount, type Directives } from '../rules/cache-control.ts';
import { fieldValue, hasField, namesFields, replaceFields, storableFields, withoutFields } from '../rules/fields.ts';
import type { Moments } from '../rules/freshness.ts';
import { parseContentRange, type ContentRange } from '../rules/ranges.ts';
import { responseFacts, type ResponseFacts } from '../rules/response-facts.ts';
import { storedPolicy, type StoredPolicy } from '../rules/reuse.ts';
import { whyNotStorable } from '../rules/storability.ts';
import { controlOf } from '../rules/targeted-fields.ts';
import { selectingFields } from '../rules/vary.ts';
import { newResponseId } from '../store/response-id.ts';
import type { StoredResponse } from '../store/store.ts';
import type { CacheCore } from './cache-core.ts';
import type { Fetch } from './fetch.ts';

export interface Storable {
  readonly stored: StoredResponse;
  readonly policy: StoredPolicy;
}

/** In words, why not. */
export function storableOf(
  core: CacheCore,
  { request, flight }: Fetch,
  [httpVersion, status, reason, fields]: DispatchResponse,
  moments: Moments,
): Storable | string {
  if (request.method !== 'GET') return 'a response to HEAD has no body';
  const { settings } = core;
  const facts = responseFacts(fields);
  const control = controlOf(fields, facts, settings.targetedFields);
  const whyNot = whyNotStorable({ status, facts, control, isAuthorized: request.isAuthorized, shared: settings.shared });
  if (whyNot !== null) return whyNot;
  const tags = tagsOf(fields, settings.tagField);
  if (tags.length > mostTags) return tooManyTags;
  core.flights.brings(flight, tags);
  if (flight.isOutdated) return 'what it answers has been changed or purged meanwhile, or the cache is closed';
  const length = announcedLength(facts);
  if (length !== undefined && length > settings.maxEntryBytes) return `larger than maxEntryBytes (${settings.maxEntryBytes})`;
  const part = status === 206 ? parseContentRange(facts.contentRange) : null;
  if (part === undefined || (part !== null && request.range === undefined)) return 'it is not the part that was asked for';
  const headers = keptFields(fields, facts, part, moments.receivedAt);
  const policy = namesFields(facts.connection)
    ? policyOfKept(status, headers, moments, settings)
    : storedPolicy(status, facts, control, moments, settings);
  const stored: StoredResponse = {
    id: newResponseId(),
    url: urlOf(request.key),
    status,
    reason,
    httpVersion,
    headers,
    selecting: selectingFields(facts.vary, request.headers, core.conceal),
    partition: partitionOf(settings, request, status, control.directives),
    requestedAt: moments.requestedAt,
    receivedAt: moments.receivedAt,
    part,
    askedRange: part === null ? null : (fieldValue(request.headers, 'range') ?? null),
    tags,
    usefulUntil: usefulUntil(policy, moments.receivedAt),
    length: length ?? -1,
  };
  return { stored, policy };
}

export function announcedLength({ contentLength }: ResponseFacts): number | undefined {
  if (contentLength === undefined || contentLength.length > 15) return undefined;
  const length = parseCount(contentLength);
  return Number.isNaN(length) ? undefined : length;
}

/** What is taken away says nothing of what is kept. */
function policyOfKept(status: number, headers: readonly HeaderPair[], moments: Moments, settings: CacheSettings): StoredPolicy {
  const facts = responseFacts(headers);
  return storedPolicy(status, facts, controlOf(headers, facts, settings.targetedFields), moments, settings);
}

/** Without what else the key tells requests by. */
function urlOf(key: string): string {
  const space = key.indexOf(' ');
  return space === -1 ? key : key.slice(0, space);
}

const aboutPart = new Set(['content-range', 'content-length']);

/** RFC 9110 §6.6.1: what came without a date gets that of its arrival. */
export function dated(fields: readonly HeaderPair[], receivedAt: number): readonly HeaderPair[] {
  return hasField(fields, 'date') ? fields : replaceFields(fields, [['date', new Date(receivedAt).toUTCString()]]);
}

/** RFC 9111 §3.1. */
function keptFields(
  fields: readonly HeaderPair[],
  { connection, date, hasNeverStored }: ResponseFacts,
  part: ContentRange | null,
  receivedAt: number,
): readonly HeaderPair[] {
  const storable = hasNeverStored ? storableFields(fields, connection) : fields;
  const kept = date === undefined || hasNeverStored ? dated(storable, receivedAt) : storable;
  if (part === null) return kept;
  const ofWhole = withoutFields(kept, aboutPart);
  return part.complete === null ? ofWhole : [...ofWhole, ['content-length', String(part.complete)]];
}

/** For whom it is: everybody, or whoever has these credentials. */
export function partitionOf({ shared }: CacheSettings, request: CacheRequest, status: number, directives: Directives): string {
  const isForEverybody = shared || (directives.has('public') && status !== 401 && status !== 407);
  return isForEverybody ? '*' : request.partition;
}

/** With more, each of which a purge may be by, it is not kept. */
export const mostTags = 1000;
export const tooManyTags: string = `more than ${mostTags} tags`;
const noTags: readonly string[] = Object.freeze([]);

export function tagsOf(fields: readonly HeaderPair[], tagField: string | undefined): readonly string[] {
  const value = tagField === undefined ? undefined : fieldValue(fields, tagField);
  return value === undefined ? noTags : [...new Set(value.split(/[\s,]+/).filter((tag) => tag !== ''))];
}

// Seconds that a response with a validator is worth keeping for: asking about it costs less than fetching it.
const worthOfValidator = 30 * 86_400;

/** When nobody can want it any more, for stores that forget by time. */
export function usefulUntil({ lifetime, initialAge, staleWindow }: StoredPolicy, receivedAt: number): number {
  const fresh = Math.max(0, lifetime.seconds - initialAge) + staleWindow;
  return receivedAt + Math.max(fresh, worthOfValidator) * 1000;
}
