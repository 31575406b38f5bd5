import { Aborted } from '@x/httpcore';
import type { CloseOptions, ConnectedStream, ConnectOptions, PoolStats } from '@x/httpcore';

import { chainLayers } from './layers.ts';
import { pagesOf, readPageOptions, type PageOptions } from './pages.ts';
import type { CookieJar } from '../cookies/cookie-jar.ts';
import { openConnections, type Connections } from './connections.ts';
import { InvalidOption, type ClientClosed } from '../errors.ts';
import { createFetch, fetchSettings } from '../fetch/fetch.ts';
import type { ClientFetch } from '../fetch/plain-call.ts';
import { Extension } from './extension.ts';
import { Lifetime, type ClientState } from '../call/lifetime.ts';
import { Headers } from '../request/fields/headers.ts';
import { shownUrl } from '../redact.ts';
import { Request } from '../request/request.ts';
import type { Response } from '../response/response.ts';
import { toResponsePromise, type ResponsePromise } from '../response/response-promise.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import {
  readCallOptions,
  readRequestOptions,
  callOptionsOf,
  bodyOptionOf,
  type BodylessRequestOptions,
  type CallOptions,
  type RequestOptions,
} from './call-options.ts';
import { settingsOf, type CallSettings } from './call-settings.ts';
import { clientOptionNames, type ClientOptions, type OwnClientOptions } from './client-options.ts';
import { resolveSettings, type ClientSettings } from './client-settings.ts';
import { ownOptions } from '../options/own-options.ts';
import { readMessageOptions, type MessageOptions } from '../request/request-options.ts';
import { routeBy, type FindRoute } from '../routing/routes.ts';
import { connectOn } from './connect.ts';
import { statsOf } from '../routing/stats-of.ts';
import { noProxies } from '../proxies/proxy-settings.ts';
import { RetryBudget } from '../retries/retry-budget.ts';
import { Chain } from '../call/chain.ts';
import { CallBuilder } from './call-builder.ts';
import { sendAsideBy } from './aside.ts';
import { refuseSurplus } from './surplus-argument.ts';
import { Caller } from './caller.ts';
import { Closing } from './closing.ts';
import type { OpenRequest } from './open-request.ts';
import { OpenRequests } from './open-requests.ts';
import { StraightCalls } from './straight-calls.ts';
import { Shutdowns } from './shutdowns.ts';
import { releaseSources } from '../request/body/sources.ts';
import { RequestBuilder } from '../request/request-builder.ts';
import { expectManyListeners } from '../call/signals.ts';
import { dispatchBy } from '../routing/dispatch.ts';
import { systemClock } from '../time/clock.ts';
import { showAsJson } from '../shown-as-json.ts';

/**
 * Sends HTTP requests over connections that it keeps.
 *
 * The verbs read the whole response, so a body that nobody looks at can't hold a connection; `stream()` hands it over as it
 * comes. Make one client and keep it; close it when done, or let `await using` do so. An idle client does not keep the
 * process alive.
 *
 * @example
 * await using client = new Client({ baseUrl: 'https://api.example.com', timeout: 10_000 });
 * const response = await client.post('/items', { json: { name: 'pen' } });
 * const item = response.raiseForStatus().json<{ id: number }>();
 */
export class Client implements AsyncDisposable {
  static {
    showAsJson(this.prototype, 'Client');
  }

  readonly #settings: ClientSettings;
  readonly #connections: Connections;
  readonly #lifetime: Lifetime;
  readonly #builder: RequestBuilder;
  readonly #route: FindRoute;
  readonly #retryBudget: RetryBudget;
  readonly #shutdowns: Shutdowns;
  readonly #caller: Caller;
  readonly #openRequests: OpenRequests;
  readonly #closing: Closing;
  #fetch: ClientFetch | undefined = undefined;

  /** @throws {InvalidOption} an option is unknown, impossible, or in conflict with another. */
  constructor(options?: ClientOptions);
  /** @internal */
  constructor(extension: Extension);
  constructor(options: ClientOptions | Extension = {}) {
    const parent = options instanceof Extension ? options : undefined;
    const own = options instanceof Extension ? options.own : ownOptions<OwnClientOptions>(options, clientOptionNames);
    const settings = resolveSettings(own, parent?.settings);
    this.#connections = openConnections(own, parent?.connections);
    // A dispatcher that the caller brings has its own idea of proxies, or none.
    this.#settings = this.#connections.foreign ? { ...settings, proxies: noProxies } : settings;
    const { pool, mounts, concurrency, background, dispatcher, foreign } = this.#connections;
    const ownsPool = pool !== undefined;
    this.#lifetime = new Lifetime(ownsPool ? undefined : parent?.lifetime);
    this.#shutdowns = new Shutdowns(ownsPool ? [] : (parent?.shutdowns ?? []), ownsPool && mounts.length === 0);
    const abortCalls = (reason: ClientClosed): void => {
      this.#shutdowns.abort(reason);
      if (ownsPool) concurrency?.refuse(new Aborted(reason.message, { cause: reason }));
    };
    this.#closing = new Closing(this.#lifetime, pool, abortCalls, () => background.end());
    this.#retryBudget = parent?.retryBudget ?? new RetryBudget(systemClock.now);
    this.#builder = new RequestBuilder(this.#settings);
    this.#route = routeBy(mounts, dispatcher);
    const dispatch = dispatchBy(this.#route, settingsOf, background, foreign ? undefined : dispatcher);
    const services = { budget: this.#retryBudget, lifetime: this.#lifetime, clock: systemClock, random: Math.random };
    const layers = chainLayers(this.#settings, services, sendAsideBy(dispatch, this.#settings, this.#shutdowns.endings));
    const chain = new Chain<CallSettings>(layers, dispatch, this.#settings);
    const calls = new CallBuilder(this.#settings, this.#builder, this.#shutdowns.endings, foreign, this.#retryBudget);
    this.#caller = new Caller(calls, chain, this.#lifetime);
    const { endings } = this.#shutdowns;
    const straight = StraightCalls.of(
      this.#settings,
      foreign ? undefined : dispatcher,
      this.#route,
      endings,
      this.#lifetime,
      this.#retryBudget,
    );
    this.#openRequests = new OpenRequests(this.#builder, calls, chain, this.#lifetime, straight);
    const { signal } = this.#settings;
    if (signal !== undefined) expectManyListeners(signal);
  }

  /** `open`; `closing` once `close()` was called and while requests still run; then `closed`. */
  get state(): ClientState {
    return this.#lifetime.state;
  }

  /** What relative URLs are appended to, without credentials. */
  get baseUrl(): string | undefined {
    return this.#settings.base?.href;
  }

  /** The cookies of this client, to look at, to save and to change; `undefined` when it keeps none. */
  get cookies(): CookieJar | undefined {
    return this.#settings.cookies.jar;
  }

  /**
   * As {@link request} with this method; so are the other verbs. What they give is a promise of the response that can be asked for the
   * content at once.
   * @example
   * const user = await client.get('https://example.com/user', { params: { id: 2 } }).json<User>();
   */
  get(url: string | URL, options?: BodylessRequestOptions): ResponsePromise {
    return arguments.length > 2 ? refuseSurplus(options) : this.#bodyless('GET', url, options);
  }
  head(url: string | URL, options?: BodylessRequestOptions): ResponsePromise {
    return arguments.length > 2 ? refuseSurplus(options) : this.#bodyless('HEAD', url, options);
  }
  options(url: string | URL, options?: RequestOptions): ResponsePromise {
    return arguments.length > 2 ? refuseSurplus(options) : this.#answer('OPTIONS', url, options);
  }
  post(url: string | URL, options?: RequestOptions): ResponsePromise {
    return arguments.length > 2 ? refuseSurplus(options) : this.#answer('POST', url, options);
  }
  put(url: string | URL, options?: RequestOptions): ResponsePromise {
    return arguments.length > 2 ? refuseSurplus(options) : this.#answer('PUT', url, options);
  }
  patch(url: string | URL, options?: RequestOptions): ResponsePromise {
    return arguments.length > 2 ? refuseSurplus(options) : this.#answer('PATCH', url, options);
  }
  delete(url: string | URL, options?: RequestOptions): ResponsePromise {
    return arguments.length > 2 ? refuseSurplus(options) : this.#answer('DELETE', url, options);
  }
  /**
   * A safe request with content (RFC 10008): a search that does not fit into a URL. It is sent again as GET is.
   * @example
   * const found = await client.query('/contacts', { json: { select: ['name'], limit: 10 } }).json<Contact[]>();
   */
  query(url: string | URL, options?: RequestOptions): ResponsePromise {
    return arguments.length > 2 ? refuseSurplus(options) : this.#answer('QUERY', url, options);
  }

  /**
   * The pages of a list, each read whole, from this one on: to where its `Link` field says `next` (RFC 8288), or to where `pages.next` says. A page
   * is asked for when the loop comes to it. What is bound to an origin (`auth`, the client's headers with a `baseUrl`, fields that look like secrets)
   * does not follow a link to another one.
   *
   * While it is read: what {@link request} throws, `HTTPStatusError` for a page with a status of 400 or more, and `ClientError` (`PAGE_REPEATED`) for
   * a list that leads back to a page that was there.
   *
   * @throws {InvalidOption} the URL or an option is not usable.
   * @example
   * for await (const page of client.paginate('/items', { params: { per_page: 100 } })) for (const item of page.json<Item[]>()) console.log(item);
   * const next = (page: Response) => page.json<{ next?: string }>().next;
   * for await (const page of client.paginate('/search', {}, { next, maxPages: 10 })) console.log(page.status);
   */
  paginate(url: string | URL | Request, options: BodylessRequestOptions = {}, pages: PageOptions = {}): AsyncIterableIterator<Response> {
    const own = url instanceof Request ? readCallOptions(options) : readRequestOptions(options);
    const first = url instanceof Request ? url : this.#builder.build('GET', url, own);
    const send = (request: Request, call: CallOptions): Promise<Response> => this.send(request, call);
    return pagesOf(first, { send, options: callOptionsOf(own) }, readPageOptions(pages));
  }

  /**
   * Sends a request and reads the whole response.
   *
   * @throws {InvalidOption} the URL or an option is not usable; nothing was sent.
   * @throws {ClientClosed} the client is closed, or closing.
   * @throws {HttpCoreError} what went wrong on the network, as the core tells it: `ConnectError`, `ReadTimeout`,
   *   `DeadlineExceeded`, `Aborted` and so on. A status of 400 or more is no error; see `raiseForStatus()`.
   * @example
   * const response = await client.request('REPORT', '/calendar', { body: query, headers: { depth: 1 } });
   */
  request(method: string, url: string | URL, options?: RequestOptions): ResponsePromise {
    return arguments.length > 3 ? refuseSurplus(options) : this.#answer(method, url, options);
  }

  /** Sends a request that was built before, and reads the whole response. Throws what {@link request} throws. */
  send(request: Request, options?: CallOptions): ResponsePromise {
    if (!(request instanceof Request))
      return toResponsePromise(Promise.reject(new InvalidOption('request', 'must be a Request, made by buildRequest()')));
    return this.#answer(request, undefined, options);
  }

  /**
   * Sends a request and hands the response over with its body still to be read. It runs until the body has been read or
   * closed. Throws what {@link request} throws; reading throws what the network does.
   *
   * @example
   * await using response = await client.stream('GET', '/events');
   * for await (const chunk of response) process.stdout.write(chunk);
   */
  stream(method: string, url: string | URL, options?: RequestOptions): Promise<StreamResponse>;
  stream(request: Request, options?: CallOptions): Promise<StreamResponse>;
  stream(target: string | Request, url?: string | URL | CallOptions, options?: RequestOptions): Promise<StreamResponse> {
    if (target instanceof Request) return this.#caller.stream(target, undefined, url as CallOptions | undefined);
    return this.#caller.stream(target, url as string | URL, options);
  }

  /** @internal Of {@link OpenRequests}. */
  openRequest(...request: Parameters<OpenRequests['open']>): OpenRequest {
    return this.#openRequests.open(...request);
  }

  /**
   * `fetch` of the web platform on this client, for whatever takes one; it needs no `this`. It resolves with the platform's
   * own `Response`, and rejects as the platform's does: with a `TypeError` whose `cause` is the error that the client would have thrown, or with
   * the signal's reason. The client's headers, cookies, credentials, timeouts and retries count; `redirect`,
   * `credentials: 'omit'`, `integrity`, `referrer` and `signal` are the request's, and `network` beside what the platform knows.
   *
   * @example
   * const openai = new OpenAI({ fetch: client.fetch });
   */
  get fetch(): ClientFetch {
    return (this.#fetch ??= this.#createFetch());
  }

  /**
   * The request that {@link request} would send, with the client's headers and parameters in it.
   * @throws {InvalidOption} the URL or an option is not usable.
   */
  buildRequest(method: string, url: string | URL, options?: MessageOptions): Request {
    return this.#builder.build(method, url, options === undefined ? undefined : readMessageOptions(options));
  }

  /**
   * Another client with these options laid over those of this one: `headers` and `params` name by name, `timeout`, `tls` and
   * `limits` limit by limit; interceptors are appended, and a relative `baseUrl` is appended to this one's. It shares this
   * client's connections and is closed with it, unless `tls`, `limits`, `http2` or `dispatcher` gives it others.
   *
   * @throws {InvalidOption} as the constructor.
   * @throws {ClientClosed} this client is closed, or closing.
   * @example
   * const admin = client.extend({ baseUrl: 'admin', headers: { authorization: `Bearer ${token}` } });
   */
  extend(options: ClientOptions): Client {
    this.#lifetime.assertOpen();
    const own = ownOptions<OwnClientOptions>(options, clientOptionNames);
    const shutdowns = this.#shutdowns.handedOn(own.mounts !== undefined && own.mounts !== null);
    return new Client(new Extension(own, this.#settings, this.#connections, this.#lifetime, shutdowns, this.#retryBudget));
  }

  /**
   * Takes no new request, and resolves once those that run have ended and the connections are closed. What runs has a grace, and is ended
   * after it, with `Aborted`: 30 seconds, or as many milliseconds as `grace` says. A dispatcher that was given to the client, and the connections of a client that this one
   * extends, stay open. Idempotent; the shortest grace counts.
   *
   * @throws {InvalidOption} `grace` is no number of milliseconds.
   */
  close(options?: CloseOptions): Promise<void> {
    return this.#closing.close(options);
  }

  /** Ends everything now: requests that run fail with `Aborted`. Idempotent. */
  destroy(): Promise<void> {
    return this.#closing.end('The client was destroyed');
  }

  /**
   * Closes the client, as {@link close} does, and ends at once what nobody reads: a response of `stream()` that is left unread never holds
   * up the end of a scope, nor the error that ends it.
   */
  [Symbol.asyncDispose](): Promise<void> {
    const closed = this.close();
    this.#lifetime.endUnread();
    return closed;
  }

  /**
   * Opens a connection for a protocol of your own, the way that a request to `origin` would take: by its mount, its proxy, with the TLS options of
   * the client. It is the caller's from then on; closing the client leaves it alone.
   *
   * @throws {ConnectError | ConnectTimeout | ProxyError | Aborted} it could not be made.
   * @throws {ClientError} `NO_CONNECTIONS`: requests to `origin` go to a dispatcher that has none.
   */
  async connect(origin: string, options: Pick<ConnectOptions, 'signal' | 'servername'> = {}): Promise<ConnectedStream> {
    this.#lifetime.enter();
    try {
      return await connectOn(this.#route, this.#settings.proxies, origin, options);
    } finally {
      this.#lifetime.leave();
    }
  }

  /**
   * What the client's connections are doing at this moment: how many are open and idle, who waits for one, what is held of unread bodies. A client
   * that extends another tells of those that it shares; mounted dispatchers are not in it. `undefined` where requests go to a dispatcher that is no
   * `ConnectionPool`, nor stands before one.
   *
   * @example
   * const { connections, idle, queued, bufferedBytes } = client.stats()!;
   */
  stats(): PoolStats | undefined {
    return statsOf(this.#connections.dispatcher);
  }

  /** For logs: without credentials. */
  toJSON(): Record<string, unknown> {
    const { base, homeHeaders, timeout } = this.#settings;
    const [connect, read, write, pool] = timeout.phases;
    return {
      state: this.state,
      baseUrl: base === undefined ? undefined : shownUrl(base.href),
      headers: Headers.view(homeHeaders).toJSON(),
      timeout: { connect, read, write, pool, total: timeout.total },
    };
  }

  #createFetch(): ClientFetch {
    const asFetch = fetchSettings(this.#settings);
    let own: Client | undefined;
    return createFetch({
      baseUrl: this.baseUrl,
      buildRequest: (method, url, options) => this.buildRequest(method, url, options),
      stream: (request, options) => {
        if (own === undefined && !this.#lifetime.isOpen) return this.stream(request, { ...asFetch, ...options });
        own ??= this.extend(asFetch);
        return own.stream(request, options);
      },
    });
  }

  #answer(target: string | Request, url: string | URL | undefined, options: RequestOptions | CallOptions | undefined): ResponsePromise {
    return toResponsePromise(this.#caller.whole(target, url, options));
  }

  #bodyless(method: 'GET' | 'HEAD', url: string | URL, options: BodylessRequestOptions | undefined): ResponsePromise {
    const body = options === undefined ? undefined : bodyOptionOf(options);
    if (body === undefined) return this.#answer(method, url, options);
    releaseSources(options);
    const instead = `a body in a ${method} means nothing (RFC 9110 §9.3). Use query() or post(), or request('${method}', …) if the server wants it so`;
    return toResponsePromise(Promise.reject(new InvalidOption(body, `can not be used with ${method.toLowerCase()}(): ${instead}`)));
  }
}
