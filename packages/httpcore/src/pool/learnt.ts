/**
 * Which protocol each destination turned out to speak, from one connection to the next.
 *
 *   unknown ──▶ h2 ◀──▶ http/1.1
 *                │          │
 *                └──────────┴──HTTP_1_1_REQUIRED──▶ http/1.1 alone
 *
 * ALPN may agree on something else every time, so that is a guess, and only decides how many connections are made at once. A server that
 * refuses HTTP/2 by name (RFC 9113 §7) would agree to it again: it is not offered any more.
 */
import { onlyHttp1, type HttpProtocol, type Destination } from '../model/destination.ts';
import { RecentMap } from '../model/recent-map.ts';
import type { Sharing } from './decide.ts';

type LearntProtocol = HttpProtocol | 'http/1.1 alone';

/** Each by its key. */
interface KnownDestination {
  readonly destination: Destination;
  readonly key: string;
}

/** What was learnt of peers outlives their connections, up to this many. */
const rememberedPeers = 1_000;

export class Learnt {
  readonly #learnt: RecentMap<LearntProtocol>;

  constructor(limit: number = rememberedPeers) {
    this.#learnt = new RecentMap(limit);
  }

  sharingOf({ destination, key }: KnownDestination): Sharing {
    const [first, ...others] = destination.protocols;
    const protocol = others.length === 0 ? first : this.#learnt.get(key);
    if (protocol === undefined) return 'unknown';
    return protocol === 'h2' ? 'shared' : 'exclusive';
  }

  /** What to offer it. */
  offerFor({ destination, key }: KnownDestination): readonly HttpProtocol[] {
    return this.refusesHttp2(key) ? onlyHttp1 : destination.protocols;
  }

  refusesHttp2(key: string): boolean {
    return this.#learnt.get(key) === 'http/1.1 alone';
  }

  /** A connection was made. Returns whether it is of use: one over HTTP/2 may have been under way when that was refused. */
  onAgreed(key: string, protocol: HttpProtocol): boolean {
    const isRefusing = this.refusesHttp2(key);
    this.#learnt.set(key, isRefusing ? 'http/1.1 alone' : protocol);
    return !isRefusing || protocol === 'http/1.1';
  }

  /** Returns whether there is HTTP/1.1 to go on with: where it is permitted, and a thing to agree on. */
  onHttp1Required({ destination, key }: KnownDestination): boolean {
    if (destination.origin.scheme !== 'https' || !destination.protocols.includes('http/1.1')) return false;
    this.#learnt.set(key, 'http/1.1 alone');
    return true;
  }
}
