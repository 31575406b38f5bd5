/** A client's options as it works with them: inherited from the client that it extends, checked, and ready for every request. */
import type { HeaderPair } from '@x/httpcore';

import { clientAuth, noAuth } from '../auth/auth-settings.ts';
import type { Auth } from '../auth/auth.ts';
import { NetrcAuth } from '../auth/netrc-auth.ts';
import { clientCache, noCache } from '../caching/cache-settings.ts';
import { CookieJar } from '../cookies/cookie-jar.ts';
import { clientCookies, noCookies, type CookieSettings } from '../cookies/cookie-settings.ts';
import { InvalidOption } from '../errors.ts';
import { offerCodings } from '../request/fields/accept-encoding.ts';
import { applyHeaderChanges, readHeaderChanges, type HeaderChanges } from '../request/fields/header-input.ts';
import { clientProxies, noProxies, readTrustEnv, type TrustEnvInput } from '../proxies/proxy-settings.ts';
import { mergeSensitiveHeaders, noFields, portableChanges } from '../request/fields/origin-fields.ts';
import { joinUrl, parseTarget, type Target } from '../request/url/target.ts';
import { mergeCallData, noData } from '../call/call-data.ts';
import { mergeJsonHooks, plainJson } from '../request/json-settings.ts';
import { mergeMisdirectedOptions } from '../call/misdirected.ts';
import { mergeStatusOptions } from '../response/status-settings.ts';
import { mergeRetryHook } from '../retries/retry-hook.ts';
import type { Interceptor } from '../call/interceptor.ts';
import type { RequestDefaults } from '../request/request-builder.ts';
import { mergeRetryOptions } from '../retries/retry-settings.ts';
import type { CallSettings } from './call-settings.ts';
import type { OwnClientOptions } from './client-options.ts';
import { defaultFields } from '../request/fields/default-fields.ts';
import { overlayParams, toParams } from '../request/url/params.ts';
import { defaultReadSettings, mergeReadOptions } from '../decoding/decoding-settings.ts';
import { defaultRedirects, mergeRedirectOptions } from '../redirects/redirect-settings.ts';
import { defaultTimeouts, mergeTimeouts } from '../time/timeout.ts';

export interface ClientSettings extends RequestDefaults, CallSettings {
  readonly signal: AbortSignal | undefined;
  readonly interceptors: readonly Interceptor[];
  readonly networkInterceptors: readonly Interceptor[];
}

const defaultSettings: ClientSettings = Object.freeze({
  base: undefined,
  homeHeaders: defaultFields,
  awayHeaders: defaultFields,
  params: Object.freeze([]),
  timeout: defaultTimeouts,
  reading: defaultReadSettings,
  redirects: defaultRedirects,
  retries: null,
  auth: noAuth,
  cookies: noCookies,
  proxies: noProxies,
  caching: noCache,
  sensitive: noFields,
  json: plainJson,
  data: noData,
  throwsOnStatus: false,
  retriesMisdirected: undefined,
  onRetry: undefined,
  onDownloadProgress: undefined,
  signal: undefined,
  interceptors: Object.freeze([]),
  networkInterceptors: Object.freeze([]),
});

/** @throws {InvalidOption} naming the option. */
export function resolveSettings(own: OwnClientOptions, parent: ClientSettings = newSettings()): ClientSettings {
  const base = resolveBase(own.baseUrl, parent.base);
  // Headers and parameters that were given for one origin are not handed to another by way of extend().
  const moved = parent.base !== undefined && base?.origin !== parent.base.origin;
  const inheritedHeaders = moved ? parent.awayHeaders : parent.homeHeaders;
  const home = offerCodings(own.headers === null ? defaultFields : inheritedHeaders, own.decompress);
  const away = offerCodings(own.headers === null ? defaultFields : parent.awayHeaders, own.decompress);
  const changes = own.headers === undefined || own.headers === null ? undefined : readHeaderChanges(own.headers);
  const credentials = credentialsOfBase(own, base, changes, moved ? undefined : parent.base);
  // Who says `auth`, or names a user in a URL, means it, whatever was inherited as a field.
  const kept = statesAuth(own) || (own.baseUrl !== undefined && base?.authorization !== undefined) ? withoutAuthorization(home) : home;
  const inheritedParams = moved || own.params === null ? [] : parent.params;
  return Object.freeze({
    base: base === undefined ? undefined : Object.freeze({ ...base, authorization: credentials }),
    homeHeaders: frozenPairs(changes === undefined ? kept : applyHeaderChanges(kept, changes)),
    awayHeaders: frozenPairs(changes === undefined ? away : applyHeaderChanges(away, portableChanges(changes))),
    params:
      own.params === undefined || own.params === null ? inheritedParams : overlayParams(inheritedParams, toParams(own.params, 'params')),
    timeout: mergeTimeouts(parent.timeout, own.timeout),
    reading: mergeReadOptions(parent.reading, own),
    redirects: mergeRedirectOptions(parent.redirects, own),
    retries: mergeRetryOptions(parent.retries, own),
    auth: clientAuth(moved ? undefined : parent.auth.stated, own.auth, resolveNetrc(own.trustEnv, parent.auth.fallback), base?.parts),
    cookies: clientCookies(moved ? withoutGiven(parent.cookies) : parent.cookies, own.cookies, base?.parts),
    proxies: clientProxies(parent.proxies, own.proxy, own.trustEnv),
    caching: clientCache(parent.caching, own.cache),
    sensitive: mergeSensitiveHeaders(parent.sensitive, own),
    json: mergeJsonHooks(parent.json, own),
    data: mergeCallData(parent.data, own),
    throwsOnStatus: mergeStatusOptions(parent.throwsOnStatus, own),
    retriesMisdirected: mergeMisdirectedOptions(parent.retriesMisdirected, own),
    onRetry: mergeRetryHook(parent.onRetry, own),
    onDownloadProgress: undefined,
    signal: resolveSignal(own.signal, parent.signal),
    interceptors: resolveInterceptors('interceptors', own.interceptors, parent.interceptors),
    networkInterceptors: resolveInterceptors('networkInterceptors', own.networkInterceptors, parent.networkInterceptors),
  });
}

/** Each client that extends no other has a jar of its own. */
function newSettings(): ClientSettings {
  return { ...defaultSettings, cookies: { ...noCookies, jar: new CookieJar() } };
}

function statesAuth({ auth }: OwnClientOptions): boolean {
  return auth !== undefined && auth !== null;
}

function withoutAuthorization(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return pairs.filter(([name]) => name.toLowerCase() !== 'authorization');
}

/** What the `baseUrl` says of the user, unless something else that the caller says, or has said since, takes its place. */
function credentialsOfBase(
  own: OwnClientOptions,
  base: Target | undefined,
  changes: HeaderChanges | undefined,
  inherited: Target | undefined,
): string | undefined {
  if (own.auth !== undefined || changes?.replaced.has('authorization') === true) return undefined;
  if (own.baseUrl !== undefined && base?.authorization !== undefined) return base.authorization;
  return own.headers === null ? undefined : inherited?.authorization;
}

function withoutGiven({ jar }: CookieSettings): CookieSettings {
  return { ...noCookies, jar };
}

function resolveNetrc(trustEnv: TrustEnvInput | null | undefined, inherited: Auth | undefined): Auth | undefined {
  if (trustEnv === undefined) return inherited;
  return readTrustEnv(trustEnv) === undefined ? undefined : (inherited ?? new NetrcAuth());
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

function frozenPairs(pairs: readonly HeaderPair[]): readonly HeaderPair[] {
  return Object.isFrozen(pairs) ? pairs : Object.freeze(pairs.map((pair) => Object.freeze(pair)));
}

function resolveSignal(own: AbortSignal | null | undefined, inherited: AbortSignal | undefined): AbortSignal | undefined {
  if (own === undefined) return inherited;
  if (own === null) return undefined;
  return checkSignal(own);
}

/** @throws {InvalidOption} it is no AbortSignal. */
export function checkSignal(signal: AbortSignal): AbortSignal {
  // By its shape: a test environment may have an AbortSignal of its own.
  const { aborted, addEventListener }: Partial<AbortSignal> = signal ?? {};
  if (typeof aborted !== 'boolean' || typeof addEventListener !== 'function')
    throw new InvalidOption('signal', 'must be an AbortSignal, or null');
  return signal;
}

function resolveInterceptors(
  option: string,
  own: readonly Interceptor[] | null | undefined,
  inherited: readonly Interceptor[],
): readonly Interceptor[] {
  if (own === undefined) return inherited;
  if (own === null) return [];
  if (!Array.isArray(own) || own.some((interceptor: unknown) => typeof interceptor !== 'function')) {
    throw new InvalidOption(option, 'must be an array of functions');
  }
  return [...inherited, ...own];
}
