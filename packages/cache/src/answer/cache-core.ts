/** What all dispatchers of one cache share. */
import { performance } from 'node:perf_hooks';
import { debuglog } from 'node:util';

import { ReadError, type HeaderPair } from '@x/httpcore';

import { isObserved, publish } from '../cache-channel.ts';
import { CacheClock } from '../cache-clock.ts';
import { concealed, type CacheRequest } from '../cache-request.ts';
import type { CacheSettings } from '../cache-options.ts';
import { StatsKeeper } from '../cache-stats.ts';
import type { CacheEvent } from '../events.ts';
import type { CacheOutcome } from '../outcome.ts';
import { originOf } from '../rules/cache-key.ts';
import { pathOfKey } from '../rules/no-vary-search.ts';
import { responseFacts } from '../rules/response-facts.ts';
import { storedPolicy, type StoredPolicy } from '../rules/reuse.ts';
import { controlOf } from '../rules/targeted-fields.ts';
import type { Conceal } from '../rules/vary.ts';
import { RecentResponses } from '../store/recent-responses.ts';
import { GuardedStore } from '../store/guarded-store.ts';
import type { CacheStore, StoredResponse } from '../store/store.ts';
import type { Dispatched } from '../cache-request.ts';
import { Flights } from './flights.ts';
import { SearchRules } from './search-rules.ts';
import { SharedPurges } from './shared-purges.ts';

// `NODE_DEBUG=x-cache`, or with all that the project has to say `NODE_DEBUG=xhttp`
const own = debuglog('x-cache');
const log = own.enabled ? own : debuglog('xhttp');

export class CacheCore {
  readonly settings: CacheSettings;
  readonly store: GuardedStore;
  readonly clock: CacheClock;
  readonly stats: StatsKeeper = new StatsKeeper();
  readonly flights: Flights = new Flights();
  readonly purges: SharedPurges;
  /** `null`: `No-Vary-Search` does not count. */
  readonly searchRules: SearchRules | null;
  readonly conceal: Conceal;
  #inFlightBytes = 0;
  readonly #policies = new RecentResponses<StoredPolicy>();

  constructor(store: CacheStore, settings: CacheSettings) {
    this.settings = settings;
    this.clock = new CacheClock(settings.now);
    this.searchRules = settings.noVarySearch ? new SearchRules() : null;
    const { credentialFields } = settings;
    this.conceal = (name, value) => (credentialFields.includes(name) ? concealed(value) : value);
    this.store = new GuardedStore(store, {
      timeout: settings.storeTimeout,
      now: () => performance.now(),
      brokenOff: (message, cause) => new ReadError(message, { phase: 'response-body', cause }),
      onFailure: ({ operation, error }) => this.tell({ type: 'store-failed', operation, error }),
      onBreaker: (isOpen) => this.tell({ type: isOpen ? 'store-suspended' : 'store-resumed' }),
    });
    this.purges = new SharedPurges(this.store, this.clock);
  }

  policyOf(response: StoredResponse): StoredPolicy {
    let policy = this.#policies.get(response);
    if (policy === undefined) {
      const { status, headers } = response;
      const facts = responseFacts(headers);
      policy = storedPolicy(status, facts, controlOf(headers, facts, this.settings.targetedFields), response, this.settings);
      this.#policies.set(response, policy);
    }
    return policy;
  }

  /** May this much more be held for bodies on their way? Negative gives back. */
  reserve(bytes: number): boolean {
    if (bytes > 0 && this.#inFlightBytes + bytes > this.settings.maxInFlightBytes) return false;
    this.#inFlightBytes += bytes;
    return true;
  }

  /** What is stored under these keys is to be removed; what is on its way to them is not to be kept. `out`: none of that is in the store. */
  outdate(key: string): { readonly keys: readonly string[]; readonly out: Promise<void> } {
    if (this.searchRules === null) return { keys: [key], out: this.flights.outdate(key) };
    // What is not answered yet may turn out to be stored under a key that it shares with others of its path.
    return { keys: this.searchRules.keysOf(key), out: this.flights.outdatePath(pathOfKey(key)) };
  }

  report({ method, url, context }: Dispatched, outcome: CacheOutcome, received: readonly HeaderPair[]): void {
    const origin = originOf(url[0], url[1], url[2]);
    this.stats.count(origin, outcome);
    if (log.enabled) log('%s %s%s %s: %s', method, origin, shownTarget(url[3]), outcome.state, outcome.reason);
    if (isObserved()) publish({ method, url: `${origin}${shownTarget(url[3])}`, ...outcome });
    const onCacheOutcome = context?.onCacheOutcome;
    if (onCacheOutcome === undefined) return;
    try {
      onCacheOutcome(outcome, received);
    } catch {
      // Who listens must not change what happens.
    }
  }

  saved({ url }: CacheRequest, bytes: number): void {
    this.stats.saved(originOf(url[0], url[1], url[2]), bytes);
  }

  tell(event: CacheEvent): void {
    if (log.enabled) log('%s %s', event.type, 'error' in event ? String(event.error) : '');
    const { onEvent } = this.settings;
    if (onEvent === undefined) return;
    try {
      onEvent(event);
    } catch {
      // Nor here.
    }
  }
}

/** Parameters of a query may be secrets. */
function shownTarget(target: string): string {
  const query = target.indexOf('?');
  return query === -1 ? target : `${target.slice(0, query)}?…`;
}
