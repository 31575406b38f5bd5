/** May a response be stored (RFC 9111 §3)? */
import { type Directives } from './cache-control.ts';
import { isHeuristicallyCacheable } from './freshness.ts';
import type { ResponseFacts } from './response-facts.ts';
import type { ResponseControl } from './targeted-fields.ts';

// Those whose requirements for caches are met here (RFC 9111 §3, "understands").
const understood = new Set([200, 203, 204, 206, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501]);

export interface StorabilityQuestion {
  readonly status: number;
  readonly facts: ResponseFacts;
  readonly control: ResponseControl;
  readonly isAuthorized: boolean;
  readonly shared: boolean;
}

/** Why not, in words; `null` where it may be stored. */
export function whyNotStorable({ status, facts, control, isAuthorized, shared }: StorabilityQuestion): string | null {
  const { directives, expires } = control;
  if (status < 200 || status === 304) return `a ${status} response is not stored`;
  const forbidden = forbidsStoring(status, directives, shared);
  if (forbidden !== null) return forbidden;
  if (status === 206 && facts.contentRange === undefined) return 'a 206 of several parts is not stored';
  if (shared) {
    if (isAuthorized && !isForEverybody(directives))
      return 'the request had Authorization, and the response does not say that it may be shared';
    if (facts.setsCookie) return 'Set-Cookie in the response, and the cache is shared';
    if (status === 401 || status === 407) return `a ${status} response is not shared`;
  }
  const isExplicit =
    directives.has('max-age') || (shared && directives.has('s-maxage')) || directives.has('public') || expires !== undefined;
  if (isExplicit) return null;
  if (!shared && directives.has('private') && isUseful(facts, directives)) return null;
  if (!isHeuristicallyCacheable(status)) return `nothing says that a ${status} response may be stored`;
  // It may be stored, but would have to be asked for in full each time.
  return isUseful(facts, directives) ? null : 'neither a freshness lifetime nor a validator';
}

/** What the response says against it (RFC 9111 §5.2.2). */
export function forbidsStoring(status: number, directives: Directives, shared: boolean): string | null {
  const mustUnderstand = directives.has('must-understand');
  if (mustUnderstand && !understood.has(status)) return `must-understand, and the status ${status} is not understood`;
  // RFC 9111 §5.2.2.3: a cache that understands it goes by that, and not by the no-store beside it.
  if (directives.has('no-store') && !mustUnderstand) return 'no-store in the response';
  // The qualified form is read as the unqualified one: RFC 9111 §5.2.2.7 allows that, and what is malformed can't slip through.
  return shared && directives.has('private') ? 'private in the response, and the cache is shared' : null;
}

function isUseful({ etag, lastModified }: ResponseFacts, directives: Directives): boolean {
  return etag !== undefined || lastModified !== undefined || directives.has('stale-while-revalidate') || directives.has('stale-if-error');
}

/** RFC 9111 §3.5: what makes the answer to a request with credentials one for everybody. */
function isForEverybody(directives: Directives): boolean {
  return directives.has('public') || directives.has('s-maxage') || directives.has('must-revalidate');
}
