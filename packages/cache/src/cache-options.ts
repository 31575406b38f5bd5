/** What a cache may be told, and what follows. */
import { InvalidCacheOption } from './errors.ts';
import type { HeuristicRules } from './rules/freshness.ts';
import { MemoryStore } from './store/memory-store.ts';
import type { CacheStore } from './store/store.ts';
import type { CacheEvent } from './events.ts';

/** How long a response is fresh that does not say so itself (RFC 9111 §4.2.2). */
export interface HeuristicsOptions {
  /** The part of the time since `Last-Modified` that a response is taken to be fresh for. Default 0.1. */
  readonly fraction?: number | undefined;
  /** Seconds at most. Default 86,400. */
  readonly longest?: number | undefined;
}

/** What a cache may be told; sizes are in bytes, times in milliseconds. */
export interface HttpCacheOptions {
  /** Where responses are kept. Default: a `MemoryStore` of 64 MiB. */
  readonly store?: CacheStore | undefined;
  /**
   * Does it serve several users: RFC 9111's rules for shared caches? What a server keeps from shared caches, and answers to requests with
   * `Authorization` that do not say that they are for everybody, are then not kept. Default `false`.
   */
  readonly shared?: boolean | undefined;
  /** Freshness where the server says nothing about it (RFC 9111 §4.2.2). Default `false`; `true`: a tenth of the age, a day at most. */
  readonly heuristics?: boolean | HeuristicsOptions | undefined;
  /**
   * Response fields that speak to this cache before `Cache-Control` and `Expires` do (RFC 9213), such as `['CDN-Cache-Control']`: the first
   * one that a response has, and that is valid, counts alone. For a `shared` cache only. Default none.
   */
  readonly targetedFields?: readonly string[] | undefined;
  /** Seconds for which a response may be used past its freshness where the origin fails, without the server saying so. Default 0. */
  readonly staleIfError?: number | undefined;
  /**
   * Request fields that tell users apart. What came for a request with one of them is used for requests with the same value only, unless the
   * response is `public` (or the cache shared). Default `authorization` and `cookie`.
   */
  readonly credentialFields?: readonly string[] | undefined;
  /** Do equal requests that are under way at the same time share one exchange? Default `true`. */
  readonly collapse?: boolean | undefined;
  /** Does `No-Vary-Search` of a response count, so that URLs that differ in what it names share a response? Default `false`. */
  readonly noVarySearch?: boolean | undefined;
  /** The response field whose words are what `purgeByTag` knows a response by, such as `Surrogate-Key` or `Cache-Tag`. Default none. */
  readonly tagField?: string | undefined;
  /** The largest body that is kept, in bytes. Default 32 MiB. */
  readonly maxEntryBytes?: number | undefined;
  /** Bytes of all bodies that are being fetched and kept at the same time. Default 128 MiB; what is beyond is not kept. */
  readonly maxInFlightBytes?: number | undefined;
  /** How much of a body that its reader has left is still fetched, so that it can be kept. In bytes; default 256 KiB, 0: nothing. */
  readonly maxBackgroundBytes?: number | undefined;
  /** Responses of one URL that differ by `Vary` or by credentials. Default 32; the oldest go. */
  readonly maxVariants?: number | undefined;
  /** Milliseconds after which an answer of the store is not waited for any longer. Default 1,000. */
  readonly storeTimeout?: number | undefined;
  /** Told when a store fails, and when it is left alone for that. Must not throw. */
  readonly onEvent?: ((event: CacheEvent) => void) | undefined;
  /** The time, in milliseconds since 1970, for tests. Default `Date.now`; a clock that is set back makes nothing younger. */
  readonly now?: (() => number) | undefined;
}

export interface CacheSettings {
  readonly shared: boolean;
  readonly heuristics: HeuristicRules | null;
  readonly targetedFields: readonly string[];
  readonly staleIfError: number;
  readonly credentialFields: readonly string[];
  readonly collapse: boolean;
  readonly noVarySearch: boolean;
  readonly tagField: string | undefined;
  readonly maxEntryBytes: number;
  readonly maxInFlightBytes: number;
  readonly maxBackgroundBytes: number;
  readonly maxVariants: number;
  readonly storeTimeout: number;
  readonly onEvent: ((event: CacheEvent) => void) | undefined;
  readonly now: (() => number) | undefined;
}

const optionNames: Readonly<Record<keyof HttpCacheOptions, undefined>> = Object.freeze({
  store: undefined,
  shared: undefined,
  heuristics: undefined,
  targetedFields: undefined,
  staleIfError: undefined,
  credentialFields: undefined,
  collapse: undefined,
  noVarySearch: undefined,
  tagField: undefined,
  maxEntryBytes: undefined,
  maxInFlightBytes: undefined,
  maxBackgroundBytes: undefined,
  maxVariants: undefined,
  storeTimeout: undefined,
  onEvent: undefined,
  now: undefined,
});

const mebibyte = 1024 * 1024;

/** @throws {InvalidCacheOption} naming the option. */
export function readCacheOptions(options: HttpCacheOptions): { readonly store: CacheStore; readonly settings: CacheSettings } {
  const own = ownOptions(options, optionNames, 'options');
  const shared = flag('shared', own.shared);
  const targetedFields = fieldNames('targetedFields', own.targetedFields ?? []);
  if (targetedFields.length > 0 && !shared) {
    throw new InvalidCacheOption('targetedFields', 'is for a cache with "shared": true; to a private one these fields say nothing');
  }
  const settings: CacheSettings = {
    shared,
    targetedFields,
    heuristics: heuristicRules(own.heuristics),
    staleIfError: amount('staleIfError', own.staleIfError, 0, 'seconds'),
    credentialFields: fieldNames('credentialFields', own.credentialFields ?? ['authorization', 'cookie']),
    collapse: own.collapse === undefined || flag('collapse', own.collapse),
    noVarySearch: flag('noVarySearch', own.noVarySearch),
    tagField: own.tagField === undefined ? undefined : fieldNames('tagField', [own.tagField])[0],
    maxEntryBytes: amount('maxEntryBytes', own.maxEntryBytes, 32 * mebibyte, 'bytes'),
    maxInFlightBytes: amount('maxInFlightBytes', own.maxInFlightBytes, 128 * mebibyte, 'bytes'),
    maxBackgroundBytes: amount('maxBackgroundBytes', own.maxBackgroundBytes, mebibyte / 4, 'bytes'),
    maxVariants: amount('maxVariants', own.maxVariants, 32, 'responses', 1),
    storeTimeout: amount('storeTimeout', own.storeTimeout, 1000, 'milliseconds', 1),
    onEvent: callback('onEvent', own.onEvent),
    now: callback('now', own.now),
  };
  return { store: checkedStore(own.store), settings };
}

/** The caller's options as own properties: what someone planted on `Object.prototype` switches nothing on, and a misspelt one is told. */
export function ownOptions<Options extends object>(
  options: Options,
  names: Readonly<Record<keyof Options, undefined>>,
  what: string,
): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) throw new InvalidCacheOption(what, 'must be an object');
  const own: Record<string, unknown> = { ...names };
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) throw new InvalidCacheOption(name, `is not known here; known are ${Object.keys(names).join(', ')}`);
    own[name] = options[name as keyof Options];
  }
  return own as Options;
}

function heuristicRules(heuristics: HttpCacheOptions['heuristics']): HeuristicRules | null {
  if (heuristics === undefined || heuristics === false) return null;
  const own =
    heuristics === true ? {} : ownOptions<HeuristicsOptions>(heuristics, { fraction: undefined, longest: undefined }, 'heuristics');
  return {
    fraction: amount('heuristics.fraction', own.fraction, 0.1, 'parts'),
    longest: amount('heuristics.longest', own.longest, 86_400, 'seconds'),
  };
}

function flag(option: string, value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new InvalidCacheOption(option, 'must be a boolean');
  return value === true;
}

/** A number that is no less than `least`. */
export function amount(option: string, value: unknown, otherwise: number, unit: string, least = 0): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number' || !(value >= least)) throw new InvalidCacheOption(option, `must be a number of ${unit}, ${least} or more`);
  return value;
}

function callback<Callback>(option: string, value: Callback): Callback {
  if (value !== undefined && typeof value !== 'function') throw new InvalidCacheOption(option, 'must be a function');
  return value;
}

function fieldNames(option: string, value: readonly string[]): readonly string[] {
  if (!Array.isArray(value) || !value.every((name) => typeof name === 'string' && /^[!#$%&'*+\-.^_`|~\w]+$/.test(name))) {
    throw new InvalidCacheOption(option, option === 'tagField' ? 'must be the name of a field' : 'must be an array of names of fields');
  }
  return value.map((name) => name.toLowerCase());
}

function checkedStore(store: CacheStore | undefined): CacheStore {
  if (store === undefined) return new MemoryStore();
  for (const method of ['find', 'open', 'write', 'update', 'delete', 'deleteTagged', 'clear', 'size'] as const) {
    if (typeof (store as Partial<CacheStore> | null)?.[method] !== 'function') {
      throw new InvalidCacheOption('store', `must be a CacheStore; it has no ${method}()`);
    }
  }
  return store;
}
