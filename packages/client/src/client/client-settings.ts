/** A client's options as it works with them: inherited from the client that it extends, checked, and ready for every request. */
import { clientAuth, noAuth } from '../auth/auth-settings.ts';
import type { Auth } from '../auth/auth.ts';
import { NetrcAuth } from '../auth/netrc-auth.ts';
import { clientCache, noCache } from '../caching/cache-settings.ts';
import { CookieJar } from '../cookies/cookie-jar.ts';
import { clientCookies, noCookies } from '../cookies/cookie-settings.ts';
import { InvalidOption } from '../errors.ts';
import { clientProxies, noProxies, readTrustEnv, type TrustEnvInput } from '../proxies/proxy-settings.ts';
import { mergeCallData, noData } from '../call/call-data.ts';
import { mergeMisdirectedOptions } from '../call/misdirected.ts';
import { mergeStatusOptions } from '../response/status-settings.ts';
import { mergeRetryHook } from '../retries/retry-hook.ts';
import type { Interceptor } from '../call/interceptor.ts';
import { hasMoved, noDefaults, resolveRequestDefaults, type RequestDefaults } from '../request/request-defaults.ts';
import { mergeRetryOptions } from '../retries/retry-settings.ts';
import type { CallSettings } from './call-settings.ts';
import type { OwnClientOptions } from './client-options.ts';
import { defaultReadSettings, mergeReadOptions } from '../decoding/decoding-settings.ts';
import { defaultRedirects, mergeRedirectOptions } from '../redirects/redirect-settings.ts';
import { clientTelemetry, noTelemetry } from '../telemetry/telemetry-settings.ts';
import { defaultTimeouts, mergeTimeouts } from '../time/timeout.ts';

export interface ClientSettings extends RequestDefaults, CallSettings {
  readonly signal: AbortSignal | undefined;
  readonly interceptors: readonly Interceptor[];
  readonly networkInterceptors: readonly Interceptor[];
}

const defaultSettings: ClientSettings = Object.freeze({
  ...noDefaults,
  timeout: defaultTimeouts,
  reading: defaultReadSettings,
  redirects: defaultRedirects,
  retries: null,
  auth: noAuth,
  cookies: noCookies,
  proxies: noProxies,
  caching: noCache,
  network: undefined,
  watching: noTelemetry,
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
  const requests = resolveRequestDefaults(own, parent);
  const home = requests.base?.parts;
  const { auth, cookies } = hasMoved(parent.base, requests.base) ? withoutUser(parent) : parent;
  return Object.freeze({
    ...requests,
    timeout: mergeTimeouts(parent.timeout, own.timeout),
    reading: mergeReadOptions(parent.reading, own),
    redirects: mergeRedirectOptions(parent.redirects, own),
    retries: mergeRetryOptions(parent.retries, own),
    auth: clientAuth(auth.stated, own.auth, resolveNetrc(own.trustEnv, auth.fallback), home),
    cookies: clientCookies(cookies, own.cookies, home),
    proxies: clientProxies(parent.proxies, own.proxy, own.trustEnv),
    caching: clientCache(parent.caching, own.cache),
    network: undefined,
    watching: clientTelemetry(parent.watching, own),
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

/** For another origin: without who the user was said to be at the first one. */
function withoutUser({ auth, cookies }: ClientSettings): Pick<ClientSettings, 'auth' | 'cookies'> {
  return { auth: { ...auth, stated: undefined }, cookies: { ...noCookies, jar: cookies.jar } };
}

function resolveNetrc(trustEnv: TrustEnvInput | null | undefined, inherited: Auth | undefined): Auth | undefined {
  if (trustEnv === undefined) return inherited;
  return readTrustEnv(trustEnv) === undefined ? undefined : (inherited ?? new NetrcAuth());
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
