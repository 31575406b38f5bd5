/** The `Referer` that a `fetch` asks for (Referrer Policy §8.3, as far as a program without a document can mean it). */
import { parseUrl } from '../request/url/url.ts';

type PlatformRequest = globalThis.Request;

/** `undefined`: none is sent. A request that names no referrer has none: there is no page that it comes from. */
export function referrerOf({
  referrer,
  referrerPolicy,
  url,
}: Pick<PlatformRequest, 'referrer' | 'referrerPolicy' | 'url'>): string | undefined {
  const [source, target] = [parseUrl(referrer), parseUrl(url)];
  if (source === undefined || target === undefined || !/^https?:$/u.test(source.protocol)) return undefined;
  source.username = '';
  source.password = '';
  source.hash = '';
  const isSame = source.origin === target.origin;
  const isDowngrade = source.protocol === 'https:' && target.protocol === 'http:';
  const [whole, origin] = [source.href.length > longest ? `${source.origin}/` : source.href, `${source.origin}/`];
  switch (referrerPolicy) {
    case 'no-referrer':
      return undefined;
    case 'origin':
      return origin;
    case 'unsafe-url':
      return whole;
    case 'same-origin':
      return isSame ? whole : undefined;
    case 'origin-when-cross-origin':
      return isSame ? whole : origin;
    case 'strict-origin':
      return isDowngrade ? undefined : origin;
    case 'no-referrer-when-downgrade':
      return isDowngrade ? undefined : whole;
    default:
      if (isSame) return whole;
      return isDowngrade ? undefined : origin;
  }
}

// Beyond it the origin stands for all (§8.4).
const longest = 4_096;
