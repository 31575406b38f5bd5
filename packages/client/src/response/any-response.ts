/** What every response has before any of its body, and the error that its status can become. */
import type { HeaderPair } from '@x/httpcore';

import { BodyConsumed, ClientError } from '../errors.ts';
import type { JsonSettings } from '../request/json-settings.ts';
import { isProblemType, toProblem, type Problem } from './problem.ts';
import { parseServerTiming } from './server-timing.ts';
import type { CacheOutcome } from './cache-outcome.ts';
import { parseJson } from './json.ts';
import { linksByRelation, parseLinks, type Links } from './links.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { Headers } from '../request/fields/headers.ts';
import type { OwnBytes } from './own-bytes.ts';
import { shownUrl } from '../redact.ts';
import type { Request } from '../request/request.ts';
import type { StandardSchema } from './schema.ts';
import { charsetOf, decodeText } from './text.ts';
import type { Timings } from './timings.ts';

/** One request that went to a dispatcher on behalf of a call. */
export interface AttemptRecord {
  readonly request: Request;
  /** `undefined` when no response came. */
  readonly status: number | undefined;
  /** What it failed with; `undefined` when it did not. */
  readonly error: unknown;
  readonly timings: Timings;
  /** What the cache has to say of it; `undefined` without a cache. */
  readonly cache?: CacheOutcome | undefined;
  /** @internal Of the body, as it came; `undefined` while it does, and where nobody counted. */
  readonly encodedBytes?: number | undefined;
  /** @internal The fields that the origin sent for this very request, where a cache stands between; of what is stored, none. */
  readonly received?: readonly HeaderPair[] | undefined;
}

/** What a call has been through. */
export interface CallRecord {
  readonly attempts: readonly AttemptRecord[];
  /** @internal Who reads its JSON. */
  readonly json?: JsonSettings | undefined;
}

/** How a response stands among redirects. */
export interface RedirectTrail {
  readonly history: readonly AnyResponse[];
  readonly nextRequest: Request | undefined;
}

const noHistory: readonly AnyResponse[] = Object.freeze([]);

/** The common part of `Response` and `StreamResponse`. */
export abstract class AnyResponse {
  /** The request that this is the answer to: after a redirect, the last one. */
  readonly request: Request;
  readonly status: number;
  /** The server's words for the status; empty over HTTP/2. */
  readonly reason: string;
  /** `1.0`, `1.1` or `2`. */
  readonly httpVersion: string;
  /** The fields in the order, the letter case and the number in which they came. */
  readonly rawHeaders: readonly HeaderPair[];
  /** @internal */
  readonly attempt: AttemptRecord;
  /** @internal */
  readonly call: CallRecord;
  /** @internal */
  trail: RedirectTrail | undefined = undefined;
  #headers: Headers | undefined = undefined;

  /** @internal */
  protected constructor(
    request: Request,
    status: number,
    reason: string,
    httpVersion: string,
    rawHeaders: readonly HeaderPair[],
    attempt: AttemptRecord,
    call: CallRecord,
  ) {
    this.request = request;
    this.status = status;
    this.reason = reason;
    this.httpVersion = httpVersion;
    this.rawHeaders = rawHeaders;
    this.attempt = attempt;
    this.call = call;
  }

  /** The whole body. */
  abstract bytes(): OwnBytes | Promise<OwnBytes>;
  /** The whole body, of the type that `Content-Type` says. */
  abstract blob(): Blob | Promise<Blob>;
  /** The whole body as text. */
  abstract text(charset?: string): string | Promise<string>;
  /** The whole body, parsed as JSON. */
  abstract json<T = unknown>(): T | Promise<T>;
  abstract json<Output>(schema: StandardSchema<Output>): Promise<Output>;
  /** The documents of a body that has one on each line. */
  abstract jsonLines<T = unknown>(): T[] | AsyncIterableIterator<T>;
  /** The fields after the body (RFC 9110 §6.5); `undefined` until it has ended. */
  abstract get trailers(): Headers | undefined;

  /** Is the status 200 to 299? */
  get ok(): boolean {
    return this.status >= 200 && this.status <= 299;
  }

  /** The URL of {@link request}. */
  get url(): string {
    return this.request.url;
  }

  get headers(): Headers {
    return (this.#headers ??= Headers.view(this.rawHeaders));
  }

  /**
   * Where else one can go from here, by relation (`Link`, RFC 8288). `parseLinks` gives all of them, in their order.
   * @example
   * for (let response = await client.get(url); ; response = await client.get(response.links.next.url)) {
   *   yield* response.json<Item[]>();
   *   if (response.links.next === undefined) break;
   * }
   */
  get links(): Links {
    return linksByRelation(parseLinks(this.headers.get('link') ?? '', this.url));
  }

  /** How long each step took, and what the server says of its own time (`Server-Timing`). */
  get timings(): Timings {
    const { timings } = this.attempt;
    const server = this.headers.get('server-timing');
    return server === undefined || server === null ? timings : { ...timings, server: parseServerTiming(server) };
  }

  /** @internal The whole body, if it is here. */
  get inMemory(): OwnBytes | undefined {
    return undefined;
  }

  /**
   * How the cache has come to this response, and why; `undefined` for a client without one.
   * @example
   * const { state, age, reason } = response.cache ?? {};
   */
  get cache(): CacheOutcome | undefined {
    return this.attempt.cache;
  }

  /** @internal The fields that the origin sent for this very request: of a response from a cache, not those that are stored. */
  get receivedHeaders(): readonly HeaderPair[] {
    return this.attempt.received ?? this.rawHeaders;
  }

  /** Every request that the call has made, oldest first; the last one is this response's. */
  get attempts(): readonly AttemptRecord[] {
    return this.call.attempts;
  }

  /** The responses before this one, oldest first; empty without redirects. Each has its own timings; their bodies are closed. */
  get history(): readonly AnyResponse[] {
    return this.trail?.history ?? noHistory;
  }

  /**
   * What following this redirect would send, when `followRedirects` is off. `undefined` for what is no redirect, and for one
   * that would not be followed: to another scheme than http and https, or from https to http.
   * @example
   * let response = await client.get(url, { followRedirects: false });
   * while (response.nextRequest !== undefined) response = await client.send(response.nextRequest, { followRedirects: false });
   */
  get nextRequest(): Request | undefined {
    return this.trail?.nextRequest;
  }

  /**
   * This response, unless its status is an error.
   * @throws {HTTPStatusError} the status is 400 or more.
   * @example
   * const user = (await client.get('/user')).raiseForStatus().json<User>();
   */
  raiseForStatus(): this {
    if (this.status >= 400) throw new HTTPStatusError(this);
    return this;
  }

  /** For logs: without credentials, cookies and content. */
  toJSON(): Record<string, unknown> {
    return {
      status: this.status,
      reason: this.reason,
      httpVersion: this.httpVersion,
      method: this.request.method,
      url: shownUrl(this.url),
      headers: this.headers.toJSON(),
    };
  }

  /** @internal */
  protected get contentType(): string | undefined {
    return findHeader(this.rawHeaders, 'content-type');
  }
}

/**
 * A response with a status of 400 or more: thrown by `raiseForStatus()`, and where a response is asked for that must be good, such as by `saveTo()`
 * and `sse()`.
 *
 * Where a call fails with it, its body is here, whoever has thrown it: of one that was still to be read, as in an interceptor, the first
 * mebibyte. A `stream()` that has been handed out is read by its owner,
 * at once: `await error.response.text()`; else it is closed.
 *
 * @example
 * try {
 *   await client.get('/missing').raiseForStatus();
 * } catch (error) {
 *   if (error instanceof HTTPStatusError && error.status === 404) console.log(error.json<{ reason: string }>().reason);
 *   else throw error;
 * }
 */
export class HTTPStatusError extends ClientError {
  override readonly name = 'HTTPStatusError';
  readonly status: number;
  /** Not enumerable, so that printing the error does not print the response. */
  declare readonly response: AnyResponse;

  #problem: Problem | null | undefined = undefined;

  /**
   * What the API says of the error in the form of RFC 9457 (`application/problem+json`); `undefined` for anything else, and for a body that is
   * not here, as that of `stream()`.
   * @example
   * if (error instanceof HTTPStatusError) console.log(error.problem?.title, error.problem?.detail, error.problem?.extensions.balance);
   */
  get problem(): Problem | undefined {
    if (this.#problem === undefined) this.#problem = problemOf(this.response) ?? null;
    return this.#problem ?? undefined;
  }

  constructor(response: AnyResponse) {
    const { request, status, reason } = response;
    const shownReason = reason === '' ? '' : ` ${reason.slice(0, 100)}`;
    super(`${request.method} ${shownUrl(request.url)} answered ${status}${shownReason}`, {}, 'HTTP_STATUS');
    this.status = status;
    this.keep(response);
  }

  /**
   * The body of the response, at once.
   * @throws {BodyConsumed} it is not here: the response is a stream that nobody has read.
   */
  bytes(): OwnBytes {
    const content = this.response.inMemory;
    if (content !== undefined) return content;
    throw new BodyConsumed(
      'The body of this response is not here; it is a stream, and is read by awaiting error.response.text() or the like',
    );
  }

  /** As {@link bytes}, decoded as the text of a response is. */
  text(): string {
    return decodeText(this.bytes(), charsetOf(findHeader(this.response.rawHeaders, 'content-type')));
  }

  /**
   * As {@link bytes}, parsed as JSON; the type is the caller's word.
   * @throws {DecodingError} `INVALID_JSON`.
   */
  json<T = unknown>(): T {
    return parseJson(this.bytes(), this.response) as T;
  }

  /** @internal The same response, with its body. */
  keep(response: AnyResponse): void {
    Object.defineProperty(this, 'response', { value: response, enumerable: false, configurable: true });
  }
}

/** A server that says that it is one, and sends no JSON, must not hide its status. */
function problemOf(response: AnyResponse): Problem | undefined {
  const content = response.inMemory;
  if (content === undefined || !isProblemType(findHeader(response.rawHeaders, 'content-type'))) return undefined;
  try {
    return toProblem(parseJson(content, response));
  } catch {
    return undefined;
  }
}
