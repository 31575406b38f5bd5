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
import { controlOf } from '../rules/targeted-fields.ts';
import { confirms } from '../rules/validation.ts';
import type { StoredResponse, Unlock } from '../store/store.ts';
import { addedFields } from './added-fields.ts';
import type { CacheCore } from './cache-core.ts';
import { mayCollapse, signatureOf, uniqueSignature } from './collapsing.ts';
import { completedResponse } from './completing.ts';
import { nothingStored, type Basis, type Fetch } from './fetch.ts';
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
  readonly #answers: StoreAnswers;
  readonly #keeping: Keeping;

  constructor(core: CacheCore, inner: Dispatcher, answers: StoreAnswers) {
    this.#core = core;
    this.#inner = inner;
    this.#answers = answers;
    this.#keeping = new Keeping(core);
  }

  fetch(request: CacheRequest, basis: Basis): Promise<DispatchResponse> {
    if (!this.#core.settings.collapse || !mayCollapse(request)) return this.#lead(request, basis, uniqueSignature(), false);
    const signature = signatureOf(request);
    const flight = this.#core.flights.find(request.key, signature);
    return flight === undefined ? this.#lead(request, basis, signature, true) : this.#joinOrLead(request, basis, flight);
  }

  async #joinOrLead(request: CacheRequest, basis: Basis, flight: Flight): Promise<DispatchResponse> {
    return (await this.#join(request, flight)) ?? this.#lead(request, basis, uniqueSignature(), false);
  }

  /** Asks about what is being used stale meanwhile (RFC 5861 §3). */
  inBackground(request: CacheRequest, basis: Basis): void {
    const { proxy, servername } = request.context ?? {};
    const own: CacheRequest = { ...request, context: { proxy, servername }, isConditional: false };
    const signature = signatureOf(own);
    if (this.#core.flights.find(own.key, signature) !== undefined) return;
    this.#lead(own, basis, signature, true)
      .then(([, , , , body]) => body.close())
      .catch((error: unknown) => this.#core.tell({ type: 'background-failed', url: own.key, error }));
  }

  /** The answer to a POST, for the GETs that follow; `undefined` where it may not be kept. */
  async keepForGet(dispatched: Dispatched, response: DispatchResponse, moments: Moments): Promise<DispatchResponse | undefined> {
    const { shared, credentialFields } = this.#core.settings;
    const request = readCacheRequest({ ...dispatched, method: 'GET', body: null }, credentialFields);
    const { directives, expires } = controlOf(response[3], this.#core.settings.targetedFields);
    const isExplicit = directives.has('max-age') || expires !== undefined || (shared && directives.has('s-maxage'));
    if ('bypass' in request || request.range !== undefined || !isExplicit) return undefined;
    const key = this.#core.searchRules?.keyOf(request.key) ?? request.key;
    const basis: Basis = { ...nothingStored(''), found: await this.#core.store.find(key) };
    const flight = this.#core.flights.begin(key, uniqueSignature());
    const end = (): void => this.#core.flights.end(flight);
    const why = 'POST is not cached, but what it has brought is what a GET would';
    return this.#keeping.keep({ request: { ...request, key }, basis, flight, relay: undefined, end }, response, moments, why, 'bypass');
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

  async #lead(request: CacheRequest, basis: Basis, signature: string, isShared: boolean): Promise<DispatchResponse> {
    const { flights, store } = this.#core;
    const flight = flights.begin(request.key, signature);
    let unlock: Unlock | undefined;
    const end = (): void => {
      flights.end(flight);
      void unlock?.();
      unlock = undefined;
    };
    try {
      if (isShared && store.hasLocks && !flights.isLoner(request.key)) {
        const other = await otherProcess(this.#core, request, `${request.key} ${concealed(signature)}`, () =>
          this.#answers.fromStore(request),
        );
        unlock = other.unlock;
        if (other.response !== undefined) {
          flight.land({ kind: 'again' });
          end();
          return other.response;
        }
      }
      return await this.#exchange({ request, basis, flight, relay: Relay.of(request.context, isShared), end });
    } catch (error) {
      flight.land(isOfThisCaller(error) ? { kind: 'again' } : { kind: 'failed', error, dispatcher: this.#inner });
      end();
      throw error;
    }
  }

  async #exchange(fetch: Fetch): Promise<DispatchResponse> {
    const { request, basis, relay } = fetch;
    const { clock } = this.#core;
    const added = addedFields(basis, request);
    const requestedAt = clock.now();
    let response: DispatchResponse;
    try {
      response = await this.#dispatch(request, added, relay);
    } catch (failure) {
      relay?.release();
      const error = asLeft(failure, relay);
      const stale = isFailureOfOrigin(error)
        ? await this.#staleInstead(fetch, `the origin failed: ${(error as HttpCoreError).code}`)
        : undefined;
      if (stale !== undefined) return stale;
      throw error;
    }
    const receivedAt = clock.now();
    const [, status, , fields] = response;
    if (status === 304 && added.length > 0) {
      const confirmed = await this.#confirmed(fetch, response, { requestedAt, receivedAt });
      if (confirmed !== undefined) return confirmed;
    }
    if (basis.beginning !== undefined && (status === 206 || status === 416)) {
      const completed = status === 206 ? await completedResponse(this.#core, request, basis.beginning, response) : undefined;
      if (completed !== undefined)
        return this.#keeping.keep(fetch, completed, { requestedAt, receivedAt }, 'a part of it was stored, the rest fetched');
      await response[4].close();
      return this.#exchange({ ...fetch, basis: { ...basis, beginning: undefined } });
    }
    if (failureStatuses.has(status) && basis.stored !== undefined) {
      const stale = await this.#staleInstead(fetch, `the origin answered ${status}`);
      if (stale !== undefined) {
        await response[4].close();
        relay?.release();
        return stale;
      }
    }
    if (request.method === 'HEAD') await learnFromHead(this.#core, request, basis.stored, status, fields, { requestedAt, receivedAt });
    return this.#keeping.keep(fetch, response, { requestedAt, receivedAt }, basis.why);
  }

  #dispatch(
    { method, url, headers, timeouts, context }: CacheRequest,
    added: readonly HeaderPair[],
    relay: Relay | undefined,
  ): Promise<DispatchResponse> {
    const fields = added.length === 0 ? headers : [...headers.filter(([name]) => !isAdded(name, added)), ...added];
    return this.#inner.dispatch(method, url, fields, null, timeouts, relay === undefined ? context : relay.context(context));
  }

  /** RFC 9111 §4.3.4. `undefined`: the 304 is the caller's, for a precondition of its own. */
  async #confirmed(
    fetch: Fetch,
    response: DispatchResponse,
    moments: { readonly requestedAt: number; readonly receivedAt: number },
  ): Promise<DispatchResponse | undefined> {
    const { request, basis, flight, relay } = fetch;
    const [, , , received, body] = response;
    const asked = basis.stored === undefined ? basis.siblings : [basis.stored];
    const confirmed = asked.find(({ headers }) => confirms(received, headers, asked.length === 1 && !request.isConditional));
    if (confirmed === undefined && request.isConditional) return undefined;
    await body.close();
    relay?.release();
    if (confirmed !== undefined) {
      const { headers, stored: updated, whyNot } = freshened(this.#core, request, confirmed, received, moments);
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
      await this.#core.store.delete(request.key, [confirmed.id]);
    }
    // Not about anything that is here: asked again, for all of it.
    return this.#exchange({
      ...fetch,
      relay: relay?.again(),
      basis: { ...nothingStored('what was stored is lost'), found: basis.found },
    });
  }

  /** RFC 5861 §4, RFC 9111 §4.2.4. */
  async #staleInstead({ request, basis, flight, end }: Fetch, reason: string): Promise<DispatchResponse | undefined> {
    const { stored } = basis;
    if (stored === undefined || request.mode === 'no-cache' || request.mode === 'reload') return undefined;
    const policy = this.#core.policyOf(stored);
    const age = currentAge(policy, stored, this.#core.clock.now());
    if (!mayAnswerForFailure(policy, age, request.directives, this.#core.settings.staleIfError)) return undefined;
    const response = await serve(this.#core, request, stored, { state: 'stale', reason, received: noFields });
    if (response === undefined) return undefined;
    flight.land({ kind: 'alone' });
    end();
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
