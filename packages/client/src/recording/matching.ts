/** Is a recording the answer to a request? Requests are compared as they are written down: masked, and without what is new each time. */
import { createHash } from 'node:crypto';

import type { HeaderPair, UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { bytesOf, harPairs, textOf } from '../har/har-message.ts';
import type { HarPair, HarRequest } from '../har/har.ts';
import type { Mask } from '../har/mask.ts';
import { isFormType, isJson, multipartBoundary } from '../har/media-type.ts';
import { boolean } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { findHeader } from '../request/fields/header-input.ts';

/** What of a request has to be the same. Header fields do not, unless they are named. */
export interface MatchOptions {
  /** Scheme, host and port. `false` for servers that are somewhere else each time. Default `true`. */
  readonly origin?: boolean | undefined;
  /** `{ except: ['ts'] }`: but for these parameters. Default `true`. */
  readonly query?: boolean | { readonly except: readonly string[] } | undefined;
  /** Names of the fields that count. Default none. */
  readonly headers?: readonly string[] | undefined;
  /**
   * `{ except: ['nonce'] }`: but for these members of JSON, at any depth, and fields of forms. With `false` a request is answered before its body is
   * read. Default `true`.
   */
  readonly body?: boolean | { readonly except: readonly string[] } | undefined;
}

export interface Matching {
  readonly origin: boolean;
  readonly query: boolean;
  readonly headers: readonly string[];
  readonly body: boolean;
  readonly exceptQuery: ReadonlySet<string>;
  readonly exceptBody: ReadonlySet<string>;
}

const matchNames: OptionNames<MatchOptions> = Object.freeze({ origin: undefined, query: undefined, headers: undefined, body: undefined });

/** @throws {InvalidOption} naming the option. */
export function readMatching(options: MatchOptions = {}): Matching {
  const { origin = true, query = true, headers = [], body = true } = ownOptions(options, matchNames, 'match');
  return {
    origin: boolean('match.origin', origin),
    query: typeof query === 'object' ? true : boolean('match.query', query),
    headers: names('match.headers', headers).map((name) => name.toLowerCase()),
    body: typeof body === 'object' ? true : boolean('match.body', body),
    exceptQuery: except('match.query', query),
    exceptBody: except('match.body', body),
  };
}

function except(option: string, value: boolean | { readonly except: readonly string[] }): ReadonlySet<string> {
  return new Set(typeof value === 'object' ? names(`${option}.except`, value?.except) : []);
}

function names(option: string, value: readonly string[]): readonly string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  throw new InvalidOption(option, 'must be a list of names');
}

/** A request as it is compared. */
export interface ComparedRequest {
  readonly method: string;
  readonly origin: string;
  readonly path: string;
  readonly query: readonly (readonly [name: string, value: string])[];
  readonly headers: ReadonlyMap<string, string>;
  readonly body: ComparedBody;
  /** As it is shown. */
  readonly url: string;
}

export interface ComparedBody {
  /** In a form in which equal bodies are the same text. */
  readonly text: string;
  /** As it was sent. */
  readonly raw: string;
  /** Of a document in JSON. */
  readonly json: unknown;
  /** What follows is not known. */
  readonly isBeginning: boolean;
}

/** What is sent. `sha256`: of a body that is too large to be kept. */
export interface SentBody {
  readonly bytes: Uint8Array;
  readonly sha256: string | undefined;
  readonly incomplete: boolean;
}

export function askedRequest(
  method: string,
  url: UrlParts,
  headers: readonly HeaderPair[],
  body: SentBody,
  matching: Matching,
  mask: Mask,
): ComparedRequest {
  const mediaType = findHeader(headers, 'content-type') ?? '';
  const text = mask.url(hrefOf(url));
  return compared(method, text, harPairs(headers, mask), comparedBody(body, mediaType, matching, mask), matching);
}

export function recordedRequest({ method, url, headers, postData }: HarRequest, matching: Matching, mask: Mask): ComparedRequest {
  const body: SentBody = {
    bytes: bytesOf(postData?.text ?? '', postData?._encoding),
    sha256: postData?._sha256,
    incomplete: postData?._incomplete === true,
  };
  // What was written by others is not masked yet.
  return compared(
    method,
    mask.url(url),
    harPairs(
      headers.map(({ name, value }) => [name, value]),
      mask,
    ),
    comparedBody(body, postData?.mimeType ?? '', matching, mask),
    matching,
  );
}

function compared(
  method: string,
  url: string,
  headers: readonly HarPair[],
  body: ComparedBody,
  { origin, query, headers: wanted, exceptQuery }: Matching,
): ComparedRequest {
  const [, place = '', path = '', search = ''] = /^([a-z]+:\/\/[^/?#]*)?([^?#]*)\??([^#]*)/is.exec(url) ?? [];
  const pairs = query ? [...new URLSearchParams(search)].filter(([name]) => !exceptQuery.has(name)) : [];
  const fields = wanted.flatMap((name) => {
    const values = headers.filter((header) => header.name.toLowerCase() === name).map(({ value }) => value);
    return values.length === 0 ? [] : [[name, values.join(', ')] as const];
  });
  return {
    method,
    origin: origin ? place.toLowerCase() : '',
    path: path === '' ? '/' : path,
    query: pairs,
    headers: new Map(fields),
    body,
    url,
  };
}

function comparedBody({ bytes, sha256, incomplete }: SentBody, mediaType: string, matching: Matching, mask: Mask): ComparedBody {
  if (!matching.body) return ofText('');
  if (sha256 !== undefined) return ofText(`sha256:${sha256}`);
  const raw = textOf(withFixedBoundary(mask.body(bytes, mediaType).bytes, mediaType)).text;
  if (incomplete) return { ...ofText(raw), isBeginning: true };
  if (isJson(mediaType)) {
    const json = parsed(raw, matching.exceptBody);
    return json === undefined ? ofText(raw) : { text: JSON.stringify(json), raw, json, isBeginning: false };
  }
  if (isFormType(mediaType) && matching.exceptBody.size > 0) {
    const kept = [...new URLSearchParams(raw)].filter(([name]) => !matching.exceptBody.has(name));
    return { ...ofText(raw), text: new URLSearchParams(kept).toString() };
  }
  return ofText(raw);
}

function ofText(text: string): ComparedBody {
  return { text, raw: text, json: undefined, isBeginning: false };
}

/** The boundary of a multipart body is a new one each time. */
function withFixedBoundary(bytes: Uint8Array, mediaType: string): Uint8Array {
  const boundary = multipartBoundary(mediaType);
  if (boundary === undefined || boundary === '') return bytes;
  return Buffer.from(Buffer.from(bytes).toString('latin1').replaceAll(`--${boundary}`, '--boundary'), 'latin1');
}

/** Members in the order of their names, without those that do not count. `undefined`: it is no JSON. */
function parsed(text: string, except: ReadonlySet<string>): unknown {
  try {
    return JSON.parse(text, (_, value: unknown) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
      const members = Object.entries(value).filter(([name]) => !except.has(name));
      return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
    });
  } catch {
    return undefined;
  }
}

export function isSameRequest(recorded: ComparedRequest, asked: ComparedRequest): boolean {
  return (
    recorded.method === asked.method &&
    recorded.origin === asked.origin &&
    recorded.path === asked.path &&
    sameBody(recorded.body, asked.body) &&
    String(recorded.query.map((pair) => JSON.stringify(pair))) === String(asked.query.map((pair) => JSON.stringify(pair))) &&
    recorded.headers.size === asked.headers.size &&
    [...recorded.headers].every(([name, value]) => asked.headers.get(name) === value)
  );
}

export function sameBody(recorded: ComparedBody, asked: ComparedBody): boolean {
  return recorded.isBeginning ? asked.raw.startsWith(recorded.raw) : recorded.text === asked.text;
}

export function hrefOf([scheme, host, port, target]: UrlParts): string {
  const authority = `${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}${port === null ? '' : `:${port}`}`.toLowerCase();
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(target) ? target : `${scheme}://${authority}${target.startsWith('/') ? '' : '/'}${target}`;
}

/** Collects a body up to a length, and its digest beyond. */
export class CollectedBody {
  readonly #most: number;
  #chunks: Uint8Array[] = [];
  #hash: ReturnType<typeof createHash> | undefined;
  length = 0;

  constructor(most: number) {
    this.#most = most;
  }

  /** Copies: whose memory it is may be filled anew. */
  add(chunk: Uint8Array): void {
    this.length += chunk.length;
    if (this.#hash === undefined && this.length > this.#most) {
      this.#hash = createHash('sha256');
      for (const kept of this.#chunks) this.#hash.update(kept);
      this.#chunks = [];
    }
    if (this.#hash === undefined) this.#chunks.push(Uint8Array.from(chunk));
    else this.#hash.update(chunk);
  }

  /** From here on nothing is added. */
  take(): { readonly bytes: Uint8Array; readonly sha256: string | undefined } {
    return { bytes: Buffer.concat(this.#chunks), sha256: this.#hash?.copy().digest('hex') };
  }
}
