/** What a single call may say beside its message. `undefined` always means "as the client has it". */
import type { InformationalObserver, TraceObserver } from '@x/httpcore';

import type { CallDataOptions } from '../call/call-data.ts';
import type { JsonHooks } from '../request/json-settings.ts';
import type { MisdirectedOptions } from '../call/misdirected.ts';
import type { StatusOptions } from '../response/status-settings.ts';
import type { RetryHookOptions } from '../retries/retry-hook.ts';
import type { DownloadObserver } from '../response/download-progress.ts';
import type { AuthInput } from '../auth/auth.ts';
import type { CacheMode } from '../caching/cache-settings.ts';
import type { CookiesInput } from '../cookies/cookie-settings.ts';
import type { ProxyOption } from '../proxies/proxy-choice.ts';
import type { RetryOptions } from '../retries/retry-settings.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import type { ReadOptions } from '../decoding/decoding-settings.ts';
import type { RedirectOptions } from '../redirects/redirect-settings.ts';
import {
  messageNames,
  oneBody,
  type CommonMessageOptions,
  type MessageOptions,
  type NoBodyOptions,
  type OwnMessageOptions,
} from '../request/request-options.ts';
import type { NetworkCallOptions } from '../routing/call-network.ts';
import type { OriginFieldOptions } from '../request/fields/origin-fields.ts';
import type { TimeoutInput } from '../time/timeout.ts';
import type { UploadObserver } from '../request/upload-progress.ts';

/** Everything about sending it that is no part of it. */
export interface CallOptions
  extends
    ReadOptions,
    RedirectOptions,
    RetryOptions,
    OriginFieldOptions,
    StatusOptions,
    MisdirectedOptions,
    JsonHooks,
    CallDataOptions,
    NetworkCallOptions,
    RetryHookOptions {
  /** Milliseconds over everything, or limits by phase; laid over the client's. `null` lifts every limit. */
  readonly timeout?: TimeoutInput | undefined;
  /** Aborts this request, beside the client's own signal; `null` leaves the client's out. */
  readonly signal?: AbortSignal | null | undefined;
  /** Sees every step as it happens. */
  readonly trace?: TraceObserver | undefined;
  /** Called for each 1xx response, such as 103 Early Hints. */
  readonly onInformational?: InformationalObserver | undefined;
  /** Told how far the request body has come. */
  readonly onUploadProgress?: UploadObserver | undefined;
  /**
   * Told how much of the response body has been read, after its codings are undone: of whole reads and of streams. Begins anew with each
   * redirect and retry whose body is read. What it throws ends the call. (`saveTo()` has its own `onProgress`.)
   */
  readonly onDownloadProgress?: DownloadObserver | undefined;
  /** Who we are to the server of this request, instead of the client's; `null` leaves the client's out. */
  readonly auth?: AuthInput | null | undefined;
  /** The proxy for this request, instead of the client's, the environment's or a mount's; `null`: none; a list, or a function, as for a client. */
  readonly proxy?: ProxyOption | undefined;
  /**
   * Cookies by name, sent beside those of the jar and never stored (`null` keeps a jar's cookie of that name out); or another
   * jar; or `null` or `false`: none are sent and none are kept.
   */
  readonly cookies?: CookiesInput | undefined;
  /**
   * How this request wants the client's cache, as the modes of `fetch`: `no-store` keeps out of it, `reload` asks the origin and keeps the answer,
   * `no-cache` has what is stored confirmed first, `force-cache` takes it whatever its age, `only-if-cached` does and else answers 504. `null`
   * leaves the cache out.
   */
  readonly cache?: CacheMode | null | undefined;
}

/** Options of `request()`, `stream()`, and the verbs that may have a body. */
export type RequestOptions = MessageOptions & CallOptions;
/** Options of `get()`, `head()` and `options()`. */
export type BodylessRequestOptions = CommonMessageOptions & NoBodyOptions & CallOptions;

const callNames: OptionNames<CallOptions> = Object.freeze({
  timeout: undefined,
  signal: undefined,
  trace: undefined,
  onInformational: undefined,
  onUploadProgress: undefined,
  decompress: undefined,
  maxResponseBytes: undefined,
  maxExpansion: undefined,
  followRedirects: undefined,
  maxRedirects: undefined,
  allowDowngrade: undefined,
  sensitiveHeaders: undefined,
  throwOnStatus: undefined,
  retryMisdirected: undefined,
  parseJson: undefined,
  stringifyJson: undefined,
  context: undefined,
  onRetry: undefined,
  onRedirect: undefined,
  onDownloadProgress: undefined,
  retries: undefined,
  auth: undefined,
  cookies: undefined,
  proxy: undefined,
  cache: undefined,
  network: undefined,
});
const requestNames: OptionNames<OwnMessageOptions & CallOptions> = Object.freeze({ ...messageNames, ...callNames });

/** @throws {InvalidOption} an option is unknown, or two of `json`, `form` and `body` are there. */
export function readRequestOptions(options: RequestOptions): OwnMessageOptions & CallOptions {
  return oneBody(ownOptions<OwnMessageOptions & CallOptions>(options, requestNames));
}

/** The option of a body among these, for a verb that has none; `null` stands for no body, but for `json`. */
export function bodyOptionOf(options: object): string | undefined {
  if (typeof options !== 'object' || options === null) return undefined;
  const given = options as Readonly<Record<string, unknown>>;
  return ['json', 'form', 'files', 'body'].find((name) => {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    return value !== undefined && (value !== null || name === 'json');
  });
}

/** Those of a request's options that are no part of it. */
export function callOptionsOf(options: RequestOptions | CallOptions): CallOptions {
  const given = Object.entries(options).filter(([name]) => Object.hasOwn(callNames, name));
  return Object.fromEntries(given) as CallOptions;
}

/** Does it say anything that the client's own settings do not? What is of the message, and who is told, is no setting. */
export function changesSettings(own: CallOptions): boolean {
  // One by one: it is asked for every call with options, and most give headers or a signal.
  return (
    own.timeout !== undefined ||
    own.decompress !== undefined ||
    own.maxResponseBytes !== undefined ||
    own.maxExpansion !== undefined ||
    own.followRedirects !== undefined ||
    own.maxRedirects !== undefined ||
    own.allowDowngrade !== undefined ||
    own.sensitiveHeaders !== undefined ||
    own.throwOnStatus !== undefined ||
    own.retryMisdirected !== undefined ||
    own.parseJson !== undefined ||
    own.stringifyJson !== undefined ||
    own.context !== undefined ||
    own.onRetry !== undefined ||
    own.onRedirect !== undefined ||
    own.onDownloadProgress !== undefined ||
    own.retries !== undefined ||
    own.auth !== undefined ||
    own.cookies !== undefined ||
    own.proxy !== undefined ||
    own.cache !== undefined ||
    own.network !== undefined
  );
}

/** @throws {InvalidOption} an option is unknown. */
export function readCallOptions(options: CallOptions): CallOptions {
  return ownOptions(options, callNames);
}
