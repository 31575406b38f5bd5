/** Which cache a client has, and how a call wants it. */
import type { DispatchContext, Dispatcher, HeaderPair } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { isSecretField } from '../redact.ts';
import { tell } from '../call/debug-log.ts';
import type { BackgroundWork } from './background-work.ts';
import type { Attempt } from '../call/attempt.ts';
import type { CacheOutcome } from '../response/cache-outcome.ts';

/** How a call wants the cache: as the modes of `fetch` (Fetch Standard §2.2.5). */
export type CacheMode = 'default' | 'no-store' | 'reload' | 'no-cache' | 'force-cache' | 'only-if-cached';

/** What a client asks of a cache: that it stands before a dispatcher. An `HttpCache` of `@x/cache` does. */
export interface ClientCache {
  /** The same dispatcher gives the same one. What it is told beside the context of every dispatcher: {@link CachedCall}. */
  over(dispatcher: Pick<Dispatcher, 'dispatch'>): Pick<Dispatcher, 'dispatch'>;
}

/** What a client tells the cache with each request, as properties of the dispatch context. */
export interface CachedCall {
  readonly cacheMode: CacheMode;
  /** Is it sent again because of what it was answered, or beside one that takes long? Then what is stored, or under way, is of no use. */
  readonly asksOrigin: boolean;
  /** The names, in lower case, of further fields that tell users apart. */
  readonly credentialFields: readonly string[];
  /** `received`: what the origin sent for this very request. */
  readonly onCacheOutcome: (outcome: CacheOutcome, received: readonly HeaderPair[]) => void;
  /** Told when the cache begins what nobody waits for, with what ends it; gives what is to be called when it has ended. */
  readonly onBackground: (end: () => void) => () => void;
}

export interface CacheSettings {
  readonly cache: ClientCache | null;
  readonly mode: CacheMode;
}

export const noCache: CacheSettings = Object.freeze({ cache: null, mode: 'default' });

const modes: ReadonlySet<unknown> = new Set<CacheMode>(['default', 'no-store', 'reload', 'no-cache', 'force-cache', 'only-if-cached']);

/** @throws {InvalidOption} it is no cache. */
export function clientCache(inherited: CacheSettings, cache: ClientCache | null | undefined): CacheSettings {
  if (cache === undefined) return inherited;
  if (cache === null) return noCache;
  if (typeof (cache as Partial<ClientCache>).over !== 'function') {
    throw new InvalidOption('cache', 'must be a cache, such as new HttpCache() of @x/cache, or null');
  }
  return Object.freeze({ cache, mode: 'default' });
}

/** @throws {InvalidOption} it is no mode, or needs a cache that is not there. */
export function callCache(client: CacheSettings, mode: CacheMode | null | undefined): CacheSettings {
  if (mode === undefined) return client;
  if (mode === null) return noCache;
  if (!modes.has(mode)) throw new InvalidOption('cache', `must be one of ${[...modes].join(', ')}, or null`);
  if (client.cache !== null) return { ...client, mode };
  if (mode === 'only-if-cached') throw new InvalidOption('cache', 'can not be only-if-cached: the client has no cache');
  return client;
}

type EveryPart<Context> = { readonly [Name in keyof Required<Context>]: Context[Name] };

/** What is told of one attempt, beside `given`. Each part by its name, which costs less than half of what copying does. */
export function cachedContext(
  given: DispatchContext,
  attempt: Attempt,
  mode: CacheMode,
  asksOrigin: boolean,
  sensitive: ReadonlySet<string>,
  background: BackgroundWork,
): DispatchContext & CachedCall {
  const context: EveryPart<DispatchContext> & CachedCall = {
    proxy: given.proxy,
    network: given.network,
    signal: given.signal,
    deadline: given.deadline,
    trace: given.trace,
    traceInAnyContext: given.traceInAnyContext,
    onInformational: given.onInformational,
    trailers: given.trailers,
    replayMisdirected: given.replayMisdirected,
    replayableBody: given.replayableBody,
    protocol: given.protocol,
    servername: given.servername,
    cacheMode: mode,
    asksOrigin,
    credentialFields: credentialFields(attempt.request.rawHeaders, sensitive),
    onCacheOutcome: (outcome, received) => {
      attempt.cache = outcome;
      tell(attempt.request, () => `has of the cache: ${outcome.state}, ${outcome.reason}`);
      attempt.received = received;
    },
    onBackground: background.begin,
  };
  return context;
}

const none: readonly string[] = Object.freeze([]);

// Names repeat for ever, and looking through one costs more than looking it up. Bounded, since names can be data.
const known = new Map<string, boolean>();
const knownLimit = 512;

function isSecret(name: string): boolean {
  let secret = known.get(name);
  if (secret === undefined) {
    secret = isSecretField(name.toLowerCase());
    if (known.size < knownLimit) known.set(name, secret);
  }
  return secret;
}

/** What the request before had of them: one client says the same again and again. */
const latest: { names: readonly string[]; sensitive: ReadonlySet<string> | undefined; found: readonly string[] } = {
  names: none,
  sensitive: undefined,
  found: none,
};

function credentialFields(headers: readonly HeaderPair[], sensitive: ReadonlySet<string>): readonly string[] {
  if (!areLatest(headers, sensitive)) {
    const names = headers.map(([name]) => name);
    const found = names.filter((name) => isSecret(name) || sensitive.has(name.toLowerCase())).map((name) => name.toLowerCase());
    latest.names = names;
    latest.sensitive = sensitive;
    latest.found = found.length === 0 ? none : Object.freeze(found);
  }
  return latest.found;
}

function areLatest(headers: readonly HeaderPair[], sensitive: ReadonlySet<string>): boolean {
  const { names } = latest;
  if (latest.sensitive !== sensitive || names.length !== headers.length) return false;
  for (let at = 0; at < names.length; at += 1) if (headers[at]![0] !== names[at]) return false;
  return true;
}
