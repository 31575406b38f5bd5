/**
 * Calls that a client has nothing to do for but to send them, with its cookies, which is what global `fetch` mostly asks of one: they go straight to
 * its pool. What layers, signals and records need for each call, and nobody here looks at, is made where the call turns out to need it: it fails, or its response is
 * still to come when its head is here.
 */
import { ConnectionPool, type Dispatcher, type DispatchResponse, type HeaderPair, type Timeouts, type UrlParts } from '@x/httpcore';

import type { Attempt } from '../call/attempt.ts';
import { CallContext, type CallBudget } from '../call/context.ts';
import type { Lifetime } from '../call/lifetime.ts';
import { openedBody } from '../call/opened-body.ts';
import { CommonEnd, Waiter, type AnySignal, type CallSignal } from '../call/signals.ts';
import { keepCookies, withCookies } from '../cookies/cookie-interceptor.ts';
import { doesFollow } from '../redirects/redirect-settings.ts';
import type { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import type { FindRoute } from '../routing/routes.ts';
import { now } from '../time/platform.ts';
import type { ClientSettings } from './client-settings.ts';
import type { OpenRequest } from './open-request.ts';

/** What is told of each of them when it is over. */
interface Party {
  readonly settings: ClientSettings;
  readonly lifetime: Lifetime;
  readonly end: CommonEnd;
}

/** A pool, with what its published types leave out. */
interface OpeningPool extends Pick<Dispatcher, 'dispatch'> {
  openRequest(method: string, url: UrlParts, headers: readonly HeaderPair[], body: null, timeouts: Timeouts): OpenRequest;
}

export class StraightCalls {
  readonly #pool: OpeningPool;
  readonly #route: FindRoute;
  readonly #budget: CallBudget;
  readonly #party: Party;

  /** `undefined`: there is something to do for each call. `endings` are those of the client's calls, but for its own signal. */
  static of(
    settings: ClientSettings,
    dispatcher: Pick<Dispatcher, 'dispatch'> | undefined,
    route: FindRoute,
    endings: readonly AnySignal[],
    lifetime: Lifetime,
    budget: CallBudget,
  ): StraightCalls | undefined {
    if (!(dispatcher instanceof ConnectionPool) || !hasNothingToDo(settings)) return undefined;
    const end = new CommonEnd(settings.signal === undefined ? endings : [...endings, settings.signal]);
    return new StraightCalls(dispatcher as Pick<Dispatcher, 'dispatch'> as OpeningPool, route, budget, { settings, lifetime, end });
  }

  private constructor(pool: OpeningPool, route: FindRoute, budget: CallBudget, party: Party) {
    this.#pool = pool;
    this.#route = route;
    this.#budget = budget;
    this.#party = party;
  }

  /** Of a request without content. `undefined`: this one has to take another way, and nothing was done. */
  open(given: Request): OpenRequest | undefined {
    const { settings, end } = this.#party;
    const { urlParts } = given;
    const { dispatcher, proxy } = this.#route(urlParts, settings.proxies);
    if (dispatcher !== this.#pool || proxy !== undefined || end.isReached) return undefined;
    const request = withCookies(given, urlParts, settings.cookies);
    const startedAt = now();
    const opened = this.#pool.openRequest(request.method, urlParts, request.rawHeaders, null, settings.timeout.phases);
    this.#budget.deposit(startedAt);
    const call = new StraightCall(given, request, opened, startedAt, this.#party);
    end.add(call);
    return call;
  }
}

/** As the chain and the end of it decide, each for itself. */
function hasNothingToDo(settings: ClientSettings): boolean {
  const { interceptors, networkInterceptors, watching, redirects, retries, auth, reading, caching, network, timeout } = settings;
  return (
    interceptors.length === 0 &&
    networkInterceptors.length === 0 &&
    watching.telemetry === null &&
    !watching.resourceTimings &&
    !doesFollow(redirects) &&
    retries === null &&
    settings.retriesMisdirected !== true &&
    auth.auth === undefined &&
    !reading.decompress &&
    reading.limits.streamed === Infinity &&
    caching.cache === null &&
    network === undefined &&
    timeout.total === null &&
    !settings.throwsOnStatus &&
    settings.onDownloadProgress === undefined
  );
}

class StraightCall extends Waiter implements OpenRequest, CallSignal {
  readonly response: OpenRequest['response'];
  readonly #given: Request;
  /** As it is sent. */
  readonly #request: Request;
  readonly #opened: OpenRequest;
  readonly #startedAt: number;
  readonly #party: Party;

  constructor(given: Request, request: Request, opened: OpenRequest, startedAt: number, party: Party) {
    super();
    this.response = opened.response;
    this.#given = given;
    this.#request = request;
    this.#opened = opened;
    this.#startedAt = startedAt;
    this.#party = party;
  }

  abort(reason: unknown): void {
    this.#opened.abort(reason);
  }

  told(): void {
    this.#opened.abort(this.#party.end.reason);
  }

  received(answer: DispatchResponse): DispatchResponse {
    const [httpVersion, status, reason, headers, body] = answer;
    const { lifetime, settings } = this.#party;
    keepCookies(headers, this.#request.urlParts, settings.cookies);
    if (body.trailers !== undefined && !('write' in body)) {
      // All of it is here: nothing waits for who reads it.
      this.release();
      lifetime.leave();
      return answer;
    }
    const { call, attempt } = this.#asAnyCall();
    attempt.status = status;
    attempt.httpVersion = httpVersion;
    attempt.body = body;
    const response = new StreamResponse(this.#request, status, reason, httpVersion, headers, attempt, call, body);
    return [httpVersion, status, reason, headers, openedBody(response, call, lifetime)];
  }

  failed(error: unknown): unknown {
    const { call, attempt } = this.#asAnyCall();
    attempt.error = error;
    attempt.end();
    call.fail(error);
    call.settle();
    this.#party.lifetime.leave();
    return error;
  }

  #asAnyCall(): { readonly call: CallContext; readonly attempt: Attempt } {
    const call = new CallContext(this.#given, this.#party.settings, this, undefined, undefined);
    const attempt = call.begin(this.#request);
    attempt.beganAt(this.#startedAt);
    return { call, attempt };
  }

  // What ends it, for its context: there are no layers that could ask for a signal.

  get signal(): undefined {
    return undefined;
  }

  get ending(): undefined {
    return undefined;
  }

  release(): void {
    this.#party.end.remove(this);
  }
}
