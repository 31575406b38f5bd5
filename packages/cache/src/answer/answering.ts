/** From a request to its response: what is stored is looked at first (RFC 9111 §4). */
import type { Dispatcher, DispatchResponse, HeaderPair } from '@x/httpcore';

import { isCachedOnly, readCacheRequest, type Bypassed, type CacheRequest, type Dispatched } from '../cache-request.ts';
import { fieldValue, hasField, noFields } from '../rules/fields.ts';
import { relatedKeys } from '../rules/cache-key.ts';
import { currentAge, judge, type Reuse } from '../rules/reuse.ts';
import { matchesSelecting } from '../rules/vary.ts';
import { hashOfKey } from '../store/key-hash.ts';
import type { StoredResponse } from '../store/store.ts';
import type { CacheCore } from './cache-core.ts';
import { nothingAtAll, nothingStored, type Basis } from './fetch.ts';
import { Fetching } from './fetching.ts';
import { coversRange, serve } from './serving.ts';
import { emptyBody } from './stored-body.ts';

const noResponses: readonly StoredResponse[] = Object.freeze([]);

export class Answering {
  readonly #core: CacheCore;
  readonly #inner: Dispatcher;
  readonly #fetching: Fetching;

  constructor(core: CacheCore, inner: Dispatcher) {
    this.#core = core;
    this.#inner = inner;
    this.#fetching = new Fetching(core, inner, this);
  }

  dispatch(dispatched: Dispatched): Promise<DispatchResponse> {
    let request: CacheRequest | Bypassed;
    try {
      request = readCacheRequest(dispatched, this.#core.settings.credentialFields);
    } catch {
      // The network says best what is wrong with it.
      const { method, url, headers, body, timeouts, context } = dispatched;
      return this.#inner.dispatch(method, url, headers, body, timeouts, context);
    }
    if ('bypass' in request) return this.#pass(dispatched, request);
    const { searchRules } = this.#core;
    if (searchRules === null) return this.answer(request);
    const key = searchRules.keyOf(request.key);
    return this.answer(key === request.key ? request : { ...request, key, hash: hashOfKey(key) });
  }

  /** Looks at the store, and asks the origin where that is not enough. */
  answer(request: CacheRequest): Promise<DispatchResponse> {
    const found = this.#core.store.find(request.key, request.hash);
    return found instanceof Promise ? found.then((responses) => this.#answerFrom(request, responses)) : this.#answerFrom(request, found);
  }

  #answerFrom(request: CacheRequest, found: readonly StoredResponse[]): Promise<DispatchResponse> {
    if (found.length === 0 && !isCachedOnly(request.mode, request.directives)) return this.#fetching.fetch(request, nothingAtAll);
    return this.#answerWith(request, found);
  }

  async #answerWith(request: CacheRequest, found: readonly StoredResponse[]): Promise<DispatchResponse> {
    const basis = this.#basis(request, found);
    const { stored } = basis;
    let why = stored === undefined ? basis.why : 'the request asks for a new one';
    if (stored !== undefined && request.mode !== 'reload') {
      const reuse = this.#judge(request, stored);
      if (reuse.verdict !== 'validate') {
        const response = await this.#reuse(request, stored, reuse, basis);
        if (response !== undefined) return response;
        // A store that has failed may still have it.
        if (!this.#core.store.isFailing) this.#forget(request.key, stored);
        const lost = { ...nothingStored('what was stored is lost'), found };
        return isCachedOnly(request.mode, request.directives) ? this.#unanswered(request, lost.why) : this.#fetching.fetch(request, lost);
      }
      why = reuse.reason;
      if (basis.isOfNobody) return this.#fetching.fetch(request, { ...nothingStored(why), found: basis.found });
    }
    if (isCachedOnly(request.mode, request.directives)) return this.#unanswered(request, why);
    return this.#fetching.fetch(request, { ...basis, why });
  }

  /** What it asks for by itself, and for nobody, ends. */
  leave(): void {
    this.#fetching.leave();
  }

  /** From the store alone; `undefined` where the origin would have to be asked. */
  async fromStore(request: CacheRequest): Promise<DispatchResponse | undefined> {
    const basis = this.#basis(request, await this.#core.store.find(request.key));
    if (basis.stored === undefined) return undefined;
    const reuse = this.#judge(request, basis.stored);
    return reuse.verdict === 'fresh' ? this.#reuse(request, basis.stored, reuse, basis) : undefined;
  }

  #judge(request: CacheRequest, stored: StoredResponse): Reuse {
    const policy = this.#core.policyOf(stored);
    const anyAge = request.mode === 'force-cache' || request.mode === 'only-if-cached';
    const reuse = judge(policy, currentAge(policy, stored, this.#core.clock.now()), { directives: request.directives, anyAge });
    return request.mode === 'no-cache' && reuse.verdict !== 'validate'
      ? { verdict: 'validate', reason: 'the mode no-cache of the request' }
      : reuse;
  }

  async #reuse(request: CacheRequest, stored: StoredResponse, reuse: Reuse, basis: Basis): Promise<DispatchResponse | undefined> {
    const isFresh = reuse.verdict === 'fresh';
    const reason = isFresh ? this.#whyFresh(stored) : (reuse as { reason: string }).reason;
    const response = await serve(this.#core, request, stored, { state: isFresh ? 'hit' : 'stale', reason, received: noFields });
    const isAsked = reuse.verdict === 'stale' && reuse.inBackground && !isCachedOnly(request.mode, request.directives);
    if (response !== undefined && isAsked) this.#fetching.inBackground(request, basis);
    return response;
  }

  #whyFresh(stored: StoredResponse): string {
    const policy = this.#core.policyOf(stored);
    const left = policy.lifetime.seconds - currentAge(policy, stored, this.#core.clock.now());
    return `fresh by ${policy.lifetime.source} for another ${Math.ceil(left)} s`;
  }

  /** RFC 9111 §4, §4.1: which of the stored responses are for this request; of several the one that came last. */
  #basis(request: CacheRequest, found: readonly StoredResponse[]): Basis {
    if (found.length === 0) return nothingAtAll;
    const [single] = found;
    if (found.length === 1 && single!.part === null && this.#isFor(request, single!)) {
      return { why: '', found, stored: single, siblings: noResponses, beginning: undefined, isOfNobody: false };
    }
    const own = found.filter(({ partition }) => partition === '*' || partition === request.partition);
    const isOfNobody = own.length === 0;
    const ofUser = isOfNobody ? found.filter((response) => isOpenTo(request, response)) : own;
    if (ofUser.length === 0) return { ...nothingStored('stored for other credentials only'), found };
    const matching = ofUser
      .filter(({ selecting, headers }) => matchesSelecting(selecting, headers, request.headers, this.#core.conceal))
      .sort((one, other) => other.receivedAt - one.receivedAt);
    const stored = matching.find((response) => response.part === null || coversRange(request, response));
    const why = matching.length === 0 ? 'stored for other values of the fields in Vary only' : 'only a part of it is stored';
    if (isOfNobody) {
      return { ...nothingStored(stored === undefined ? 'stored for other credentials only' : ''), found, stored, isOfNobody };
    }
    return {
      why,
      found,
      isOfNobody,
      stored,
      siblings: stored === undefined && request.range === undefined ? ofUser.filter((other) => other.part === null).slice(0, 8) : [],
      beginning: stored === undefined && request.range === undefined && request.method === 'GET' ? matching.find(isBeginning) : undefined,
    };
  }

  #isFor(request: CacheRequest, { partition, selecting, headers }: StoredResponse): boolean {
    if (partition !== '*' && partition !== request.partition) return false;
    return selecting.length === 0 || matchesSelecting(selecting, headers, request.headers, this.#core.conceal);
  }

  #forget(key: string, { id }: StoredResponse): void {
    const forgotten = this.#core.store.delete(key, [id]);
    if (forgotten instanceof Promise) void forgotten;
  }

  /** RFC 9111 §5.2.1.7. */
  #unanswered(request: Dispatched, why: string): DispatchResponse {
    this.#core.report(request, { state: 'miss', age: undefined, stored: false, reason: `only-if-cached, and ${why}` }, noFields);
    return ['1.1', 504, 'Gateway Timeout', [['content-length', '0']], emptyBody()];
  }

  async #pass(dispatched: Dispatched, { bypass, changes, isCachedOnly: mustNotAsk }: Bypassed): Promise<DispatchResponse> {
    if (mustNotAsk) return this.#unanswered(dispatched, bypass);
    const { method, url, headers, body, timeouts, context } = dispatched;
    const requestedAt = this.#core.clock.now();
    const response = await this.#inner.dispatch(method, url, headers, body, timeouts, context);
    const [, status, , fields] = response;
    if (changes !== undefined && status >= 200 && status < 400) {
      await this.#invalidate([changes, ...relatedKeys(changes, [fieldValue(fields, 'location'), fieldValue(fields, 'content-location')])]);
    }
    if (changes !== undefined && answersGet(method, status, fields, changes)) {
      const kept = await this.#fetching.keepForGet(dispatched, response, { requestedAt, receivedAt: this.#core.clock.now() });
      if (kept !== undefined) return kept;
    }
    this.#core.report(dispatched, { state: 'bypass', age: undefined, stored: false, reason: bypass }, fields);
    return response;
  }

  /** RFC 9111 §4.4. */
  async #invalidate(keys: readonly string[]): Promise<void> {
    const { purges, store } = this.#core;
    const changed = [...new Set(keys.flatMap((each) => this.#core.outdate(each).keys))];
    await purges.changed(changed);
    for (const key of changed) await store.delete(key);
  }
}

/**
 * What was sent to nobody in particular, and has given nobody a cookie, answers those who have cookies too, as long as it is fresh: a response that
 * depends on them says so in `Vary`. It is confirmed without them only.
 */
function isOpenTo({ hasCookiesOnly }: CacheRequest, { partition, headers }: StoredResponse): boolean {
  return hasCookiesOnly && partition === '' && !hasField(headers, 'set-cookie');
}

/** RFC 9110 §9.3.3: what a POST was answered with is what a GET of the same URL would be, if it says so and how long it is fresh. */
function answersGet(method: string, status: number, fields: readonly HeaderPair[], key: string): boolean {
  const location = fieldValue(fields, 'content-location');
  if (method !== 'POST' || status !== 200 || location === undefined) return false;
  const [same] = relatedKeys(key, [location]);
  return same === key;
}

function isBeginning({ part, headers, length }: StoredResponse): boolean {
  if (part === null || part.first !== 0 || part.complete === null || length !== part.last + 1) return false;
  const tag = fieldValue(headers, 'etag');
  return tag !== undefined && tag.startsWith('"');
}
