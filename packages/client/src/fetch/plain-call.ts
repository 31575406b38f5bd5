/** A `fetch` whose arguments are plain enough to be read without making the platform's `Request` of them, which costs more than all else. */
import type { NetworkOptions } from '@x/httpcore';

export type Fetch = typeof globalThis.fetch;

/** What may be said of a `fetch` on a client: all that the platform's takes, and one thing more. */
export type FetchInit = NonNullable<Parameters<Fetch>[1]> & {
  /**
   * How the connection of this call is made, as of the option `network` of a call: `tls` and `socketPath` are for the origin that it begins with, and are left out where a
   * redirect leads to another. Default: the client's way. The platform's own `fetch` ignores it.
   */
  readonly network?: NetworkOptions | null | undefined;
};

/** The platform's `fetch`, and one that is told of its connection. */
export type ClientFetch = Fetch & ((input: Parameters<Fetch>[0], init?: FetchInit) => ReturnType<Fetch>);

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
  readonly network: NetworkOptions | null | undefined;
}

// As they are: others are for the platform to put right, or to refuse.
const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);
const redirects = new Set(['follow', 'manual', 'error']);
const credentials = new Set(['omit', 'same-origin', 'include']);
const names = new Set(['method', 'headers', 'body', 'signal', 'redirect', 'credentials', 'network']);

// Of a URL with these the platform has something to say: of a user in it, and of one that is not on a network.
const odd = /[@\s\\]|^(?!https?:\/\/)[a-z][a-z\d+.-]*:/iu;

/**
 * `undefined` for whatever the platform should look at first.
 * @throws {TypeError} a header field is none, in the platform's words.
 */
export function plainCall(input: Parameters<Fetch>[0], init: FetchInit | undefined): FetchCall | undefined {
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
    headers: headers === undefined ? undefined : (plainFields(headers) ?? new globalThis.Headers(headers)),
    signal: signal ?? undefined,
    redirect,
    credentials: sent,
    cache: 'default',
    text,
    integrity: '',
    network: networkOf(init),
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
  network: undefined,
});

/** No member of the standard's: a prototype has no word in it. */
export function networkOf(init: FetchInit | undefined): FetchCall['network'] {
  return init !== undefined && init !== null && Object.hasOwn(init, 'network') ? init.network : undefined;
}

// What is trimmed, or refused, is the platform's to trim and to refuse.
const plainValue = /^(?:[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?)?$/u;

/**
 * Fields in the letter case that the caller gave them, values of one name joined, as the platform sends them; `undefined` for what it should look at.
 */
export function plainFields(headers: NonNullable<Parameters<Fetch>[1]>['headers']): Record<string, string> | undefined {
  const isRecord = Object.getPrototypeOf(headers) === Object.prototype && Object.getOwnPropertySymbols(headers).length === 0;
  if (!isRecord && !Array.isArray(headers)) return undefined;
  const given: unknown[] = Array.isArray(headers) ? headers : Object.entries(headers as object);
  const fields = new Map<string, [name: string, value: string]>();
  for (const pair of given) {
    if (!Array.isArray(pair) || pair.length !== 2) return undefined;
    const [name, value] = pair as unknown[];
    if (typeof name !== 'string' || (typeof value !== 'string' && typeof value !== 'number')) return undefined;
    const text = String(value);
    if (!plainValue.test(text)) return undefined;
    const key = name.toLowerCase();
    const earlier = fields.get(key);
    fields.set(key, earlier === undefined ? [name, text] : [earlier[0], `${earlier[1]}, ${text}`]);
  }
  return Object.fromEntries(fields.values());
}
