/** What undici's options say of a request but for its body. Pure. */
import { stringify, type ParsedUrlQueryInput } from 'node:querystring';
import type { CacheMode, HeaderPair, UrlParts } from '../carrier/carrier.ts';
import { KnownFields, type ReadFields } from './known-fields.ts';
import { undiciError } from './undici-errors.ts';

/** What a dispatcher of undici is asked for, as far as it means anything here. */
export interface UndiciDispatchOptions {
  readonly origin?: string | URL | undefined;
  readonly path: string;
  readonly method: string;
  readonly query?: Readonly<Record<string, unknown>> | null | undefined;
  /** Names and values in turn, pairs, or by name. */
  readonly headers?: unknown;
  readonly body?: unknown;
  readonly upgrade?: boolean | string | null | undefined;
  /** Milliseconds; 0 is no limit. */
  readonly headersTimeout?: number | null | undefined;
  readonly bodyTimeout?: number | null | undefined;
  /** The connection is not used again. */
  readonly reset?: boolean | null | undefined;
  readonly expectContinue?: boolean | null | undefined;
  readonly servername?: string | null | undefined;
  /** How many redirects are followed, for requests of undici ≤ 6. Default 0. */
  readonly maxRedirections?: number | null | undefined;
  /** Is one redirect more an error, and not the response? Default `false`. */
  readonly throwOnMaxRedirect?: boolean | null | undefined;
  /** For the cache of the client or the dispatcher that carries it; undici itself says none. Default `default`. */
  readonly cacheMode?: CacheMode | undefined;
}

export interface RequestHead {
  readonly method: string;
  readonly url: UrlParts;
  readonly headers: readonly HeaderPair[];
  /** As the headers say; `undefined` where they do not. */
  readonly contentLength: number | undefined;
  readonly contentType: string | undefined;
}

function refuse(what: string): Error {
  return undiciError('UND_ERR_INVALID_ARG', what);
}

/** Reads heads, and what comes again once. */
export class HeadReader {
  readonly #fields = new KnownFields();
  #latestOrigin: string | undefined = undefined;
  #parts: readonly [scheme: string, host: string, port: number | null] = noParts;
  #url: UrlParts = noUrl;
  #latest: RequestHead = { method: '', url: noUrl, headers: [], contentLength: undefined, contentType: undefined };

  /** @throws an `InvalidArgumentError` of undici. */
  read(options: UndiciDispatchOptions): RequestHead {
    const { method, upgrade, reset, expectContinue } = options;
    if (typeof method !== 'string') throw refuse('method must be a string');
    const fields = this.#fields.of(options.headers, readFields);
    const url = this.#readUrl(options);
    const { pairs, contentLength, contentType } = fields;
    if (reset === true || expectContinue === true || (typeof upgrade === 'string' && upgrade !== '')) {
      const headers = [...pairs, ...addedFields(options)];
      return { method, url, headers, contentLength, contentType };
    }
    const latest = this.#latest;
    if (latest.method === method && latest.url === url && latest.headers === pairs) return latest;
    return (this.#latest = { method, url, headers: pairs, contentLength, contentType });
  }

  #readUrl({ origin, path, method, query }: UndiciDispatchOptions): UrlParts {
    if (typeof path !== 'string') throw refuse('path must be a string');
    const parts = this.#readOrigin(origin);
    const known = this.#url;
    const isPlain = query === undefined || query === null;
    // What is asked for again and again is checked once.
    if (isPlain && path === known[3] && parts[0] === known[0] && parts[1] === known[1] && parts[2] === known[2]) return known;
    const isPath = path.startsWith('/') || path.startsWith('http://') || path.startsWith('https://');
    if (!isPath && method !== 'CONNECT') throw refuse('path must be an absolute URL or start with a slash');
    // Text that is never parsed must not end the request line.
    if (/[^\u0021-\u00ff]/.test(path)) throw refuse('invalid request path');
    if (!isPlain) return [...parts, withQuery(path, query)];
    const url: UrlParts = [...parts, path];
    if (isPath) this.#url = url;
    return url;
  }

  #readOrigin(origin: unknown): readonly [scheme: string, host: string, port: number | null] {
    if (typeof origin !== 'string' && !(origin instanceof URL))
      throw refuse('origin must be a string or URL: this dispatcher serves all of them');
    const text = typeof origin === 'string' ? origin : origin.origin;
    // One caller asks one origin many times.
    if (this.#latestOrigin === text) return this.#parts;
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw refuse(`origin must be a URL, such as https://example.com`);
    }
    if (url.protocol !== 'http:' && url.protocol !== 'https:')
      throw refuse(`Invalid URL protocol: the URL must start with http: or https:`);
    this.#latestOrigin = text;
    this.#parts = [url.protocol.slice(0, -1), url.hostname, url.port === '' ? null : Number(url.port)];
    return this.#parts;
  }
}

const noParts = ['', '', null] as const;
const noUrl: UrlParts = ['', '', null, ''];

function addedFields({ upgrade, reset, expectContinue }: UndiciDispatchOptions): HeaderPair[] {
  const added: HeaderPair[] = [];
  if (reset === true) added.push(['connection', 'close']);
  if (expectContinue === true) added.push(['expect', '100-continue']);
  if (typeof upgrade === 'string' && upgrade !== '') added.push(['connection', 'upgrade'], ['upgrade', upgrade]);
  return added;
}

/** @throws an `InvalidArgumentError` of undici. */
function readFields(given: unknown): ReadFields {
  const pairs: HeaderPair[] = [];
  let contentLength: number | undefined;
  let contentType: string | undefined;
  for (const [name, value] of readHeaders(given)) {
    const key = name.toLowerCase();
    if (key === 'transfer-encoding' || key === 'keep-alive' || key === 'upgrade') throw refuse(`invalid ${key} header`);
    // A dispatcher of undici keeps its connections whatever is said, but for this.
    if (key === 'connection' && value.toLowerCase() !== 'close') continue;
    if (key === 'content-length') contentLength = readLength(value);
    if (key === 'content-type') contentType = value;
    pairs.push([name, value]);
  }
  return { pairs, contentLength, contentType };
}

function readLength(value: string): number {
  if (!/^\d+$/.test(value)) throw refuse('invalid content-length header');
  return Number(value);
}

function withQuery(path: string, query: Readonly<Record<string, unknown>>): string {
  if (path.includes('?') || path.includes('#')) throw refuse('Query params cannot be passed when url already contains "?" or "#".');
  // As undici writes it: a space as %20, and nothing for what is null or undefined.
  const text = stringify(query as ParsedUrlQueryInput);
  return text === '' ? path : `${path}?${text}`;
}

/** @throws an `InvalidArgumentError` of undici. */
export function readHeaders(headers: unknown): HeaderPair[] {
  if (headers === undefined || headers === null) return [];
  if (typeof headers !== 'object') throw refuse('headers must be an object or an array');
  const pairs: HeaderPair[] = [];
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    const list: readonly unknown[] = headers;
    if (list.length % 2 !== 0) throw refuse('headers array must be even');
    for (let at = 0; at < list.length; at += 2) addField(pairs, list[at], list[at + 1]);
    return pairs;
  }
  if (Symbol.iterator in headers) {
    for (const pair of headers as Iterable<unknown>) {
      if (!Array.isArray(pair) || pair.length !== 2) throw refuse('headers must be in key-value pair format');
      addField(pairs, pair[0], pair[1]);
    }
    return pairs;
  }
  for (const [name, value] of Object.entries(headers)) addField(pairs, name, value);
  return pairs;
}

function addField(pairs: HeaderPair[], name: unknown, value: unknown): void {
  if (value === undefined) return;
  const key = textOf(name, 'a header name');
  if (Array.isArray(value) && !Buffer.isBuffer(value)) {
    for (const one of value) pairs.push([key, textOf(one, key)]);
  } else {
    pairs.push([key, textOf(value, key)]);
  }
}

function textOf(value: unknown, name: string): string {
  if (typeof value === 'string') return value;
  if (value === null) return '';
  if (Buffer.isBuffer(value)) return value.toString('latin1');
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return String(value);
  throw refuse(`invalid ${name} header`);
}
