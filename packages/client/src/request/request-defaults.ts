/** What a client puts into every request, and what of that holds for which origin. */
import type { HeaderPair } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { offerCodings } from './fields/accept-encoding.ts';
import { defaultFields } from './fields/default-fields.ts';
import { applyHeaderChanges, readHeaderChanges, type HeaderChanges, type HeadersInput } from './fields/header-input.ts';
import { mergeSensitiveHeaders, noFields, portableChanges, withoutAuthorization, type OriginFieldOptions } from './fields/origin-fields.ts';
import { mergeJsonHooks, plainJson, type JsonHooks, type JsonSettings } from './json-settings.ts';
import { overlayParams, toParams, type ParamEntry, type ParamsInput } from './url/params.ts';
import { joinUrl, parseTarget, type Target } from './url/target.ts';

export interface RequestDefaults {
  /** What relative URLs are appended to; with its credentials, unless something else has taken their place. */
  readonly base: Target | undefined;
  /** Sent to where the client's headers belong: to the origin of `base`, or everywhere without one. */
  readonly homeHeaders: readonly HeaderPair[];
  /** Sent to other origins. */
  readonly awayHeaders: readonly HeaderPair[];
  readonly params: readonly ParamEntry[];
  /** The names, in lower case, that a caller called sensitive. */
  readonly sensitive: ReadonlySet<string>;
  readonly json: JsonSettings;
}

/** What a client's caller says of that. */
export interface RequestDefaultOptions extends OriginFieldOptions, JsonHooks {
  readonly baseUrl?: string | URL | null | undefined;
  readonly headers?: HeadersInput | null | undefined;
  readonly params?: ParamsInput | null | undefined;
  readonly decompress?: boolean | null | undefined;
  /** Whatever it is: who says it means it, and not what was said of the user before in a URL or a field. */
  readonly auth?: unknown;
}

export const noDefaults: RequestDefaults = Object.freeze({
  base: undefined,
  homeHeaders: defaultFields,
  awayHeaders: defaultFields,
  params: Object.freeze([]),
  sensitive: noFields,
  json: plainJson,
});

/** @throws {InvalidOption} naming the option. */
export function resolveRequestDefaults(own: RequestDefaultOptions, parent: RequestDefaults): RequestDefaults {
  const base = resolveBase(own.baseUrl, parent.base);
  const inherited = hasMoved(parent.base, base) ? leftBehind(parent) : parent;
  const changes = own.headers === undefined || own.headers === null ? undefined : readHeaderChanges(own.headers);
  const home = withoutReplacedUser(inheritedFields(inherited.homeHeaders, own), own, base);
  const away = inheritedFields(inherited.awayHeaders, own);
  return {
    base: base === undefined ? undefined : Object.freeze({ ...base, authorization: credentialsOfBase(own, base, changes, inherited.base) }),
    homeHeaders: frozenPairs(changes === undefined ? home : applyHeaderChanges(home, changes)),
    awayHeaders: frozenPairs(changes === undefined ? away : applyHeaderChanges(away, portableChanges(changes))),
    params: resolveParams(own.params, inherited.params),
    sensitive: mergeSensitiveHeaders(parent.sensitive, own),
    json: mergeJsonHooks(parent.json, own),
  };
}

/** Is one base of another origin than the other? Then what was given for that is not handed on, by way of `extend()`. */
export function hasMoved(from: Target | undefined, to: Target | undefined): boolean {
  return from !== undefined && to?.origin !== from.origin;
}

/** Of a client's defaults, what holds beyond the origin that they were given for. */
function leftBehind(defaults: RequestDefaults): RequestDefaults {
  return { ...defaults, base: undefined, homeHeaders: defaults.awayHeaders, params: noDefaults.params };
}

function inheritedFields(inherited: readonly HeaderPair[], { headers, decompress }: RequestDefaultOptions): readonly HeaderPair[] {
  return offerCodings(headers === null ? defaultFields : inherited, decompress);
}

/** Who says `auth`, or names a user in a URL, means it, whatever was inherited as a field. */
function withoutReplacedUser(
  pairs: readonly HeaderPair[],
  { auth, baseUrl }: RequestDefaultOptions,
  base: Target | undefined,
): readonly HeaderPair[] {
  const saysAuth = auth !== undefined && auth !== null;
  const namesUser = baseUrl !== undefined && base?.authorization !== undefined;
  return saysAuth || namesUser ? withoutAuthorization(pairs) : pairs;
}

/** What the `baseUrl` says of the user, unless something else that the caller says, or has said since, takes its place. */
function credentialsOfBase(
  own: RequestDefaultOptions,
  base: Target,
  changes: HeaderChanges | undefined,
  inherited: Target | undefined,
): string | undefined {
  if (own.auth !== undefined || changes?.replaced.has('authorization') === true) return undefined;
  if (own.baseUrl !== undefined && base.authorization !== undefined) return base.authorization;
  return own.headers === null ? undefined : inherited?.authorization;
}

function resolveBase(own: string | URL | null | undefined, inherited: Target | undefined): Target | undefined {
  if (own === undefined) return inherited;
  if (own === null) return undefined;
  if (typeof own !== 'string' && !(own instanceof URL)) throw new InvalidOption('baseUrl', `must be a string or a URL, not ${typeof own}`);
  const base = parseTarget(joinUrl(inherited, String(own)), 'baseUrl');
  if (base.parts[3].includes('?') || base.href.includes('#')) {
    throw new InvalidOption('baseUrl', 'must have no query and no fragment; use params for parameters of every request', {
      code: 'INVALID_URL',
    });
  }
  return base;
}

function resolveParams(own: ParamsInput | null | undefined, inherited: readonly ParamEntry[]): readonly ParamEntry[] {
  if (own === undefined) return inherited;
  return own === null ? noDefaults.params : overlayParams(inherited, toParams(own, 'params'));
}

function frozenPairs(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return Object.isFrozen(pairs) ? pairs : Object.freeze(pairs.map((pair) => Object.freeze(pair)));
}
