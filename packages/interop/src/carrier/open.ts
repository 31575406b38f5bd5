/** Requests that are ended by a call: a signal for each costs as much as all else of a small one, and those of ours need none. */
import {
  asItComes,
  carryBy,
  isFromCache,
  notCached,
  timeoutsOf,
  type ByteIterable,
  type CacheOutcomeLike,
  type CarriedContext,
  type CarriedResponse,
  type ClientLike,
  type DispatcherLike,
  type HeaderPair,
  type InterimObserver,
  type OpenContext,
  type Opened,
  type UrlParts,
} from './carrier.ts';

/**
 * Fails as the carrier does: what it gave up with may hold an answer, of `lastAnswer`. `url` and `headers` are nobody's to change: where the same ones
 * come again, what was made of them is used again. Interim heads come from the promise, or to `interim`, in the caller's async context either way.
 */
export type Open = (
  method: string,
  url: UrlParts,
  headers: readonly HeaderPair[],
  body: ByteIterable | null,
  silence: number | null | undefined,
  context: OpenContext | undefined,
  interim: InterimObserver,
) => Opened;

/** @throws {TypeError} it is neither client nor dispatcher. */
export function openBy(carrier: ClientLike | DispatcherLike): Open {
  const carry = carryBy(carrier);
  if (typeof carrier.openRequest === 'function') return 'dispatch' in carrier ? openByPool(carrier) : openByClient(carrier);
  return (method, url, headers, body, silence, context, interim) => {
    const controller = new AbortController();
    const onInformational = toldTo(interim);
    const response = carry(method, url, headers, body, silence, { ...context, onInformational, signal: controller.signal });
    return { response, abort: (reason) => controller.abort(reason) };
  };
}

function toldTo(interim: InterimObserver): NonNullable<CarriedContext['onInformational']> {
  return (status, reason, headers) => interim.onInterim(status, reason, headers);
}

function openByPool(pool: DispatcherLike): Open {
  return (method, url, headers, body, silence, context) =>
    // It has no cache.
    context?.cacheMode === 'only-if-cached'
      ? failed(notCached())
      : pool.openRequest!(method, url, headers, body, timeoutsOf(silence), context);
}

function openByClient(client: ClientLike): Open {
  let extended: ClientLike | undefined;
  return (method, url, headers, body, silence, context, interim) => {
    try {
      extended ??= client.extend?.(asItComes) ?? client;
      if (context?.cacheMode === 'only-if-cached') return openIfCached(extended, method, url, headers, body, silence, context, interim);
      return extended.openRequest!(method, url, headers, body, silence, context, interim);
    } catch (error) {
      return failed(error);
    }
  };
}

function openIfCached(client: ClientLike, ...[method, url, headers, body, silence, context, interim]: Parameters<Open>): Opened {
  let outcome: CacheOutcomeLike | undefined;
  const onCacheOutcome = (told: CacheOutcomeLike): void => void (outcome = told);
  const opened = client.openRequest!(method, url, headers, body, silence, { ...context, onCacheOutcome }, interim);
  const answer = async (): Promise<CarriedResponse> => {
    // A call that is told something of its own is answered with the final head alone.
    const response = (await opened.response) as CarriedResponse;
    if (isFromCache(outcome)) return response;
    await response[4].close();
    throw notCached();
  };
  return { response: answer(), abort: (reason) => opened.abort(reason) };
}

function failed(error: unknown): Opened {
  const response = (async () => {
    throw error;
  })();
  return { response, abort() {} };
}
