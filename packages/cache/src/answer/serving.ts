/** Responses made of what is stored. */
import type { DispatchResponse, HeaderPair } from '@x/httpcore';

import type { CacheRequest } from '../cache-request.ts';
import type { CacheState } from '../outcome.ts';
import { fieldValue, hasField, replaceFields, withoutFields } from '../rules/fields.ts';
import { contentRangeField, parseRange, resolveRange, withinPart, type AskedRange, type ByteRange } from '../rules/ranges.ts';
import { currentAge } from '../rules/reuse.ts';
import { callerHasIt, headersOf304, strongDate, strongTag } from '../rules/validation.ts';
import type { StoredResponse } from '../store/store.ts';
import type { CacheCore } from './cache-core.ts';
import { endWithCaller } from './relay.ts';
import { emptyBody, StoredBody } from './stored-body.ts';

export interface Served {
  readonly state: CacheState;
  readonly reason: string;
  /** Of the exchange by which it was confirmed. */
  readonly received: readonly HeaderPair[];
  /** In the place of the stored ones. */
  readonly headers?: readonly HeaderPair[];
  /** Called once its body is read or left. */
  readonly onEnd?: (() => void) | undefined;
}

const statusOfPart: readonly [number, string] = [206, 'Partial Content'];

/** `undefined`: its body is not there any more. */
export async function serve(
  core: CacheCore,
  request: CacheRequest,
  stored: StoredResponse,
  { state, reason, received, headers: given = stored.headers, onEnd }: Served,
): Promise<DispatchResponse | undefined> {
  const policy = core.policyOf(stored);
  const age = currentAge(policy, stored, core.clock.now());
  const withheld = state === 'revalidated' ? [] : policy.withheldFields;
  const kept = withheld.length === 0 ? given : withoutFields(given, new Set(withheld));
  const headers = withAge(kept, age);
  const respond = (status: number, reasonPhrase: string, fields: readonly HeaderPair[], body: StoredBody): DispatchResponse => {
    core.report(request, { state, age, stored: onEnd === undefined, reason }, received);
    if (onEnd !== undefined) body.onEnd = onEnd;
    return [stored.httpVersion, status, reasonPhrase, fields, body];
  };

  if (request.isConditional && stored.status === 200 && callerHasIt(request.headers, stored.headers, stored.receivedAt) === true) {
    core.saved(request, stored.length);
    return respond(304, 'Not Modified', headersOf304(headers), emptyBody());
  }
  const isWhole = stored.part === null;
  const range = isWhole && (stored.status !== 200 || !isRangeValid(request, stored)) ? undefined : request.range;
  if (request.method === 'HEAD') return respond(stored.status, stored.reason, headers, emptyBody());
  if (range === undefined) {
    const body = await openBody(core, request, stored, 0, stored.length);
    return body && respond(stored.status, stored.reason, withLength(headers, stored), body);
  }

  if (isWhole) {
    const bytes = resolveRange(range, stored.length);
    if (bytes === undefined) {
      const fields = replaceFields(withoutFields(headers, aboutContent), [['content-range', `bytes */${stored.length}`], noContent]);
      return respond(416, 'Range Not Satisfiable', fields, emptyBody());
    }
    return part(core, request, stored, bytes, 0, stored.length, headers, respond);
  }
  const { first, complete } = stored.part;
  const bytes = bytesOfPart(range, stored)!;
  // The very request that it is the answer to gets the very answer.
  if (stored.askedRange === fieldValue(request.headers, 'range')) {
    const body = await openBody(core, request, stored, 0, stored.length);
    const fields = replaceFields(headers, [['content-length', String(stored.length)], contentRangeField(stored.part, complete)]);
    return body && respond(...statusOfPart, fields, body);
  }
  return part(core, request, stored, bytes, first, complete, headers, respond);
}

const aboutContent = new Set(['content-encoding', 'content-type', 'content-length']);
const noContent: HeaderPair = ['content-length', '0'];

/** Can this part answer the request by itself? */
export function coversRange({ range, headers }: CacheRequest, stored: StoredResponse): boolean {
  if (stored.part === null || range === undefined) return false;
  return stored.askedRange === fieldValue(headers, 'range') || bytesOfPart(range, stored) !== undefined;
}

/** Which of the stored bytes are asked for; `undefined` where some are missing, or it is not known where they are. */
function bytesOfPart(range: AskedRange, { part, askedRange, length }: StoredResponse): ByteRange | undefined {
  const { first } = part!;
  const asked = askedRange === null ? undefined : parseRange(askedRange);
  // What a suffix was answered with ends where all of it does, also where its length is not known.
  if (range.first === null && asked?.first === null && asked.last === length && range.last! > 0 && range.last! <= length) {
    return { first: first + length - range.last!, last: first + length - 1 };
  }
  const bytes = withinPart(range, part!);
  return bytes !== undefined && bytes.first < first + length ? bytes : undefined;
}

/** A part may be shorter than it says: then as much of what is asked for as there is (RFC 9110 §15.3.7). */
async function part(
  core: CacheCore,
  request: CacheRequest,
  stored: StoredResponse,
  asked: ByteRange,
  offset: number,
  complete: number | null,
  headers: readonly HeaderPair[],
  respond: (status: number, reason: string, fields: readonly HeaderPair[], body: StoredBody) => DispatchResponse,
): Promise<DispatchResponse | undefined> {
  const last = Math.min(asked.last, offset + stored.length - 1);
  const body = await openBody(core, request, stored, asked.first - offset, last + 1 - offset);
  const fields = replaceFields(headers, [
    ['content-length', String(last + 1 - asked.first)],
    contentRangeField({ first: asked.first, last }, complete),
  ]);
  return body && respond(...statusOfPart, fields, body);
}

async function openBody(
  core: CacheCore,
  request: CacheRequest,
  stored: StoredResponse,
  start: number,
  end: number,
): Promise<StoredBody | undefined> {
  if (start >= end) return emptyBody();
  const opened = core.store.open(request.key, stored, start, end);
  const bytes = opened instanceof Promise ? await opened : opened;
  if (bytes === undefined) return undefined;
  const body = new StoredBody(bytes, (length) => core.saved(request, length));
  if (!(bytes instanceof Uint8Array)) endWithCaller(body, request.context);
  return body;
}

/** RFC 9110 §13.1.5: for another representation, all of it is the answer. */
function isRangeValid({ ifRange }: CacheRequest, { headers }: StoredResponse): boolean {
  if (ifRange === undefined) return true;
  return /^(?:"|w\/)/i.test(ifRange) ? ifRange === strongTag(headers) : ifRange === strongDate(headers);
}

/** RFC 9111 §5.1: a whole number of seconds. */
function withAge(headers: readonly HeaderPair[], age: number): readonly HeaderPair[] {
  const aged: HeaderPair[] = [];
  for (const pair of headers) if (pair[0].length !== 3 || pair[0].toLowerCase() !== 'age') aged.push(pair);
  aged.push(['age', String(Math.floor(Math.min(age, 2 ** 31)))]);
  return aged;
}

function withLength(headers: readonly HeaderPair[], { status, length }: StoredResponse): readonly HeaderPair[] {
  return status === 204 || hasField(headers, 'content-length') ? headers : [...headers, ['content-length', String(length)]];
}
