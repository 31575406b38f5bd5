/** From a request that the store can't answer to the origin, and what of its answer is kept. */
import {
  Aborted,
  DeadlineExceeded,
  HttpCoreError,
  NetworkError,
  ProxyError,
  RemoteProtocolError,
  TimeoutError,
  type Dispatcher,
  type DispatchResponse,
  type HeaderPair,
} from '@x/httpcore';

import { concealed, readCacheRequest, type CacheRequest, type Dispatched } from '../cache-request.ts';
import { noFields, replaceFields } from '../rules/fields.ts';
import type { Moments } from '../rules/freshness.ts';
import { currentAge, judge, mayAnswerForFailure } from '../rules/reuse.ts';
import { responseFacts } from '../rules/response-facts.ts';
import { controlOf } from '../rules/targeted-fields.ts';
import { confirms } from '../rules/validation.ts';
import { hashOfKey } from '../store/key-hash.ts';
import type { StoredResponse, Unlock } from '../store/store.ts';
import { addedFields } from './added-fields.ts';
import type { CacheCore } from './cache-core.ts';
import { mayCollapse, signatureOf } from './collapsing.ts';
import { completedResponse } from './completing.ts';
import { takesAnySignal } from './exchange-signal.ts';
import { Fetch, nothingStored, type Basis } from './fetch.ts';
import { freshened, learnFromHead } from './freshening.ts';
import { waitWithin, type Flight } from './flight.ts';
import { Keeping } from './keeping.ts';
import { otherProcess } from './other-process.ts';
import { asLeft, guardedReader, Relay } from './relay.ts';
import { serve } from './serving.ts';

/** What it asks back. */
export interface StoreAnswers {
  answer(request: CacheRequest): Promise<DispatchResponse>;
  fromStore(request: CacheRequest): Promise<DispatchResponse | undefined>;
}

export class Fetching {
  readonly #core: CacheCore;
  readonly #inner: Dispatcher;
  readonly #anySignal: boolean;
  readonly #answers: StoreAnswers;
  readonly #keeping: Keeping;
  readonly #background = new Set<AbortController>();

  constructor(core: CacheCore, inner: Dispatcher, answers: StoreAnswers) {
    this.#core = core;
    this.#inner = inner;
    this.#anySignal = takesAnySignal(inner);
    this.#answers = answers;
    this.#keeping = new Keeping(core);
  }

  fetch(request: CacheRequest, basis: Basis): Promise<DispatchResponse> {
    if (!this.#core.settings.collapse || !mayCollapse(request)) return this.#lead(request, basis, false);
    const flight = this.#core.flights.find(request);
    return flight === undefined ? this.#lead(request, basis, true) : this.#joinOrLead(request, basis, flight);
  }

  async #joinOrLead(request: CacheRequest, basis: Basis, flight: Flight): Promise<DispatchResponse> {
    return (await this.#join(request, flight)) ?? this.#lead(request, basis, false);
  }

  /** Asks about what is being used stale meanwhile (RFC 5861 §3). */
  inBackground(request: CacheRequest, basis: Basis): void {
    const { proxy, servername, network, onBackground } = request.context ?? {};
    const ending = new AbortController();
    const { signal } = ending;
    const own: CacheRequest = { ...request, context: { proxy, servername, network, signal }, isConditional: false };
    const { flights } = this.#core;
    if (flights.find(own) !== undefined) return;
    const asked = this.#lead(own, basis, true);
    const flight = flights.find(own);
    const end = (): void => {
      // Others may read a body that is on its way.
      if (flight?.body !== undefined) flight.body.stopUnread();
      else if (flight?.isAwaited !== true) ending.abort(new Error('Whoever had it confirmed in the background is closed'));
    };
    this.#background.add(ending);
    const ended = onBackground?.(end);
    asked
      .then(async ([, , , , body]) => {
        const kept = flight?.body;
        await body.close();
        await kept?.whenSettled();
      })
      .catch((error: unknown) => this.#core.tell({ type: 'background-failed', url: own.key, error }))
      .finally(() => {
        this.#background.delete(ending);
        ended?.();
      });
  }

  /** What is used stale stays so, and of a body that nobody reads nothing more is fetched. */
  leave(): void {
    const reason = new Error('The dispatcher of the cache was disposed');
    for (const ending of this.#background) ending.abort(reason);
    this.#core.flights.leave(this.#inner);
  }

  /** The answer to a POST, for the GETs that follow; `undefined` where it may not be kept. */
  async keepForGet(dispatched: Dispatched, response: DispatchResponse, moments: Moments): Promise<DispatchResponse | undefined> {
    const { shared, credentialFields } = this.#core.settings;
    const request = readCacheRequest({ ...dispatched, method: 'GET', body: null }, credentialFields);
    const { directives, expires } = controlOf(response[3], responseFacts(response[3]), this.#core.settings.targetedFields);
    const isExplicit = directives.has('max-age') || expires !== undefined || (shared && directives.has('s-maxage'));
    if ('bypass' in request || request.range !== undefined || !isExplicit) return undefined;
    const key = this.#core.searchRules?.keyOf(request.key) ?? request.key;
    const basis: Basis = { ...nothingStored(''), found: await this.#core.store.find(key) };
    const { flights } = this.#core;
    const hash = hashOfKey(key);
    const fetch = new Fetch({ ...request, key, hash }, basis, flights.begin(key, hash, undefined), flights, undefined);
    const why = 'POST is not cached, but what it has brought is what a GET would';
    return this.#keeping.keep(fetch, response, moments, why, 'bypass');
  }

  /** `undefined`: it has to be sent after all. */
  async #join(request: CacheRequest, flight: Flight): Promise<DispatchResponse | undefined> {
    const landing = await waitWithin(flight.landed(), request);
    if (landing.kind === 'again') return this.#answers.answer(request);
    if (landing.kind === 'failed') {
      // Another way to the origin may be better.
      if (landing.dispatcher !== this.#inner) return this.#answers.answer(request);
      throw landing.error instanceof HttpCoreError ? landing.error.withFacts({}) : landing.error;
    }
    if (landing.kind === 'alone') return undefined;
    const { response, body } = landing;
    const reader = body.join();
    if (reader === undefined) return (await waitWithin(body.whenSettled(), request)) ? this.#answers.answer(request) : undefined;
    const policy = this.#core.policyOf(response);
    const age = currentAge(policy, response, this.#core.clock.now());
    const reason = 'collapsed: shares the exchange of an equal request';
    this.#core.report(request, { state: 'hit', age, stored: true, reason }, noFields);
    const headers = replaceFields(response.headers, [['age', String(Math.floor(age))]]);
    return [response.httpVersion, response.status, response.reason, headers, guardedReader(reader, request.context)];
  }

  #lead(request: CacheRequest, basis: Basis, isShared: boolean): Promise<DispatchResponse> {
    const { flights, store } = this.#core;
    const flight = flights.begin(request.key, request.hash, isShared ? request : undefined);
    flight.dispatcher = this.#inner;
    if (isShared && store.hasLocks && !store.isFailing && !flights.isLoner(request.key))
      return this.#leadAmongProcesses(request, basis, flight);
    return this.#exchange(new Fetch(request, basis, flight, flights, Relay.of(request.context, isShared)));
  }

  async #leadAmongProcesses(request: CacheRequest, basis: Basis, flight: Flight): Promise<DispatchResponse> {
    const { flights } = this.#core;
    let unlock: Unlock | undefined;
    try {
      const name = `${request.key} ${concealed(signatureOf(request))}`;
      const other = await otherProcess(this.#core, request, name, () => this.#answers.fromStore(request));
      if (other.response !== undefined) {
        flight.land({ kind: 'again' });
        flights.end(flight);
        return other.response;
      }
      unlock = other.unlock;
    } catch (error) {
      throw this.#ended(new Fetch(request, basis, flight, flights, undefined), error);
    }
    return this.#exchange(new Fetch(request, basis, flight, flights, Relay.of(request.context, true), unlock));
  }

  /** Not an async function, nor what it calls where nothing is stored: those cost a request as much as all that is done with its response. */
  #exchange(fetch: Fetch): Promise<DispatchResponse> {
    const { request, basis, relay } = fetch;
    try {
      const added = addedFields(basis, request);
      const requestedAt = this.#core.clock.now();
      return this.#dispatch(request, added, relay).then(
        (response) => this.#received(fetch, added, response, { requestedAt, receivedAt: this.#core.clock.now() }),
        (failure: unknown) => this.#failed(fetch, failure),
      );
    } catch (error) {
      return this.#failed(fetch, error);
    }
  }

  #received(
    fetch: Fetch,
    added: readonly HeaderPair[],
    response: DispatchResponse,
    moments: Moments,
  ): DispatchResponse | Promise<DispatchResponse> {
    const { request, basis } = fetch;
    const isPlain = basis.stored === undefined && added.length === 0 && request.method === 'GET';
    if (!isPlain) return this.#compared(fetch, added, response, moments);
    try {
      return this.#keeping.keep(fetch, response, moments, basis.why);
    } catch (error) {
      throw this.#ended(fetch, error);
    }
  }

  async #failed(fetch: Fetch, failure: unknown): Promise<DispatchResponse> {
    try {
      const { relay } = fetch;
      relay?.release();
      const error = asLeft(failure, relay);
      const stale = isFailureOfOrigin(error)
        ? await this.#staleInstead(fetch, `the origin failed: ${(error as HttpCoreError).code}`)
        : undefined;
      if (stale !== undefined) return stale;
      throw error;
    } catch (error) {
      throw this.#ended(fetch, error);
    }
  }

  /** Nobody waits for it in vain. */
  #ended(fetch: Fetch, error: unknown): unknown {
    fetch.flight.land(isOfThisCaller(error) ? { kind: 'again' } : { kind: 'failed', error, dispatcher: this.#inner });
    fetch.end();
    return error;
  }

  async #compared(fetch: Fetch, added: readonly HeaderPair[], response: DispatchResponse, moments: Moments): Promise<DispatchResponse> {
    try {
      return await this.#beside(fetch, added, response, moments);
    } catch (error) {
      throw this.#ended(fetch, error);
    }
  }

  /** The answer, beside what is stored. */
  async #beside(fetch: Fetch, added: readonly HeaderPair[], response: DispatchResponse, moments: Moments): Promise<DispatchResponse> {
    const { request, basis, relay } = fetch;
    const [, status, , fields] = response;
    if (status === 304 && added.length > 0) {
      const confirmed = await this.#confirmed(fetch, response, moments);
      if (confirmed !== undefined) return confirmed;
    }
    if (basis.beginning !== undefined && (status === 206 || status === 416)) {
      const completed = status === 206 ? await completedResponse(this.#core, request, basis.beginning, response) : undefined;
      if (completed !== undefined) return this.#keeping.keep(fetch, completed, moments, 'a part of it was stored, the rest fetched');
      await response[4].close();
      return this.#exchange(fetch.again({ ...basis, beginning: undefined }, relay));
    }
    if (failureStatuses.has(status) && basis.stored !== undefined) {
      const stale = await this.#staleInstead(fetch, `the origin answered ${status}`);
      if (stale !== undefined) {
        await response[4].close();
        relay?.release();
        return stale;
      }
    }
    if (request.method === 'HEAD') await learnFromHead(this.#core, request, basis.stored, status, fields, moments);
    return this.#keeping.keep(fetch, response, moments, basis.why);
  }

  #dispatch(
    { method, url, headers, timeouts, context }: CacheRequest,
    added: readonly HeaderPair[],
    relay: Relay | undefined,
  ): Promise<DispatchResponse> {
    const fields = added.length === 0 ? headers : [...headers.filter(([name]) => !isAdded(name, added)), ...added];
    return this.#inner.dispatch(
      method,
      url,
      fields,
      null,
      timeouts,
      relay === undefined ? context : relay.context(context, this.#anySignal),
    );
  }

  /** RFC 9111 §4.3.4. `undefined`: the 304 is the caller's, for a precondition of its own. */
  async #confirmed(fetch: Fetch, response: DispatchResponse, moments: Moments): Promise<DispatchResponse | undefined> {
    const { request, basis, flight, relay } = fetch;
    const [, , , received, body] = response;
    const asked = basis.stored === undefined ? basis.siblings : [basis.stored];
    const confirmed = asked.find(({ headers }) => confirms(received, headers, asked.length === 1 && !request.isConditional));
    if (confirmed === undefined && request.isConditional) return undefined;
    await body.close();
    relay?.release();
    if (confirmed !== undefined) {
      const { headers, stored: updated, whyNot } = freshened(this.#core, request, confirmed, received, moments);
      this.#core.flights.brings(flight, updated.tags);
      if (!flight.isOutdated) await this.#core.store.update(request.key, updated);
      const served = await serve(this.#core, request, updated, {
        state: 'revalidated',
        reason: `${basis.why}; the origin confirmed it${whyNot === null ? '' : `; no longer stored: ${whyNot}`}`,
        received,
        headers,
        onEnd: whyNot === null ? undefined : () => this.#forget(request.key, updated),
      });
      if (served !== undefined) {
        const policy = this.#core.policyOf(updated);
        const { verdict } = judge(policy, currentAge(policy, updated, this.#core.clock.now()), {
          directives: request.directives,
          anyAge: false,
        });
        flight.land({ kind: verdict === 'fresh' && whyNot === null ? 'again' : 'alone' });
        fetch.end();
        return served;
      }
      if (!this.#core.store.isFailing) await this.#core.store.delete(request.key, [confirmed.id]);
    }
    // Not about anything that is here: asked again, for all of it.
    return this.#exchange(fetch.again({ ...nothingStored('what was stored is lost'), found: basis.found }, relay?.again()));
  }

  /** RFC 5861 §4, RFC 9111 §4.2.4. */
  async #staleInstead(fetch: Fetch, reason: string): Promise<DispatchResponse | undefined> {
    const { request, basis, flight } = fetch;
    const { stored } = basis;
    if (stored === undefined || request.mode === 'no-cache' || request.mode === 'reload') return undefined;
    const policy = this.#core.policyOf(stored);
    const age = currentAge(policy, stored, this.#core.clock.now());
    if (!mayAnswerForFailure(policy, age, request.directives, this.#core.settings.staleIfError)) return undefined;
    const response = await serve(this.#core, request, stored, { state: 'stale', reason, received: noFields });
    if (response === undefined) return undefined;
    flight.land({ kind: 'alone' });
    fetch.end();
    return response;
  }

  #forget(key: string, { id }: StoredResponse): void {
    const forgotten = this.#core.store.delete(key, [id]);
    if (forgotten instanceof Promise) void forgotten;
  }
}

const failureStatuses = new Set([500, 502, 503, 504]);

function isAdded(name: string, added: readonly HeaderPair[]): boolean {
  const lower = name.toLowerCase();
  return added.some(([field]) => field === lower);
}

/** It failed for reasons of the one who sent it, which are not those of the ones who wait. */
function isOfThisCaller(error: unknown): boolean {
  return error instanceof Aborted || error instanceof DeadlineExceeded || !(error instanceof HttpCoreError);
}

function isFailureOfOrigin(error: unknown): boolean {
  return (
    error instanceof NetworkError || error instanceof TimeoutError || error instanceof RemoteProtocolError || error instanceof ProxyError
  );
}
