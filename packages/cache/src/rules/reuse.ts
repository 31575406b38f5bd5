/** May a stored response answer a request, and if not, why (RFC 9111 §4)? */
import { deltaSeconds, noDirectives, qualifiedFields, type Directives } from './cache-control.ts';
import { freshnessLifetime, initialAge, statedLifetime, type FreshnessRules, type Lifetime, type Moments } from './freshness.ts';
import type { ResponseFacts } from './response-facts.ts';
import { forbidsStoring } from './storability.ts';
import type { ResponseControl } from './targeted-fields.ts';

/** What a stored response says of its own reuse. Computed once for as long as it is in memory. */
export interface StoredPolicy {
  readonly lifetime: Lifetime;
  readonly initialAge: number;
  readonly directives: Directives;
  /** Never to be used without asking, not even when nobody answers. */
  readonly mustValidate: boolean;
  /** Never to be used stale. */
  readonly mustNotBeStale: boolean;
  /** Not to be handed out without asking (RFC 9111 §5.2.2.4). */
  readonly withheldFields: readonly string[];
  /** Seconds for which it may be used stale, for whatever reason (RFC 5861). */
  readonly staleWindow: number;
}

export function storedPolicy(
  status: number,
  facts: ResponseFacts,
  control: ResponseControl,
  moments: Moments,
  rules: FreshnessRules,
): StoredPolicy {
  const { directives } = control;
  const said = saidBy(status, directives, rules.shared);
  return {
    lifetime: said.lifetime ?? freshnessLifetime(status, facts, control, moments, rules),
    initialAge: initialAge(facts, moments),
    directives,
    mustValidate: said.mustValidate,
    mustNotBeStale: said.mustNotBeStale,
    withheldFields: said.withheldFields,
    staleWindow: said.staleWindow,
  };
}

/** What directives say by themselves, whatever else there is. */
interface Said extends Pick<StoredPolicy, 'mustValidate' | 'mustNotBeStale' | 'withheldFields' | 'staleWindow'> {
  readonly status: number;
  readonly directives: Directives;
  readonly shared: boolean;
  readonly lifetime: Lifetime | undefined;
}

// A server says the same with every response.
let latest: Said | undefined;

function saidBy(status: number, directives: Directives, shared: boolean): Said {
  if (latest !== undefined && latest.directives === directives && latest.status === status && latest.shared === shared) return latest;
  const withheldFields = qualifiedFields(directives, 'no-cache');
  // What must not be stored and is, since a 304 has said so afterwards, goes as soon as nobody reads it.
  const mustValidate = (directives.has('no-cache') && withheldFields.length === 0) || forbidsStoring(status, directives, shared) !== null;
  const isProxyRevalidated = shared && (directives.has('proxy-revalidate') || directives.has('s-maxage'));
  latest = {
    status,
    directives,
    shared,
    lifetime: statedLifetime(directives, shared),
    mustValidate,
    mustNotBeStale: mustValidate || directives.has('must-revalidate') || isProxyRevalidated,
    withheldFields,
    staleWindow: Math.max(deltaSeconds(directives, 'stale-while-revalidate') || 0, deltaSeconds(directives, 'stale-if-error') || 0),
  };
  return latest;
}

/** Seconds. A response that seems to be from the future is as old as it can be: its clock, or ours, was set. */
export function currentAge(policy: StoredPolicy, { receivedAt }: Moments, now: number): number {
  const resident = (now - receivedAt) / 1000;
  return resident < 0 ? Infinity : policy.initialAge + resident;
}

export type Reuse =
  | { readonly verdict: 'fresh' }
  /** `inBackground`: it is to be asked about while it is used. */
  | { readonly verdict: 'stale'; readonly inBackground: boolean; readonly reason: string }
  | { readonly verdict: 'validate'; readonly reason: string };

const fresh: Reuse = Object.freeze({ verdict: 'fresh' });

/** What the caller has asked for beside its directives, as the modes of fetch do. */
export interface ReuseRequest {
  readonly directives: Directives;
  /** Whatever its age is good. */
  readonly anyAge: boolean;
}

export function judge(policy: StoredPolicy, age: number, request: ReuseRequest): Reuse {
  const { directives } = request;
  if (policy.mustValidate) return { verdict: 'validate', reason: 'no-cache in the response' };
  if (request.anyAge) {
    return policy.lifetime.seconds > age ? fresh : { verdict: 'stale', inBackground: false, reason: 'the caller takes whatever is stored' };
  }
  if (directives === noDirectives && policy.lifetime.seconds > age) return fresh;
  if (directives.has('no-cache')) return { verdict: 'validate', reason: 'no-cache in the request' };
  const maxAge = deltaSeconds(directives, 'max-age');
  const isTooOld = maxAge !== undefined && !(age <= maxAge);
  const left = policy.lifetime.seconds - age;
  const minFresh = deltaSeconds(directives, 'min-fresh');
  if (left > 0 && !isTooOld && !(minFresh !== undefined && !(left >= minFresh))) return fresh;
  if (isTooOld) return { verdict: 'validate', reason: `older than max-age=${directives.get('max-age')} in the request` };
  if (left > 0) return { verdict: 'validate', reason: `not fresh for another ${directives.get('min-fresh')} s, as the request asks` };
  const staleness = -left;
  const why = whyStale(policy);
  if (policy.mustNotBeStale) return { verdict: 'validate', reason: `${why}, and must not be used so` };
  if (directives.has('max-stale')) {
    const limit = directives.get('max-stale') === '' ? Infinity : deltaSeconds(directives, 'max-stale')!;
    if (staleness <= limit) return { verdict: 'stale', inBackground: false, reason: `${why}, which the request permits` };
  }
  // RFC 5861 §3.
  const window = deltaSeconds(policy.directives, 'stale-while-revalidate') ?? 0;
  if (staleness < window && maxAge === undefined && minFresh === undefined) {
    return { verdict: 'stale', inBackground: true, reason: `${why}; stale-while-revalidate` };
  }
  return { verdict: 'validate', reason: why };
}

function whyStale({ lifetime }: StoredPolicy): string {
  return lifetime.source === 'nothing' ? 'without a freshness lifetime' : `stale by ${lifetime.source}`;
}

/** RFC 5861 §4: may it be used although the origin fails? `always` is what the cache permits by itself, in seconds. */
export function mayAnswerForFailure(policy: StoredPolicy, age: number, request: Directives, always: number): boolean {
  if (policy.mustNotBeStale) return false;
  const window = Math.max(deltaSeconds(request, 'stale-if-error') || 0, deltaSeconds(policy.directives, 'stale-if-error') || 0, always);
  return window > 0 && age - policy.lifetime.seconds < window;
}
