/** What the layers of the chain go by: as the client has it, unless the call says otherwise. */
import { callAuth, replacesUrlCredentials, type AuthSettings } from '../auth/auth-settings.ts';
import { callCookies, type CookieSettings } from '../cookies/cookie-settings.ts';
import { callProxies, type ProxySettings } from '../proxies/proxy-settings.ts';
import { callCache, type CacheSettings } from '../caching/cache-settings.ts';
import type { CallContext } from '../call/context.ts';
import type { Request } from '../request/request.ts';
import { callNetwork, type CallNetwork } from '../routing/call-network.ts';
import type { Retries } from '../retries/retries.ts';
import { changesSettings, type CallOptions } from './call-options.ts';
import { mergeCallData, type CallData } from '../call/call-data.ts';
import { mergeJsonHooks, type JsonSettings } from '../request/json-settings.ts';
import type { DownloadObserver } from '../response/download-progress.ts';
import { mergeMisdirectedOptions } from '../call/misdirected.ts';
import { mergeStatusOptions } from '../response/status-settings.ts';
import { mergeRetryHook, type RetryHook } from '../retries/retry-hook.ts';
import { mergeRetryOptions } from '../retries/retry-settings.ts';
import { mergeReadOptions, type ReadSettings } from '../decoding/decoding-settings.ts';
import { mergeRedirectOptions, type RedirectSettings } from '../redirects/redirect-settings.ts';
import { mergeSensitiveHeaders } from '../request/fields/origin-fields.ts';
import type { TelemetrySettings } from '../telemetry/telemetry-settings.ts';
import { mergeTimeouts, type TimeoutSettings } from '../time/timeout.ts';

export interface CallSettings {
  readonly timeout: TimeoutSettings;
  readonly reading: ReadSettings;
  readonly redirects: RedirectSettings;
  /** `null`: nothing is sent again. */
  readonly retries: Retries | null;
  readonly auth: AuthSettings;
  readonly cookies: CookieSettings;
  readonly proxies: ProxySettings;
  readonly caching: CacheSettings;
  /** What the call says of its connections. */
  readonly network: CallNetwork | undefined;
  readonly watching: TelemetrySettings;
  /** The names, in lower case, of header fields that a caller called sensitive. */
  readonly sensitive: ReadonlySet<string>;
  readonly json: JsonSettings;
  readonly data: CallData;
  /** Does a status of 400 or more fail the call? */
  readonly throwsOnStatus: boolean;
  /** Is what was answered 421 sent again? `undefined`: nobody has said. */
  readonly retriesMisdirected: boolean | undefined;
  /** Told of what is sent again. */
  readonly onRetry: RetryHook | undefined;
  readonly onDownloadProgress: DownloadObserver | undefined;
}

/** Of a call that a client has begun: it was given them, and `call/` names no feature. The one cast. */
export function settingsOf(context: CallContext): CallSettings {
  return context.settings as CallSettings;
}

/** The request that a caller gave, as it is sent under these settings. */
export function requestUnder(request: Request, { auth, sensitive }: CallSettings): Request {
  const bound = sensitive.size === 0 ? request : request.binding(sensitive);
  return bound.urlCredentials !== undefined && replacesUrlCredentials(auth, bound) ? bound.withoutUrlCredentials() : bound;
}

/**
 * Those of the client themselves where the call says nothing.
 * @throws {InvalidOption} naming the option.
 */
export function resolveCallSettings(own: CallOptions, client: CallSettings): CallSettings {
  if (!changesSettings(own)) return client;
  return {
    timeout: mergeTimeouts(client.timeout, own.timeout),
    reading: mergeReadOptions(client.reading, own),
    redirects: mergeRedirectOptions(client.redirects, own),
    retries: mergeRetryOptions(client.retries, own),
    auth: callAuth(client.auth, own.auth),
    cookies: callCookies(client.cookies, own.cookies),
    proxies: callProxies(client.proxies, own.proxy),
    caching: callCache(client.caching, own.cache),
    network: callNetwork(client.network, own.network),
    watching: client.watching,
    sensitive: mergeSensitiveHeaders(client.sensitive, own),
    json: mergeJsonHooks(client.json, own),
    data: mergeCallData(client.data, own),
    throwsOnStatus: mergeStatusOptions(client.throwsOnStatus, own),
    retriesMisdirected: mergeMisdirectedOptions(client.retriesMisdirected, own),
    onRetry: mergeRetryHook(client.onRetry, own),
    onDownloadProgress: own.onDownloadProgress ?? client.onDownloadProgress,
  };
}
