/**
 * `fetch` of the web platform on this client: its `Request`, `Response` and `Headers` are the platform's own, so that whatever takes
 * a `fetch` takes this one. What goes out is a request of the client, with its connections, cookies, credentials and retries.
 *
 * Where it follows Node rather than the letter: there is no CORS, `redirect: 'manual'` gives the redirect itself
 * instead of an opaque response, and no header name is forbidden. Redirects are the client's: never from https to http.
 */
import type { NetworkOptions } from '@x/httpcore';

import { ClientError } from '../errors.ts';
import type { MessageOptions } from '../request/request-options.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { Retries } from '../retries/retries.ts';
import { parseUrl } from '../request/url/url.ts';
import { fetchBody } from './fetch-body.ts';
import { hasIntegrity } from './integrity.ts';
import { referrerOf } from './referrer.ts';
import { responseMaker, type ResponseMaker } from './fetch-response.ts';
import { networkOf, plainCall, plainFields, type ClientFetch, type Fetch, type FetchCall, type FetchInit } from './plain-call.ts';

type PlatformRequest = globalThis.Request;
type PlatformRequestInit = NonNullable<Parameters<Fetch>[1]>;

/** What a `fetch` says of a call. */
export interface FetchCallOptions {
  readonly followRedirects?: boolean;
  readonly auth?: null;
  readonly cookies?: null;
  readonly cache?: PlatformRequest['cache'];
  readonly signal?: AbortSignal | undefined;
  readonly network?: NetworkOptions | null | undefined;
}

/** What of a client it needs. */
export interface FetchClient {
  readonly baseUrl: string | undefined;
  buildRequest(method: string, url: string, options?: MessageOptions): Request;
  /** Follows redirects as a `fetch` does, and hands out whatever status there is, unless the options say otherwise. */
  stream(request: Request, options: FetchCallOptions | undefined): Promise<StreamResponse>;
}

// Fetch Standard §4.4, HTTP-redirect fetch, step 8.
const mostRedirects = 20;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
// Nothing of these is on a network, and the platform knows how to read them.
const localUrl = /^(?:data|blob):/i;

// Taken before anybody can put a client's in its place, which would then ask itself.
const platformFetch = globalThis.fetch as Fetch | undefined;

/** Of the client that a `fetch` calls. */
export interface FetchSettings {
  readonly followRedirects: boolean;
  readonly maxRedirects: number;
  readonly throwOnStatus: boolean;
  readonly retryMisdirected: boolean;
  readonly retries: Retries | null;
}

/** What the standard says where a client says something else, or nothing. */
export function fetchSettings(client: {
  readonly retries: Retries | null;
  readonly retriesMisdirected: boolean | undefined;
}): FetchSettings {
  return {
    followRedirects: true,
    maxRedirects: mostRedirects,
    throwOnStatus: false,
    // Fetch Standard §4.6, HTTP-network-or-cache fetch: 421.
    retryMisdirected: client.retriesMisdirected ?? true,
    // A status is no failure, whoever would send again because of it.
    retries: client.retries?.with({ lastResponse: 'return' }) ?? null,
  };
}

export function createFetch(client: FetchClient): ClientFetch {
  let toResponse: ResponseMaker | undefined;
  return async function fetch(input: Parameters<Fetch>[0], init?: FetchInit) {
    toResponse ??= responseMaker();
    const plain = plainRequest(input, init, client);
    if (plain === undefined && localUrl.test(urlOf(input))) {
      if (platformFetch !== undefined) return platformFetch(input, init);
      throw new ClientError('A data: or blob: URL is read by the fetch of the platform, which this process does not have', {
        code: 'FETCH_UNAVAILABLE',
      });
    }
    const [call, request] = plain ?? (await requestOf(input, init, client));
    const { signal, redirect } = call;
    signal?.throwIfAborted();
    try {
      const response = await client.stream(request, callOptions(call));
      if (redirect === 'error' && redirectStatuses.has(response.status)) {
        await response.close();
        throw new TypeError(`It was redirected (${response.status}), and "redirect" is "error"`);
      }
      // To the standard it leads where it came from, again and again; the client does not follow it.
      if (redirect === 'follow' && redirectStatuses.has(response.status) && response.headers.get('location') === '') {
        await response.close();
        throw new TypeError(`It was redirected (${response.status}) to an empty Location`);
      }
      // Fetch Standard §4.6, HTTP-network-or-cache fetch, step 10.1.
      if (call.cache === 'only-if-cached' && response.status === 504 && response.cache?.stored === false) {
        await response.close();
        throw new TypeError('Nothing of it is in the cache, and "cache" is "only-if-cached"');
      }
      if (call.integrity !== '' && !hasIntegrity(await response.bytes(), call.integrity)) {
        throw new TypeError('The content is not what "integrity" says');
      }
      return toResponse(response, call);
    } catch (cause) {
      // The call is used here, so it stays: the signal of a Request follows the caller's for no longer than it lives itself.
      if (call.signal?.aborted === true) throw call.signal.reason as unknown;
      throw new TypeError('fetch failed', { cause });
    }
  };
}

/** What would not be understood here is left to the platform, which says what is wrong with it in its own words. */
function plainRequest(input: Parameters<Fetch>[0], init: FetchInit | undefined, client: FetchClient): [FetchCall, Request] | undefined {
  try {
    const call = plainCall(input, init);
    if (call === undefined) return undefined;
    const { method, url, headers, text } = call;
    if (headers === undefined && text === undefined) return [call, client.buildRequest(method, url)];
    return [call, client.buildRequest(method, url, { headers, ...(text === undefined ? {} : { body: text }) })];
  } catch {
    return undefined;
  }
}

/** By way of the platform's `Request`: it finds every mistake that the standard finds. */
async function requestOf(input: Parameters<Fetch>[0], init: FetchInit | undefined, client: FetchClient): Promise<[FetchCall, Request]> {
  const asked = platformRequest(absolute(input, client), init, client);
  refuseWhatIsIgnored(init);
  const hasSignal = input instanceof globalThis.Request || (init?.signal !== undefined && init.signal !== null);
  const { method, url, redirect, credentials, cache, integrity } = asked;
  const headers = withGivenCase(withSaid(asked), init?.headers);
  const call = {
    asked,
    method,
    url,
    headers,
    redirect,
    credentials,
    cache,
    signal: hasSignal ? asked.signal : undefined,
    text: undefined,
    integrity,
    network: networkOf(init),
  };
  call.signal?.throwIfAborted();
  try {
    const body = await fetchBody(asked, init?.body);
    return [call, client.buildRequest(method, url, { headers, ...(body === undefined ? {} : { body }) })];
  } catch (cause) {
    throw new TypeError('fetch failed', { cause });
  }
}

/** @throws {TypeError} in the words of the platform, where these don't repeat a password of the URL. */
function platformRequest(input: Parameters<Fetch>[0], init: PlatformRequestInit | undefined, client: FetchClient): PlatformRequest {
  try {
    return new globalThis.Request(input, init);
  } catch (error) {
    throw withoutUserInformation(error, urlOf(input), client);
  }
}

/** The error itself, unless there is user information that it may repeat: then not even as a cause. */
function withoutUserInformation(error: unknown, url: string, client: FetchClient): unknown {
  if (!url.includes('@')) return error;
  const parsed = parseUrl(url);
  if (parsed === undefined) return new TypeError('fetch failed', { cause: refusalOf(url, client) });
  if (parsed.username === '' && parsed.password === '') return error;
  // Fetch Standard §5.4, step 5.4.
  return new TypeError(`The URL given to fetch has user information; set "authorization", or "auth" of the client (${parsed.origin})`);
}

/** What the client says of a URL that is none: it masks what may be secret. */
function refusalOf(url: string, client: FetchClient): unknown {
  try {
    client.buildRequest('GET', url, { params: null });
    return undefined;
  } catch (error) {
    return error;
  }
}

function urlOf(input: Parameters<Fetch>[0]): string {
  return input instanceof globalThis.Request ? input.url : String(input);
}

/** A relative URL is the client's: appended to its `baseUrl`, as for `client.get()`. */
function absolute(input: Parameters<Fetch>[0], { baseUrl, buildRequest }: FetchClient): Parameters<Fetch>[0] {
  if (typeof input !== 'string' || baseUrl === undefined || parseUrl(input) !== undefined) return input;
  return buildRequest('GET', input, { params: null }).url;
}

/** The fields of a request, with those that its other members stand for, unless the caller gave them. */
function withSaid(asked: PlatformRequest): globalThis.Headers {
  const said: [name: string, value: string | undefined][] = [['referer', referrerOf(asked)]];
  // Fetch Standard §4.6, HTTP-network-or-cache fetch, steps 8.17 and 8.18.
  if (asked.cache === 'no-cache') said.push(['cache-control', 'max-age=0']);
  if (asked.cache === 'no-store' || asked.cache === 'reload') said.push(['pragma', 'no-cache'], ['cache-control', 'no-cache']);
  const missing = said.filter(([name, value]) => value !== undefined && !asked.headers.has(name));
  if (missing.length === 0) return asked.headers;
  const headers = new globalThis.Headers(asked.headers);
  for (const [name, value] of missing) headers.set(name, value!);
  return headers;
}

/** The platform lowers the names; they go out in the letter case that they were given in. */
function withGivenCase(headers: globalThis.Headers, given: PlatformRequestInit['headers']): NonNullable<FetchCall['headers']> {
  const fields = given === undefined || given === null ? undefined : plainFields(given);
  if (fields === undefined) return headers;
  const names = new Map(Object.keys(fields).map((name) => [name.toLowerCase(), name]));
  return Object.fromEntries(Array.from(headers, ([name, value]) => [names.get(name) ?? name, value]));
}

/** Silence about these would be a false sense of safety, or of being routed. */
function refuseWhatIsIgnored(init: PlatformRequestInit | undefined): void {
  if (init !== undefined && 'dispatcher' in init && init.dispatcher !== undefined && init.dispatcher !== null) {
    throw new TypeError('"dispatcher" is an option of undici; give the client one of its own kind, or a proxy');
  }
}

/** `undefined` for what the client itself does: it was made for `fetch`, and follows redirects. */
function callOptions({ redirect, credentials, cache, headers, signal, network }: FetchCall): FetchCallOptions | undefined {
  const mode = cacheMode(cache, headers);
  if (signal === undefined && redirect === 'follow' && credentials !== 'omit' && mode === undefined && network === undefined)
    return undefined;
  return {
    ...(redirect === 'follow' ? {} : { followRedirects: false }),
    ...(credentials === 'omit' ? { auth: null, cookies: null } : {}),
    ...mode,
    ...(network === undefined ? {} : { network }),
    signal,
  };
}

const preconditions = new Set(['if-modified-since', 'if-none-match', 'if-unmodified-since', 'if-match', 'if-range']);

function names(headers: NonNullable<FetchCall['headers']>): string[] {
  return headers instanceof globalThis.Headers ? [...headers.keys()] : Object.keys(headers).map((name) => name.toLowerCase());
}

/** Fetch Standard §4.6, HTTP-network-or-cache fetch, step 8.15: who asks by himself wants the answer by himself. */
function cacheMode(cache: FetchCall['cache'], headers: FetchCall['headers']): FetchCallOptions | undefined {
  if (cache !== 'default') return { cache };
  return headers !== undefined && names(headers).some((name) => preconditions.has(name)) ? { cache: 'no-store' } : undefined;
}
