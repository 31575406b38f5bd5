/** From what a dispatcher is given, and gives, to the records of the format: masked. */
import type { HeaderPair } from '@x/httpcore';

import { findHeader } from '../request/fields/header-input.ts';
import { version } from '../request/fields/version.ts';
import type { Timings } from '../response/timings.ts';
import type { Har, HarContent, HarCookie, HarEntry, HarPair, HarPostData, HarRequest, HarResponse, HarTimings } from './har.ts';
import type { Mask } from './mask.ts';
import { isFormType } from './media-type.ts';

export function harOf(entries: readonly HarEntry[]): Har {
  return { log: { version: '1.2', creator: { name: '@x/client', version }, entries } };
}

/** `HTTP/1.1`; over HTTP/2 `HTTP/2`, as Firefox has it. */
export function harVersion(httpVersion: string | undefined): string {
  return httpVersion === undefined ? '' : `HTTP/${httpVersion}`;
}

export interface RequestParts {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly HeaderPair[];
  readonly httpVersion: string | undefined;
  readonly postData: HarPostData | undefined;
  readonly bodySize: number;
  readonly trailers?: readonly HeaderPair[] | undefined;
}

export function harRequest(parts: RequestParts, mask: Mask): HarRequest {
  const { method, httpVersion, postData, bodySize, trailers } = parts;
  const url = mask.url(parts.url);
  return {
    method,
    url,
    httpVersion: harVersion(httpVersion),
    cookies: requestCookies(parts.headers, mask),
    headers: harPairs(parts.headers, mask),
    queryString: queryPairs(url),
    ...(postData === undefined ? {} : { postData }),
    headersSize: -1,
    bodySize,
    ...(trailers === undefined || trailers.length === 0 ? {} : { _trailers: harPairs(trailers, mask) }),
  };
}

export interface ResponseParts {
  readonly status: number;
  readonly reason: string;
  readonly httpVersion: string | undefined;
  readonly headers: readonly HeaderPair[];
  readonly content: HarContent;
  readonly bodySize: number;
  readonly trailers?: readonly HeaderPair[] | undefined;
}

export function harResponse(parts: ResponseParts, mask: Mask): HarResponse {
  const { status, reason, httpVersion, headers, content, bodySize, trailers } = parts;
  return {
    status,
    statusText: reason,
    httpVersion: harVersion(httpVersion),
    cookies: responseCookies(headers, mask),
    headers: harPairs(headers, mask),
    content,
    redirectURL: mask.url(findHeader(headers, 'location') ?? ''),
    headersSize: -1,
    bodySize,
    ...(trailers === undefined || trailers.length === 0 ? {} : { _trailers: harPairs(trailers, mask) }),
  };
}

/** Of an exchange that had none. */
export function noResponse(error: string | undefined): HarResponse {
  return {
    status: 0,
    statusText: '',
    httpVersion: '',
    cookies: [],
    headers: [],
    content: { size: 0, mimeType: 'x-unknown' },
    redirectURL: '',
    headersSize: -1,
    bodySize: -1,
    ...(error === undefined ? {} : { _error: error }),
  };
}

/** Masked, and as text where it is text in UTF-8. */
export function harPostData(bytes: Uint8Array, mediaType: string, mask: Mask): HarPostData {
  const { text, encoding } = textOf(mask.body(bytes, mediaType).bytes);
  return {
    mimeType: mediaType,
    ...(isFormType(mediaType) && encoding === undefined ? { params: formPairs(text) } : {}),
    text,
    ...(encoding === undefined ? {} : { _encoding: encoding }),
  };
}

export function textOf(bytes: Uint8Array): { readonly text: string; readonly encoding: 'base64' | undefined } {
  try {
    // NUL is text in UTF-8, and in nothing that is one.
    if (!bytes.includes(0)) return { text: strictUtf8.decode(bytes), encoding: undefined };
  } catch {
    // As below.
  }
  return { text: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'), encoding: 'base64' };
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function bytesOf(text: string, encoding: 'base64' | undefined): Uint8Array {
  return Buffer.from(text, encoding ?? 'utf8');
}

export function harTimings({ queued, dns, connect, proxy, tls, sent, firstByte, download }: Timings): HarTimings {
  const dialled = connect === undefined && proxy === undefined && tls === undefined;
  return {
    blocked: rounded(queued) ?? -1,
    dns: rounded(dns) ?? -1,
    connect: dialled ? -1 : rounded((connect ?? 0) + (proxy ?? 0) + (tls ?? 0)),
    send: rounded(sent) ?? 0,
    wait: rounded(firstByte) ?? 0,
    receive: rounded(download) ?? 0,
    ssl: rounded(tls) ?? -1,
  };
}

/** As the format says: the sum of what happened; TLS is in `connect`. */
export function totalTime({ blocked, dns, connect, send, wait, receive }: HarTimings): number {
  return rounded([blocked, dns, connect, send, wait, receive].reduce((sum, time) => sum + Math.max(0, time), 0));
}

/** To microseconds: what is more is noise in a file that is kept. */
export function rounded(milliseconds: number): number;
export function rounded(milliseconds: number | undefined): number | undefined;
export function rounded(milliseconds: number | undefined): number | undefined {
  return milliseconds === undefined ? undefined : Math.round(milliseconds * 1_000) / 1_000;
}

export function harPairs(pairs: readonly HeaderPair[], mask: Mask): HarPair[] {
  return pairs.map(([name, value]) => ({ name, value: mask.header(name, value) }));
}

function queryPairs(url: string): HarPair[] {
  const at = url.indexOf('?');
  return at === -1 ? [] : formPairs(url.slice(at + 1));
}

function formPairs(text: string): HarPair[] {
  return Array.from(new URLSearchParams(text), ([name, value]) => ({ name, value }));
}

function requestCookies(headers: readonly HeaderPair[], mask: Mask): HarCookie[] {
  return headers.flatMap(([name, value]) => {
    if (name.toLowerCase() !== 'cookie') return [];
    return mask
      .header(name, value)
      .split(';')
      .flatMap((pair) => cookiePair(pair) ?? []);
  });
}

function responseCookies(headers: readonly HeaderPair[], mask: Mask): HarCookie[] {
  return headers.flatMap(([name, value]) => {
    if (name.toLowerCase() !== 'set-cookie') return [];
    const [pair = '', ...attributes] = mask.header(name, value).split(';');
    const cookie = cookiePair(pair);
    return cookie === undefined ? [] : [{ ...cookie, ...cookieAttributes(attributes) }];
  });
}

function cookiePair(pair: string): HarPair | undefined {
  const at = pair.indexOf('=');
  return at === -1 ? undefined : { name: pair.slice(0, at).trim(), value: pair.slice(at + 1).trim() };
}

function cookieAttributes(attributes: readonly string[]): Omit<HarCookie, 'name' | 'value'> {
  const said = new Map(
    attributes.map((attribute) => {
      const [name = '', ...value] = attribute.split('=');
      return [name.trim().toLowerCase(), value.join('=').trim()];
    }),
  );
  const [path, domain, expires] = ['path', 'domain', 'expires'].map((name) => said.get(name));
  const date = expires === undefined ? NaN : Date.parse(expires);
  return {
    ...(path === undefined ? {} : { path }),
    ...(domain === undefined ? {} : { domain }),
    ...(Number.isNaN(date) ? {} : { expires: new Date(date).toISOString() }),
    httpOnly: said.has('httponly'),
    secure: said.has('secure'),
  };
}
