/** A stand-in for servers: routes that answer, a history of what was asked, and nothing that gets through to a network. */
import {
  HttpCoreError,
  type ApplicationAnswer,
  type ApplicationRequest,
  type Dispatcher,
  type DispatchResponse,
  type ErrorInit,
} from '@x/httpcore';

import { methodName } from '../request/assemble.ts';
import { Client } from '../client/client.ts';
import { InvalidOption } from '../errors.ts';
import { readHeaderChanges } from '../request/fields/header-input.ts';
import { shownUrl } from '../redact.ts';
import type { CommonClientOptions } from '../client/client-options.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { throwingDispatcher } from './own-errors.ts';
import { Call, Route, type MockAnswer, type MockCall, type MockResponse, type MockRoute, type MockRouteOptions } from './mock-route.ts';
import type { UrlPattern } from './url-pattern.ts';

const responseNames: OptionNames<MockResponse> = Object.freeze({
  status: undefined,
  reason: undefined,
  headers: undefined,
  json: undefined,
  body: undefined,
  trailers: undefined,
});

/** No route of the mock is for this request. Nothing was sent anywhere. Code `UNMATCHED_REQUEST`. */
export class UnmatchedRequest extends HttpCoreError {
  override readonly name = 'UnmatchedRequest';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'UNMATCHED_REQUEST');
  }
}

/**
 * Routes in the order in which they were made; the first that is for a request answers it. All else is as on a network: limits,
 * signals, streamed bodies. What no route is for fails with `UnmatchedRequest`, which nothing retries.
 */
export class Mock implements Dispatcher {
  #routes: Route[] = [];
  #calls: Call[] = [];
  readonly #dispatcher: Dispatcher = throwingDispatcher((request) => this.#answer(request));

  /** Every request that came, matched or not, oldest first. */
  get calls(): readonly MockCall[] {
    return this.#calls;
  }

  get routes(): readonly MockRoute[] {
    return this.#routes;
  }

  /**
   * A route for requests of this method (any, for `*`; the standard ones in any case). Several answers are given one after the other, and the last one again and again.
   * @throws {InvalidOption} the pattern or an option is impossible.
   */
  on(method: string, pattern: UrlPattern, answer: MockAnswer | readonly MockAnswer[], options: MockRouteOptions = {}): MockRoute {
    const answers = Array.isArray(answer) ? (answer as readonly MockAnswer[]) : [answer as MockAnswer];
    const route = new Route(method === '*' ? undefined : methodName(method), pattern, answers, options);
    this.#routes.push(route);
    return route;
  }

  /**
   * As {@link on} with this method; so are the others.
   * @example
   * api.get('/items/:id', ({ params }) => ({ json: { id: Number(params.id) } }));
   */
  get(pattern: UrlPattern, answer: MockAnswer | readonly MockAnswer[], options?: MockRouteOptions): MockRoute {
    return this.on('GET', pattern, answer, options);
  }
  head(pattern: UrlPattern, answer: MockAnswer | readonly MockAnswer[], options?: MockRouteOptions): MockRoute {
    return this.on('HEAD', pattern, answer, options);
  }
  post(pattern: UrlPattern, answer: MockAnswer | readonly MockAnswer[], options?: MockRouteOptions): MockRoute {
    return this.on('POST', pattern, answer, options);
  }
  put(pattern: UrlPattern, answer: MockAnswer | readonly MockAnswer[], options?: MockRouteOptions): MockRoute {
    return this.on('PUT', pattern, answer, options);
  }
  patch(pattern: UrlPattern, answer: MockAnswer | readonly MockAnswer[], options?: MockRouteOptions): MockRoute {
    return this.on('PATCH', pattern, answer, options);
  }
  delete(pattern: UrlPattern, answer: MockAnswer | readonly MockAnswer[], options?: MockRouteOptions): MockRoute {
    return this.on('DELETE', pattern, answer, options);
  }

  /** A client that talks to this mock and to nothing else. */
  client(options: CommonClientOptions = {}): Client {
    return new Client({ ...options, dispatcher: this });
  }

  /**
   * @throws {Error} a route has not been used, or not as often as its `times`, or a request had no route; it names them.
   */
  assertDone(): void {
    const unused = this.#routes.filter(({ isUsed }) => !isUsed).map(({ name, calls }) => `${name} (${calls.length} calls)`);
    const unmatched = this.#calls.filter(({ route }) => route === undefined).map(({ method, url }) => `${method} ${shownUrl(url)}`);
    const problems = [
      ...(unused.length === 0 ? [] : [`Routes that were not used: ${unused.join(', ')}`]),
      ...(unmatched.length === 0 ? [] : [`Requests without a route: ${unmatched.join(', ')}`]),
    ];
    if (problems.length > 0) throw new Error(problems.join('. '));
  }

  /** Forgets every route and every call. */
  reset(): void {
    this.#routes = [];
    this.#calls = [];
  }

  dispatch(...request: Parameters<Dispatcher['dispatch']>): Promise<DispatchResponse> {
    return this.#dispatcher.dispatch(...request);
  }

  close(): Promise<void> {
    return this.#dispatcher.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #answer(request: ApplicationRequest): Promise<ApplicationAnswer> {
    const asked = await Call.read(request);
    for (const route of this.#routes) {
      const call = route.claim(asked);
      if (call === undefined) continue;
      this.#calls.push(call);
      return applicationAnswer(await route.answer(call));
    }
    this.#calls.push(asked);
    const routes = this.#routes.map(({ name, isUsedUp }) => (isUsedUp ? `${name} (used up)` : name));
    const known = routes.length === 0 ? 'it has none' : `it has ${routes.join(', ')}`;
    throw new UnmatchedRequest(`The mock has no route for ${asked.method} ${shownUrl(asked.url)}: ${known}`);
  }
}

function applicationAnswer(answer: number | MockResponse | Error): ApplicationAnswer {
  if (answer instanceof Error) return answer;
  if (typeof answer === 'number') return { status: answer };
  const { status = 200, reason, headers, json, body, trailers } = ownOptions(answer, responseNames, 'answer');
  if (json !== undefined && body !== undefined) throw new InvalidOption('answer', 'has both json and body');
  const { pairs, replaced } = readHeaderChanges(headers ?? {});
  const isJson = json !== undefined;
  return {
    status,
    reason,
    headers: isJson && !replaced.has('content-type') ? [...pairs, ['content-type', 'application/json']] : pairs,
    body: isJson ? JSON.stringify(json) : body,
    trailers,
  };
}

/**
 * A stand-in for servers, for a client's `dispatcher`, or for one of its `mounts`.
 *
 * @example
 * const api = mock();
 * api.get('/items/:id', ({ params }) => ({ json: { id: Number(params.id) } }));
 * api.post('/items', [503, { status: 201 }]);
 * await using client = api.client({ baseUrl: 'https://api.example.com' });
 * (await client.get('/items/7')).json(); // { id: 7 }
 * api.calls[0]?.url; // 'https://api.example.com/items/7'
 */
export function mock(): Mock {
  return new Mock();
}
