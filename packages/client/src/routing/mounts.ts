/** Which dispatcher a request goes to. */
import type { Dispatcher, UrlParts } from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { compareMounts, matchesMount, parseMountPattern, type MountPattern } from './mount-pattern.ts';

/** Dispatchers by the URLs that they serve; `null` is where everything else goes. */
export type MountsInput = Readonly<Record<string, Dispatcher | null>>;

interface Mount {
  readonly pattern: MountPattern;
  readonly dispatcher: Dispatcher | null;
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
  for (const [text, dispatcher] of Object.entries(own)) {
    const pattern = parseMountPattern(text);
    if (mounts.has(pattern.key)) throw new InvalidOption('mounts', `has the pattern ${JSON.stringify(text)} twice`);
    if (!isDispatcher(dispatcher)) throw new InvalidOption('mounts', `must lead from ${JSON.stringify(text)} to a dispatcher, or to null`);
    mounts.set(pattern.key, { pattern, dispatcher });
  }
  for (const mount of inherited) if (!mounts.has(mount.pattern.key)) mounts.set(mount.pattern.key, mount);
  return Object.freeze([...mounts.values()].sort((a, b) => compareMounts(a.pattern, b.pattern)));
}

function isDispatcher(value: Partial<Dispatcher> | null | undefined): value is Dispatcher | null {
  return value === null || typeof value?.dispatch === 'function';
}

/** Hands each request to the dispatcher that it is mounted on. It owns none of them. */
export function routeByMounts(mounts: Mounts, fallback: Pick<Dispatcher, 'dispatch'>): Pick<Dispatcher, 'dispatch'> {
  if (mounts.length === 0) return fallback;
  const route = (url: UrlParts): Pick<Dispatcher, 'dispatch'> =>
    mounts.find(({ pattern }) => matchesMount(pattern, url))?.dispatcher ?? fallback;
  return {
    dispatch: (method, url, ...rest) => route(url).dispatch(method, url, ...rest),
  };
}
