/**
 * `fetch` of the web platform on this client: its `Request`, `Response` and `Headers` are the platform's own, so that whatever takes
 * a `fetch` takes this one. What goes out is a request of the client, with its connections, cookies, credentials and retries.
 *
 * Where it follows Node rather than the letter: there is no CORS, `redirect: 'manual'` gives the redirect itself
 * instead of an opaque response, and no header name is forbidden. Redirects are the client's: never from https to http.
 */
import type { MessageOptions } from '../request/request-options.ts';
import type { Retries } from '../retries/retries.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { parseUrl } from '../request/url/url.ts';
import { fetchBody } from './fetch-body.ts';
import { platformResponse } from './platform-response.ts';

export type Fetch = typeof globalThis.fetch;
type PlatformRequest = globalThis.Request;
type PlatformRequestInit = NonNullable<Parameters<Fetch>[1]>;

/** What a `fetch` says of a call. */
export interface FetchCallOptions {
  readonly followRedirects?: boolean;
  readonly maxRedirects?: number;
  readonly auth?: null;
  readonly cookies?: null;
  readonly retries?: Retries | null;
  readonly cache?: PlatformRequest['cache'];
  readonly signal?: AbortSignal | undefined;
}

/** What of a client it needs. */
export interface FetchClient {
  readonly baseUrl: string | undefined;
  /** Those of the client, but for the last response: a `fetch` hands out whatever status there is. */
  readonly retries: Retries | null;
  buildRequest(method: string, url: string, options?: MessageOptions): Request;
  stream(request: Request, options: FetchCallOptions): Promise<StreamResponse>;
}

// Fetch Standard §4.4, HTTP-redirect fetch, step 8.
const mostRedirects = 20;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
// Nothing of these is on a network, and the platform knows how to read them.
const localUrl = /^(?:data|blob):/i;

export function createFetch(client: FetchClient): Fetch {
  return async function fetch(input, init) {
    if (localUrl.test(urlOf(input))) return globalThis.fetch(input, init);
    // It finds every mistake that the standard finds, and says so in the platform's words.
    const asked = new globalThis.Request(absolute(input, client), init);
    refuseWhatIsIgnored(asked, init);
    const hasSignal = input instanceof globalThis.Request || (init?.signal !== undefined && init.signal !== null);
    const signal = hasSignal ? asked.signal : undefined;
    signal?.throwIfAborted();
    try {
      const body = await fetchBody(asked, init?.body);
      const options = { headers: asked.headers, ...(body === undefined ? {} : { body }) };
      const request = client.buildRequest(asked.method, asked.url, options);
      const response = await client.stream(request, { ...callOptions(asked, client), signal });
      if (asked.redirect === 'error' && redirectStatuses.has(response.status)) {
        await response.close();
        throw new TypeError(`It was redirected (${response.status}), and "redirect" is "error"`);
      }
      // Fetch Standard §4.6, HTTP-network-or-cache fetch, step 10.1.
      if (asked.cache === 'only-if-cached' && response.status === 504 && response.cache?.stored === false) {
        await response.close();
        throw new TypeError('Nothing of it is in the cache, and "cache" is "only-if-cached"');
      }
      return platformResponse(response, asked);
    } catch (cause) {
      // `asked` is used here, so it stays: its signal follows the caller's for no longer than it lives itself.
      if (hasSignal && asked.signal.aborted) throw asked.signal.reason as unknown;
      throw new TypeError('fetch failed', { cause });
    }
  };
}

function urlOf(input: Parameters<Fetch>[0]): string {
  return input instanceof globalThis.Request ? input.url : String(input);
}

/** A relative URL is the client's: appended to its `baseUrl`, as for `client.get()`. */
function absolute(input: Parameters<Fetch>[0], { baseUrl, buildRequest }: FetchClient): Parameters<Fetch>[0] {
  if (typeof input !== 'string' || baseUrl === undefined || parseUrl(input) !== undefined) return input;
  return buildRequest('GET', input, { params: null }).url;
}

/** Silence about these would be a false sense of safety, or of being routed. */
function refuseWhatIsIgnored(asked: PlatformRequest, init: PlatformRequestInit | undefined): void {
  if (asked.integrity !== '') throw new TypeError('"integrity" is not supported: check the digest of the body yourself');
  if (init !== undefined && 'dispatcher' in init && init.dispatcher !== undefined && init.dispatcher !== null) {
    throw new TypeError('"dispatcher" is an option of undici; give the client one of its own kind, or a proxy');
  }
}

function callOptions(asked: PlatformRequest, { retries }: FetchClient): FetchCallOptions {
  return {
    ...(asked.redirect === 'follow' ? { followRedirects: true, maxRedirects: mostRedirects } : { followRedirects: false }),
    ...(asked.credentials === 'omit' ? { auth: null, cookies: null } : {}),
    retries,
    ...cacheMode(asked),
  };
}

const preconditions = ['if-modified-since', 'if-none-match', 'if-unmodified-since', 'if-match', 'if-range'];

/** Fetch Standard §4.6, HTTP-network-or-cache fetch, step 8.15: who asks by himself wants the answer by himself. */
function cacheMode({ cache, headers }: PlatformRequest): FetchCallOptions {
  if (cache !== 'default') return { cache };
  return preconditions.some((name) => headers.has(name)) ? { cache: 'no-store' } : {};
}
