/** How long a response is fresh, and how old it is (RFC 9111 §4.2). All in seconds; moments in milliseconds since 1970. */
import { deltaSeconds, parseDelta, type Directives } from './cache-control.ts';
import { listMembers } from './fields.ts';
import { parseHttpDate } from './http-date.ts';
import type { ResponseFacts } from './response-facts.ts';
import type { ResponseControl } from './targeted-fields.ts';

/** Freshness that nobody has stated (RFC 9111 §4.2.2). */
export interface HeuristicRules {
  /** This much of the time that the response had not been modified for. */
  readonly fraction: number;
  /** Seconds; never longer than that. */
  readonly longest: number;
}

export interface FreshnessRules {
  readonly shared: boolean;
  readonly heuristics: HeuristicRules | null;
  /** RFC 9213's target list, in lower case: names of fields, the first of which counts. */
  readonly targetedFields: readonly string[];
}

/** RFC 9110 §15.1: cacheable without a word about it. */
const heuristicStatuses = new Set([200, 203, 204, 206, 300, 301, 308, 404, 405, 410, 414, 501]);

export function isHeuristicallyCacheable(status: number): boolean {
  return heuristicStatuses.has(status);
}

/** When a response was asked for and came. */
export interface Moments {
  readonly requestedAt: number;
  readonly receivedAt: number;
}

export interface Lifetime {
  readonly seconds: number;
  /** Where it is from. */
  readonly source: 's-maxage' | 'max-age' | 'Expires' | 'heuristics' | 'nothing';
}

/** RFC 9111 §4.2.1: by directives alone; what is wrong counts as stale. */
export function statedLifetime(directives: Directives, shared: boolean): Lifetime | undefined {
  const sharedAge = shared ? deltaSeconds(directives, 's-maxage') : undefined;
  if (sharedAge !== undefined) return { seconds: sharedAge || 0, source: 's-maxage' };
  const maxAge = deltaSeconds(directives, 'max-age');
  return maxAge === undefined ? undefined : { seconds: maxAge || 0, source: 'max-age' };
}

/** RFC 9111 §4.2.1: what is wrong counts as stale. */
export function freshnessLifetime(
  status: number,
  facts: ResponseFacts,
  { directives, expires }: ResponseControl,
  { receivedAt }: Moments,
  rules: FreshnessRules,
): Lifetime {
  const stated = statedLifetime(directives, rules.shared);
  if (stated !== undefined) return stated;
  const date = parseHttpDate(facts.date, receivedAt) ?? receivedAt;
  if (expires !== undefined) {
    const at = parseHttpDate(expires, receivedAt);
    return { seconds: at === undefined ? 0 : Math.max(0, (at - date) / 1000), source: 'Expires' };
  }
  const { heuristics } = rules;
  if (heuristics !== null && (isHeuristicallyCacheable(status) || directives.has('public'))) {
    const modified = parseHttpDate(facts.lastModified, receivedAt);
    const unchanged = modified === undefined ? 0 : (date - modified) / 1000;
    if (unchanged > 0) return { seconds: Math.min(unchanged * heuristics.fraction, heuristics.longest), source: 'heuristics' };
  }
  return { seconds: 0, source: 'nothing' };
}

/** RFC 9111 §5.1: the first of several; what is no number is no age. */
function ageField(value: string | undefined): number {
  const first = value === undefined ? undefined : listMembers(value)[0];
  return first === undefined ? 0 : parseDelta(first) || 0;
}

/** `corrected_initial_age` of RFC 9111 §4.2.3: how old it was when it came. */
export function initialAge(facts: ResponseFacts, { requestedAt, receivedAt }: Moments): number {
  const date = parseHttpDate(facts.date, receivedAt);
  const apparent = date === undefined ? 0 : Math.max(0, (receivedAt - date) / 1000);
  const delay = Math.max(0, (receivedAt - requestedAt) / 1000);
  return Math.max(apparent, ageField(facts.age) + delay);
}
