/**
 * What the connections to each destination have taught, for the next one:
 *
 * - Which protocol it speaks. ALPN may agree on something else every time, so that is a guess, and only decides how many connections are
 *   made at once. A server that refuses HTTP/2 by name (RFC 9113 §7) would agree to it again: it is not offered any more.
 *
 *     unknown ──▶ h2 ◀──▶ http/1.1
 *                  │          │
 *                  └──────────┴──HTTP_1_1_REQUIRED──▶ http/1.1 alone
 *
 * - How many streams it takes at once, where that is less than is assumed of servers: a second connection need not find it out by being
 *   refused.
 * - How long it keeps connections that are idle.
 * - That it has turned requests away that came over a connection to another origin (421, RFC 9110 §15.5.20).
 * - That requests are not to be pipelined to it for a while.
 */
import { onlyHttp1, type HttpProtocol, type Destination } from '../model/destination.ts';
import { RecentMap } from '../model/recent-map.ts';
import type { Pipelining } from '../connection/pipelining.ts';
import type { DialRequest } from '../dial/dial.ts';
import type { Sharing } from './decide.ts';
import type { KeepAliveEstimate } from './keep-alive-estimate.ts';

interface Lessons {
  keepAlive?: KeepAliveEstimate;
  protocol?: HttpProtocol | 'http/1.1 alone';
  streamLimit?: number | undefined;
  isMisdirected?: true;
  /** In clock milliseconds. */
  pipelinedFrom?: number;
}

/** Each by its key. */
interface KnownDestination {
  readonly destination: Destination;
  readonly key: string;
}

/** What was learnt of peers outlives their connections, up to this many. */
const rememberedPeers = 1_000;
/** RFC 9113 §6.5.2: what is assumed of servers that are not known. */
const recommendedStreams = 100;

export class Learnt {
  readonly #lessons: RecentMap<Lessons>;

  constructor(limit: number = rememberedPeers) {
    this.#lessons = new RecentMap(limit);
  }

  sharingOf({ destination, key }: KnownDestination): Sharing {
    const [first, ...others] = destination.protocols;
    const protocol = others.length === 0 ? first : this.#lessons.get(key)?.protocol;
    if (protocol === undefined) return 'unknown';
    return protocol === 'h2' ? 'shared' : 'exclusive';
  }

  /** What a dial goes by, and who is told what it teaches. */
  forDial({ destination, key }: KnownDestination): Pick<DialRequest, 'protocols' | 'streamLimit' | 'onStreamLimit'> {
    return {
      protocols: this.refusesHttp2(key) ? onlyHttp1 : destination.protocols,
      streamLimit: this.#lessons.get(key)?.streamLimit,
      onStreamLimit: (limit) => this.#onStreamLimit(key, limit),
    };
  }

  refusesHttp2(key: string): boolean {
    return this.#lessons.get(key)?.protocol === 'http/1.1 alone';
  }

  /** A connection was made. Returns whether it is of use: one over HTTP/2 may have been under way when that was refused. */
  onAgreed(key: string, protocol: HttpProtocol): boolean {
    const isRefusing = this.refusesHttp2(key);
    this.#of(key).protocol = isRefusing ? 'http/1.1 alone' : protocol;
    return !isRefusing || protocol === 'http/1.1';
  }

  /** Returns whether there is HTTP/1.1 to go on with: where it is permitted, and a thing to agree on. */
  onHttp1Required({ destination, key }: KnownDestination): boolean {
    if (destination.origin.scheme !== 'https' || !destination.protocols.includes('http/1.1')) return false;
    this.#of(key).protocol = 'http/1.1 alone';
    return true;
  }

  /** Once and for all: where one connection of others does not serve it, the next to the same address won't. */
  onMisdirected(key: string): void {
    this.#of(key).isMisdirected = true;
  }

  /** May connections of other origins not serve it? */
  isNoGuest(key: string): boolean {
    const lessons = this.#lessons.get(key);
    return lessons !== undefined && (lessons.isMisdirected === true || lessons.protocol === 'http/1.1 alone');
  }

  /** For a dial: what its connection is told of pipelining, and what that teaches. */
  pipeliningOf(key: string, depth: number): Pipelining {
    return {
      depth,
      isFit: (now) => this.isPipelinable(key, now),
      onUnfit: (until) => {
        this.#of(key).pipelinedFrom = Math.max(until, this.#lessons.get(key)?.pipelinedFrom ?? 0);
      },
    };
  }

  isPipelinable(key: string, now: number): boolean {
    return (this.#lessons.get(key)?.pipelinedFrom ?? 0) <= now;
  }

  keepAliveOf(key: string): KeepAliveEstimate | undefined {
    return this.#lessons.get(key)?.keepAlive;
  }

  onKeepAlive(key: string, estimate: KeepAliveEstimate): void {
    this.#of(key).keepAlive = estimate;
  }

  #onStreamLimit(key: string, limit: number): void {
    if (limit < recommendedStreams) this.#of(key).streamLimit = limit;
    else if (this.#lessons.has(key)) this.#of(key).streamLimit = undefined;
  }

  #of(key: string): Lessons {
    const known = this.#lessons.get(key);
    if (known !== undefined) return known;
    const lessons: Lessons = {};
    this.#lessons.set(key, lessons);
    return lessons;
  }
}
