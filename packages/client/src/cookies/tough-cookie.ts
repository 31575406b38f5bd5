import { createRequire } from 'node:module';
import type * as ToughCookie from 'tough-cookie';

let loaded: typeof ToughCookie | undefined;

/**
 * tough-cookie, loaded by the first cookie that needs it: with the list of public suffixes in it, it takes longer to load than all the
 * rest of the client, and most programs never see a cookie. By `require`, since a jar is used without waiting.
 */
export function toughCookie(): typeof ToughCookie {
  return (loaded ??= createRequire(import.meta.url)('tough-cookie') as typeof ToughCookie);
}
