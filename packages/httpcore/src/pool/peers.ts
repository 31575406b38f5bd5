/** Finds the pool of connections that a request is for: by what the request says, and by whom that leads to. */
import { parseOrigin, type Origin } from '../model/origin.ts';
import { originDestination, destinationKey, proxyDestination, type Destination } from '../model/destination.ts';
import { proxyFacts, type Proxy } from '../model/proxy/proxy.ts';
import type { Peer } from './peer.ts';

/** Where a request goes. Where a proxy forwards, the pool is that of the proxy, for many origins. */
export interface FoundPeer {
  readonly origin: Origin;
  readonly peer: Peer;
}

interface PeerOptions {
  readonly http1: boolean;
  readonly http2: boolean;
  readonly tls: { readonly servername?: string | undefined };
}

/** Spellings of one host (letter case) without end must not fill the map; the origins behind one proxy may be many. */
const spellingsOfAnOrigin = 8;
const spellingsOfAProxy = 256;

export class Peers {
  readonly #options: PeerOptions;
  readonly #create: (destination: Destination, key: string, isForwarded: boolean) => Peer;
  readonly #byKey = new Map<string, Peer>();
  readonly #bySpelling = new Map<string, FoundPeer>();

  // What was asked for last, by what was said and not by a key: most programs talk to one origin for a while.
  #lastScheme = '';
  #lastHost = '';
  #lastPort: number | null = null;
  #lastServername: string | undefined = undefined;
  #lastProxy: Proxy | null = null;
  #lastForwarded = false;
  #last: FoundPeer | null = null;

  constructor(options: PeerOptions, create: (destination: Destination, key: string, isForwarded: boolean) => Peer) {
    this.#options = options;
    this.#create = create;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Those that there are now; what happens to them meanwhile does not change it. */
  all(): Peer[] {
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
  ): FoundPeer {
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
    const found = this.#bySpelling.get(spelling) ?? this.#make(scheme, host, port, servername, proxy, isForwarded, spelling);
    this.#lastScheme = scheme;
    this.#lastHost = host;
    this.#lastPort = port;
    this.#lastServername = servername;
    this.#lastProxy = proxy;
    this.#lastForwarded = isForwarded;
    this.#last = found;
    return found;
  }

  #make(
    scheme: string,
    host: string,
    port: number | null,
    servername: string | undefined,
    proxy: Proxy | null,
    isForwarded: boolean,
    spelling: string,
  ): FoundPeer {
    const origin = parseOrigin(scheme, host, port, servername ?? this.#options.tls.servername);
    const destination = isForwarded ? proxyDestination(proxy!) : originDestination(origin, proxy, this.#options);
    const peer = this.peerFor(destination, isForwarded);
    const found = { origin, peer };
    if (peer.spellings.length < (isForwarded ? spellingsOfAProxy : spellingsOfAnOrigin)) {
      this.#bySpelling.set(spelling, found);
      peer.spellings.push(spelling);
    }
    return found;
  }

  peerFor(destination: Destination, isForwarded: boolean): Peer {
    const key = destinationKey(destination);
    let peer = this.#byKey.get(key);
    if (peer === undefined) {
      peer = this.#create(destination, key, isForwarded);
      this.#byKey.set(key, peer);
    }
    return peer;
  }

  /** It has something to do; it may have been forgotten a moment before. */
  keep(peer: Peer): void {
    if (!this.#byKey.has(peer.key)) this.#byKey.set(peer.key, peer);
  }

  forget(peer: Peer): void {
    if (this.#byKey.get(peer.key) === peer) this.#byKey.delete(peer.key);
    for (const spelling of peer.spellings) this.#bySpelling.delete(spelling);
    peer.spellings.length = 0;
    if (this.#last?.peer === peer) this.#last = null;
  }
}
