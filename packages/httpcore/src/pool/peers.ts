/** Finds the pool of connections that a request is for: by what the request says, and by whom that leads to. */
import { parseOrigin, type Origin } from '../model/origin.ts';
import { originPeer, peerKey, proxyPeer, type Peer } from '../model/destination.ts';
import { proxyFacts, type Proxy } from '../model/proxy/proxy.ts';
import type { OriginPool } from './peer.ts';

/** Where a request goes. Where a proxy forwards, the pool is that of the proxy, for many origins. */
export interface Destination {
  readonly origin: Origin;
  readonly originPool: OriginPool;
}

interface PeerOptions {
  readonly http1: boolean;
  readonly http2: boolean;
  readonly tls: { readonly servername?: string | undefined };
}

/** Spellings of one host (letter case) without end must not fill the map; the origins behind one proxy may be many. */
const spellingsOfAnOrigin = 8;
const spellingsOfAProxy = 256;

export class PeerPools {
  readonly #options: PeerOptions;
  readonly #create: (peer: Peer, key: string, isForwarded: boolean) => OriginPool;
  readonly #byKey = new Map<string, OriginPool>();
  readonly #bySpelling = new Map<string, Destination>();

  // What was asked for last, by what was said and not by a key: most programs talk to one origin for a while.
  #lastScheme = '';
  #lastHost = '';
  #lastPort: number | null = null;
  #lastServername: string | undefined = undefined;
  #lastProxy: Proxy | null = null;
  #lastForwarded = false;
  #last: Destination | null = null;

  constructor(options: PeerOptions, create: (peer: Peer, key: string, isForwarded: boolean) => OriginPool) {
    this.#options = options;
    this.#create = create;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Those that there are now; what happens to them meanwhile does not change it. */
  all(): OriginPool[] {
    return Array.from(this.#byKey.values());
  }

  /**
   * @param isForwarded Does the proxy send the request on? Else a tunnel through it leads to the origin.
   * @throws {LocalProtocolError | UnsupportedProtocol} scheme, host, port, server name or proxy is none.
   */
  find(
    scheme: string,
    host: string,
    port: number | null,
    servername: string | undefined,
    proxy: Proxy | null,
    isForwarded: boolean,
  ): Destination {
    if (
      this.#last !== null &&
      host === this.#lastHost &&
      scheme === this.#lastScheme &&
      port === this.#lastPort &&
      servername === this.#lastServername &&
      proxy === this.#lastProxy &&
      isForwarded === this.#lastForwarded
    ) {
      return this.#last;
    }
    const spelling = JSON.stringify([scheme, host, port, servername, isForwarded, proxy === null ? null : proxyFacts(proxy).key]);
    const destination = this.#bySpelling.get(spelling) ?? this.#make(scheme, host, port, servername, proxy, isForwarded, spelling);
    this.#lastScheme = scheme;
    this.#lastHost = host;
    this.#lastPort = port;
    this.#lastServername = servername;
    this.#lastProxy = proxy;
    this.#lastForwarded = isForwarded;
    this.#last = destination;
    return destination;
  }

  #make(
    scheme: string,
    host: string,
    port: number | null,
    servername: string | undefined,
    proxy: Proxy | null,
    isForwarded: boolean,
    spelling: string,
  ): Destination {
    const origin = parseOrigin(scheme, host, port, servername ?? this.#options.tls.servername);
    const peer = isForwarded ? proxyPeer(proxy!) : originPeer(origin, proxy, this.#options);
    const originPool = this.poolOf(peer, isForwarded);
    const destination = { origin, originPool };
    if (originPool.spellings.length < (isForwarded ? spellingsOfAProxy : spellingsOfAnOrigin)) {
      this.#bySpelling.set(spelling, destination);
      originPool.spellings.push(spelling);
    }
    return destination;
  }

  poolOf(peer: Peer, isForwarded: boolean): OriginPool {
    const key = peerKey(peer);
    let originPool = this.#byKey.get(key);
    if (originPool === undefined) {
      originPool = this.#create(peer, key, isForwarded);
      this.#byKey.set(key, originPool);
    }
    return originPool;
  }

  /** It has something to do; it may have been forgotten a moment before. */
  keep(originPool: OriginPool): void {
    if (!this.#byKey.has(originPool.key)) this.#byKey.set(originPool.key, originPool);
  }

  forget(originPool: OriginPool): void {
    if (this.#byKey.get(originPool.key) === originPool) this.#byKey.delete(originPool.key);
    for (const spelling of originPool.spellings) this.#bySpelling.delete(spelling);
    originPool.spellings.length = 0;
    if (this.#last?.originPool === originPool) this.#last = null;
  }
}
