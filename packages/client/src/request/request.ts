import type { HeaderPair, TrailerSource, UrlParts } from '@x/httpcore';

import type { RequestBody } from './body/request-body.ts';
import { toParams, serializeQuery } from './url/params.ts';
import {
  readMessageOptions,
  readRequestChanges,
  type MessageOptions,
  type OwnMessageOptions,
  type TargetChanges,
} from './request-options.ts';
import { withoutBodyFields, withoutLength } from './fields/content-fields.ts';
import { authorize, fieldsTowards, union, withoutUrlCredentials } from './fields/origin-fields.ts';
import { Headers } from './fields/headers.ts';
import { assembleMessage, MessageParts, methodName, speaksOfBody } from './assemble.ts';
import { shownUrl } from '../redact.ts';
import { appendQuery, parseTarget, type Target } from './url/target.ts';
import { showAsJson } from '../shown-as-json.ts';
import { parseUrl } from './url/url.ts';

/** What `with()` may change. */
export type RequestChanges = MessageOptions & TargetChanges;

/**
 * A request as it will be sent. It never changes: `with()` makes another one.
 *
 * @example
 * const request = client.buildRequest('POST', '/items', { json: { name: 'pen' } });
 * const response = await client.send(request.with({ headers: { 'x-trace': '7' } }));
 */
export class Request {
  static {
    showAsJson(this.prototype, 'Request');
  }

  readonly method: string;
  readonly #parts: MessageParts;
  #headers: Headers | undefined = undefined;

  /**
   * A request of its own, with no client's defaults in it; `client.buildRequest` makes one that has them.
   *
   * @throws {InvalidOption} the method, the URL or an option is not usable.
   * @throws {UnsupportedProtocol} the URL's scheme is neither `http` nor `https`.
   * @throws {LocalProtocolError} a header holds what no header may hold.
   */
  constructor(method: string, url: string | URL, options?: MessageOptions);
  /** @internal What a client has put together already. */
  constructor(method: string, parts: MessageParts);
  constructor(method: string, url: string | URL | MessageParts, options?: MessageOptions) {
    if (url instanceof MessageParts) {
      this.method = method;
      this.#parts = url;
      return;
    }
    this.method = methodName(method);
    const own = readMessageOptions(options ?? {});
    const target = withParams(parseTarget(String(url)), own.params);
    this.#parts = assembleMessage(this.method, target, authorize([], target), own);
  }

  /** Absolute, without user information: that has become an `Authorization` field. */
  get url(): string {
    return this.#parts.target.href;
  }

  /** The URL as a dispatcher gets it. */
  get urlParts(): UrlParts {
    return this.#parts.target.parts;
  }

  get headers(): Headers {
    return (this.#headers ??= Headers.view(this.#parts.pairs));
  }

  /** The fields in the order, the letter case and the number in which they are sent. */
  get rawHeaders(): readonly HeaderPair[] {
    return this.#parts.pairs;
  }

  /** `null` when there is none. */
  get body(): RequestBody | null {
    return this.#parts.body;
  }

  get trailers(): TrailerSource | undefined {
    return this.#parts.trailers;
  }

  /**
   * Another request with these changes. `headers` are laid over the present ones (`null` takes them
   * all away), and `params` appended to the query. A new
   * body brings its own `Content-Type`, `Content-Length` and `Content-Encoding`. A URL of another origin leaves behind what a redirect there
   * would, unless the same call gives it: `Authorization`, `Cookie`, `Referer`, what looks like a secret, and `sensitiveHeaders`.
   *
   * @throws {InvalidOption} a change is not usable.
   */
  with(changes: RequestChanges): Request {
    const own = readRequestChanges(changes);
    const { bound } = this.#parts;
    const method = own.method === undefined ? this.method : methodName(own.method);
    const moved = own.url === undefined ? this.#parts.target : parseTarget(absoluteUrl(own.url, this.url));
    const pairs = own.headers === null ? [] : this.rawHeaders;
    const kept = own.url === undefined ? pairs : fieldsTowards(moved, { from: this.urlParts, pairs, bound });
    const message = { ...own, trailers: own.trailers ?? this.trailers };
    return new Request(method, assembleMessage(method, withParams(moved, own.params), this.#forBody(kept, own), message, this.body, bound));
  }

  /** Without those that a change of the body, or of what it is sent with, says anew. */
  #forBody(pairs: readonly HeaderPair[], own: OwnMessageOptions): readonly HeaderPair[] {
    if (speaksOfBody(own)) return withoutBodyFields(pairs);
    // Without a body the length is the method's: POST says 0, GET says nothing.
    return this.body === null || own.trailers !== undefined ? withoutLength(pairs) : pairs;
  }

  /** @internal The names, in lower case, of fields that do not leave its origin, beside those that never do. */
  get bound(): ReadonlySet<string> {
    return this.#parts.bound;
  }

  /** @internal The same, of which these fields do not leave its origin either. */
  binding(names: ReadonlySet<string>): Request {
    const { target, pairs, body, trailers, bound } = this.#parts;
    const all = union(bound, names);
    return all === bound ? this : new Request(this.method, new MessageParts(target, pairs, body, trailers, all));
  }

  /** @internal What its URL, or the client's `baseUrl`, has said of the user, as the value of a field. */
  get urlCredentials(): string | undefined {
    return this.#parts.target.authorization;
  }

  /** @internal The same without the field that has become of that. */
  withoutUrlCredentials(): Request {
    const { target, pairs, body, trailers, bound } = this.#parts;
    return new Request(this.method, new MessageParts(target, withoutUrlCredentials(pairs, target), body, trailers, bound));
  }

  /** For logs: without credentials, cookies and content. */
  toJSON(): Record<string, unknown> {
    const { body } = this;
    return {
      method: this.method,
      url: shownUrl(this.url),
      headers: this.headers.toJSON(),
      body: body === null ? null : { length: body.length, replayable: body.replayable },
    };
  }
}

/** @throws {InvalidOption} a parameter is not usable. */
export function withParams(target: Target, params: MessageOptions['params']): Target {
  return params === undefined || params === null ? target : appendQuery(target, serializeQuery(toParams(params, 'params')));
}

function absoluteUrl(url: string | URL, base: string): string {
  const text = String(url);
  return parseUrl(text, base)?.href ?? text;
}
