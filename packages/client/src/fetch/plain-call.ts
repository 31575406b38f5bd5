/** A `fetch` whose arguments are plain enough to be read without making the platform's `Request` of them, which costs more than all else. */
export type Fetch = typeof globalThis.fetch;
type PlatformRequest = globalThis.Request;

/** What a `fetch` asks for. */
export interface FetchCall {
  readonly method: string;
  readonly url: string;
  readonly headers: globalThis.Headers | Readonly<Record<string, string>> | undefined;
  readonly signal: AbortSignal | undefined;
  readonly redirect: PlatformRequest['redirect'];
  readonly credentials: PlatformRequest['credentials'];
  readonly cache: PlatformRequest['cache'];
  /** Of a plain call, which has no other. */
  readonly text: string | undefined;
  /** What the content must be; empty for anything. */
  readonly integrity: string;
}

// As they are: others are for the platform to put right, or to refuse.
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);
const redirects = new Set(['follow', 'manual', 'error']);
const credentials = new Set(['omit', 'same-origin', 'include']);
const names = new Set(['method', 'headers', 'body', 'signal', 'redirect', 'credentials']);

// Of a URL with these the platform has something to say: of a user in it, and of one that is not on a network.
const odd = /[@\s\\]|^(?!https?:\/\/)[a-z][a-z\d+.-]*:/iu;

/**
 * `undefined` for whatever the platform should look at first.
 * @throws {TypeError} a header field is none, in the platform's words.
 */
export function plainCall(input: Parameters<Fetch>[0], init: Parameters<Fetch>[1]): FetchCall | undefined {
  const url = typeof input === 'string' ? input : input instanceof URL ? input.href : undefined;
  if (url === undefined || odd.test(url)) return undefined;
  if (init === undefined) return { ...plainGet, url };
  if (init === null || Object.getPrototypeOf(init) !== Object.prototype || !Object.keys(init).every((name) => names.has(name)))
    return undefined;
  const { method = 'GET', headers, body, signal, redirect = 'follow', credentials: sent = 'same-origin' } = init;
  if (!methods.has(method) || !redirects.has(redirect) || !credentials.has(sent)) return undefined;
  const text = body ?? undefined;
  if (text !== undefined && (typeof text !== 'string' || method === 'GET' || method === 'HEAD')) return undefined;
  if (signal !== undefined && signal !== null && !(signal instanceof AbortSignal)) return undefined;
  return {
    method,
    url,
    headers: headers === undefined || isPlain(headers) ? headers : new globalThis.Headers(headers),
    signal: signal ?? undefined,
    redirect,
    credentials: sent,
    cache: 'default',
    text,
    integrity: '',
  };
}

const plainGet: FetchCall = Object.freeze({
  method: 'GET',
  url: '',
  headers: undefined,
  signal: undefined,
  redirect: 'follow',
  credentials: 'same-origin',
  cache: 'default',
  text: undefined,
  integrity: '',
});

// What is trimmed, or refused, is the platform's to trim and to refuse.
const plainValue = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/u;

/** Go out as they are, in the letter case that the caller gave them. */
function isPlain(headers: NonNullable<Parameters<Fetch>[1]>['headers']): headers is Record<string, string> {
  if (Object.getPrototypeOf(headers) !== Object.prototype || Object.getOwnPropertySymbols(headers).length > 0) return false;
  const entries = Object.entries(headers as Record<string, unknown>);
  if (!entries.every(([, value]) => typeof value === 'string' && plainValue.test(value))) return false;
  return new Set(entries.map(([name]) => name.toLowerCase())).size === entries.length;
}
