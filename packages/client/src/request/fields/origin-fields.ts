/**
 * Which fields belong to one origin, and which may leave it. The one place where that is decided: redirects, `with({ url })`, absolute
 * URLs under a `baseUrl` and `extend()` all go by it.
 */
import type { HeaderPair, UrlParts } from '@x/httpcore';

import { InvalidOption } from '../../errors.ts';
import { isSecretField } from '../../redact.ts';
import { sameOrigin } from '../url/same-origin.ts';
import type { Target } from '../url/target.ts';
import { defaultFields } from './default-fields.ts';
import { applyHeaderChanges, isFieldName, type HeaderChanges } from './header-input.ts';

/** Which fields stay at their origin when a redirect leads to another. */
export interface OriginFieldOptions {
  /**
   * Names of further header fields that do not leave the origin that they were meant for: a redirect to another scheme, host or port,
   * or `request.with({ url })`, goes without. So do, always, `Authorization`, `Proxy-Authorization`, `Cookie`, `Referer`, `Host`, and every field whose
   * name looks like a secret: one with `token`, `secret`, `api-key`, `session`, `signature` and the like in it, or that ends in `-key` or
   * `-auth`. Those of a call and of an extended client are added; `null` forgets the inherited ones.
   */
  readonly sensitiveHeaders?: readonly string[] | null | undefined;
}

// A Referer tells the path and the query of one origin to another (RFC 9110 §10.1.3).
const ofOneOrigin = new Set(['authorization', 'proxy-authorization', 'cookie', 'cookie2', 'host', 'referer']);
// What says who we are and what we understand is no secret of one origin.
const portable = new Set(defaultFields.map(([name]) => name));

export const noFields: ReadonlySet<string> = new Set();

/** The fields of a request `from` one URL that turns to another: of another origin, it leaves behind what is `bound` to its own. */
export function fieldsTowards(
  target: Target,
  { from, pairs, bound }: { readonly from: UrlParts; readonly pairs: readonly HeaderPair[]; readonly bound: ReadonlySet<string> },
): readonly HeaderPair[] {
  return authorize(sameOrigin(target.parts, from) ? pairs : withoutBound(pairs, bound), target);
}

/** What goes along to another origin; of what does not, no duplicate. `bound`: further names, in lower case. */
function withoutBound(pairs: readonly HeaderPair[], bound: ReadonlySet<string>): HeaderPair[] {
  return pairs.filter(([name]) => {
    const lower = name.toLowerCase();
    return !ofOneOrigin.has(lower) && !bound.has(lower) && !isSecretField(lower);
  });
}

/** Of changes to a client's headers, those that hold for requests beyond the origin of its `baseUrl` as well. */
export function portableChanges(changes: HeaderChanges): HeaderChanges {
  return {
    pairs: changes.pairs.filter(([name]) => portable.has(name.toLowerCase())),
    replaced: new Set([...changes.replaced].filter((name) => portable.has(name))),
  };
}

/** The names, in lower case, of the fields that a client sends to its own origin only. */
export function homeFields(home: readonly HeaderPair[], away: readonly HeaderPair[]): ReadonlySet<string> {
  const everywhere = namesOf(away);
  return new Set([...namesOf(home)].filter((name) => !everywhere.has(name)));
}

function namesOf(pairs: readonly HeaderPair[]): Set<string> {
  return new Set(pairs.map(([name]) => name.toLowerCase()));
}

/** @throws {InvalidOption} it is no array of header names. */
export function mergeSensitiveHeaders(inherited: ReadonlySet<string>, { sensitiveHeaders }: OriginFieldOptions): ReadonlySet<string> {
  if (sensitiveHeaders === undefined) return inherited;
  if (sensitiveHeaders === null) return noFields;
  if (!Array.isArray(sensitiveHeaders) || !sensitiveHeaders.every((name: unknown) => typeof name === 'string' && isFieldName(name))) {
    throw new InvalidOption('sensitiveHeaders', 'must be an array of header names');
  }
  return union(inherited, new Set(sensitiveHeaders.map((name: string) => name.toLowerCase())));
}

/** One of them where it has the other already. */
export function union(a: ReadonlySet<string>, b: ReadonlySet<string>): ReadonlySet<string> {
  if (b.size === 0 || [...b].every((name) => a.has(name))) return a;
  return a.size === 0 ? b : new Set([...a, ...b]);
}

/** The credentials of a URL take the place of others. */
export function authorize(pairs: readonly HeaderPair[], { authorization }: Target): readonly HeaderPair[] {
  if (authorization === undefined) return pairs;
  return applyHeaderChanges(pairs, { pairs: [['authorization', authorization]], replaced: new Set(['authorization']) });
}

/** Without what {@link authorize} has put there. */
export function withoutUrlCredentials(pairs: readonly HeaderPair[], { authorization }: Target): readonly HeaderPair[] {
  return authorization === undefined
    ? pairs
    : pairs.filter(([name, value]) => name.toLowerCase() !== 'authorization' || value !== authorization);
}

/** Whoever it names. */
export function withoutAuthorization(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return pairs.filter(([name]) => name.toLowerCase() !== 'authorization');
}
