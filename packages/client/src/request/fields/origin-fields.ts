import type { HeaderPair } from '@x/httpcore';

const boundToOrigin = new Set(['authorization', 'proxy-authorization', 'cookie', 'cookie2', 'host']);

/** The fields that may go along when a request turns to another origin: every duplicate of the others is dropped. */
export function withoutCredentials(pairs: readonly HeaderPair[]): HeaderPair[] {
  return pairs.filter(([name]) => !boundToOrigin.has(name.toLowerCase()));
}
