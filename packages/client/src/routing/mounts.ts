/** Which dispatcher or proxy a request goes to, by its URL. */
import { Proxy, type Dispatcher, type UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { compareMounts, matchesMount, parseMountPattern, type MountPattern } from './mount-pattern.ts';

/** Dispatchers, or proxies, by the URLs that they serve; `null` is where everything else goes. */
export type MountsInput = Readonly<Record<string, Dispatcher | Proxy | null>>;

export interface Mount {
  readonly pattern: MountPattern;
  /** `null`: the client's own connections. */
  readonly dispatcher: Dispatcher | null;
  /** The client's own connections go through it; `undefined`: as they do otherwise. */
  readonly proxy: Proxy | undefined;
}

/** The mounts of a client, the most specific one first. */
export type Mounts = readonly Mount[];

export const noMounts: Mounts = Object.freeze([]);

/**
 * Lays `own` over what is inherited, pattern by pattern.
 * @throws {InvalidOption} a pattern is none, or there twice, or what it leads to is no dispatcher.
 */
export function mergeMounts(inherited: Mounts, own: MountsInput | null | undefined): Mounts {
  if (own === undefined) return inherited;
  if (own === null) return noMounts;
  if (typeof own !== 'object') throw new InvalidOption('mounts', 'must be an object with dispatchers by pattern');
  const mounts = new Map<string, Mount>();
  for (const [text, target] of Object.entries(own)) {
    const pattern = parseMountPattern(text);
    if (mounts.has(pattern.key)) throw new InvalidOption('mounts', `has the pattern ${JSON.stringify(text)} twice`);
    const isProxy = target instanceof Proxy;
    if (!isProxy && !isDispatcher(target)) {
      throw new InvalidOption('mounts', `must lead from ${JSON.stringify(text)} to a dispatcher, to a Proxy, or to null`);
    }
    mounts.set(pattern.key, { pattern, dispatcher: isProxy ? null : target, proxy: isProxy ? target : undefined });
  }
  for (const mount of inherited) if (!mounts.has(mount.pattern.key)) mounts.set(mount.pattern.key, mount);
  return Object.freeze([...mounts.values()].sort((a, b) => compareMounts(a.pattern, b.pattern)));
}

function isDispatcher(value: Partial<Dispatcher> | null | undefined): value is Dispatcher | null {
  return value === null || typeof value?.dispatch === 'function';
}

/** The mount that a URL belongs to, the most specific one. */
export function findMount(mounts: Mounts, url: UrlParts): Mount | undefined {
  return mounts.find(({ pattern }) => matchesMount(pattern, url));
}
