/** One route of a mock, and the calls that it answers. */
import type { ApplicationBody, ApplicationRequest, TrailerSource } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import type { HeadersInput } from '../request/fields/header-input.ts';
import { Headers } from '../request/fields/headers.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { urlMatcher, type UrlMatcher, type UrlPattern } from './url-pattern.ts';

/** A request that came to a mock. */
export interface MockCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  /** What the names of the route's pattern stood for. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly body: Uint8Array;
  /** The route that answered; `undefined` when none was for it. */
  readonly route: MockRoute | undefined;
  /** Aborts when the caller gives up before the answer is complete. */
  readonly signal: AbortSignal;
  /** The body as UTF-8. */
  text(): string;
  /** The body parsed as JSON; the type is the test's word. */
  json<T = unknown>(): T;
}

/** What a mock answers. */
export interface MockResponse {
  /** Default 200. */
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly headers?: HeadersInput | undefined;
  /** Sets `Content-Type: application/json`, unless `headers` do. */
  readonly json?: unknown;
  readonly body?: ApplicationBody | undefined;
  readonly trailers?: TrailerSource | undefined;
}

/** A status, a response, an error to fail with, or a function that gives one of them. */
export type MockAnswer = number | MockResponse | Error | ((call: MockCall) => MockAnswer | Promise<MockAnswer>);

/** Which requests a route answers, and how often. */
export interface MockRouteOptions {
  /** How often it answers; then it is as if it were not there. Default always. */
  readonly times?: number | undefined;
  /** Answers only what these are true of. */
  readonly where?: ((call: MockCall) => boolean) | undefined;
}

/** One route of a mock. */
export interface MockRoute {
  /** `GET /items/:id`. */
  readonly name: string;
  readonly calls: readonly MockCall[];
  /** Has it answered as often as it can, or at all, when it always answers? */
  readonly isUsed: boolean;
}

const routeNames: OptionNames<MockRouteOptions> = Object.freeze({ times: undefined, where: undefined });
export class Route implements MockRoute {
  readonly name: string;
  readonly calls: MockCall[] = [];
  readonly #method: string | undefined;
  readonly #match: UrlMatcher;
  readonly #answers: readonly MockAnswer[];
  readonly #times: number;
  readonly #where: ((call: MockCall) => boolean) | undefined;

  constructor(method: string | undefined, pattern: UrlPattern, answers: readonly MockAnswer[], options: MockRouteOptions) {
    const { times = Infinity, where } = ownOptions(options, routeNames);
    if (times !== Infinity && !(Number.isInteger(times) && times > 0)) throw new InvalidOption('times', 'must be a whole number above 0');
    if (answers.length === 0) throw new InvalidOption('answer', 'must be one at least');
    this.name = `${method ?? '*'} ${typeof pattern === 'function' ? (pattern.name === '' ? '(function)' : pattern.name) : String(pattern)}`;
    this.#method = method;
    this.#match = urlMatcher(pattern);
    this.#answers = answers;
    this.#times = times;
    this.#where = where;
  }

  get isUsed(): boolean {
    return this.#times === Infinity ? this.calls.length > 0 : this.isUsedUp;
  }

  get isUsedUp(): boolean {
    return this.calls.length >= this.#times;
  }

  /** The call as this route's, if it is for it. */
  claim(call: Call): Call | undefined {
    if (this.isUsedUp || (this.#method !== undefined && this.#method !== call.method)) return undefined;
    const params = this.#match(new URL(call.url));
    if (params === undefined) return undefined;
    const claimed = call.of(this, params);
    return this.#where === undefined || this.#where(claimed) ? claimed : undefined;
  }

  /** Answers in their order; the last one again and again. */
  async answer(call: MockCall): Promise<Exclude<MockAnswer, (...args: never[]) => unknown>> {
    this.calls.push(call);
    let answer = this.#answers[Math.min(this.calls.length, this.#answers.length) - 1]!;
    while (typeof answer === 'function') answer = await answer(call);
    return answer;
  }
}

export class Call implements MockCall {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  readonly signal: AbortSignal;
  readonly params: Readonly<Record<string, string>>;
  readonly route: Route | undefined;

  constructor(
    facts: Pick<MockCall, 'method' | 'url' | 'headers' | 'body' | 'signal'>,
    route?: Route,
    params: Readonly<Record<string, string>> = {},
  ) {
    this.method = facts.method;
    this.url = facts.url;
    this.headers = facts.headers;
    this.body = facts.body;
    this.signal = facts.signal;
    this.route = route;
    this.params = params;
  }

  static async read({ method, url: [scheme, host, port, target], headers, body, signal }: ApplicationRequest): Promise<Call> {
    const authority = `${host.includes(':') ? `[${host}]` : host}${port === null ? '' : `:${port}`}`;
    const url = new URL(target.startsWith('/') ? target : '/', `${scheme}://${authority}`).href;
    return new Call({ method, url, headers: Headers.view(headers), body: await body.bytes(), signal });
  }

  get query(): URLSearchParams {
    return new URL(this.url).searchParams;
  }

  of(route: Route, params: Readonly<Record<string, string>>): Call {
    return new Call(this, route, params);
  }

  text(): string {
    return Buffer.from(this.body).toString('utf8');
  }

  json<T = unknown>(): T {
    return JSON.parse(this.text()) as T;
  }
}
