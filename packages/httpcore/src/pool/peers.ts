/** Finds the pool of connections that a request is for: by what the request says, and by whom that leads to. */
import type { UrlParts } from '../contract/values.ts';
import { parseOrigin, type Origin } from '../model/origin.ts';
import { destinationKey, destinationOf, type Destination } from '../model/destination.ts';
import type { TlsSource } from '../contract/tls-options.ts';
import type { Network } from '../model/network.ts';
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
  readonly tlsSource: TlsSource | null;
}

/** Spellings of one host (letter case) without end must not fill the map; the origins behind one proxy may be many. */
const spellingsOfAnOrigin = 8;
const spellingsOfAProxy = 256;

export class Peers {
  readonly #options: PeerOptions;
  readonly #create: (destination: Destination, key: string, isForwarded: boolean) => Peer;
  readonly #byKey = new Map<string, Peer>();
  readonly #bySpelling = new Map<string, FoundPeer>();

  /** Most programs talk to one origin for a while. */
  #last: { readonly spelling: Spelling; readonly found: FoundPeer } | null = null;

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
  find(url: UrlParts, servername: string | undefined, proxy: Proxy | null, isForwarded: boolean, network: Network | null): FoundPeer {
    if (this.#last?.spelling.isOf(url, servername, proxy, isForwarded, network) === true) return this.#last.found;
    const spelling = new Spelling(url, servername, proxy, isForwarded, network);
    const found = this.#bySpelling.get(spelling.key) ?? this.#make(spelling);
    this.#last = { spelling, found };
    return found;
  }

  #make(spelling: Spelling): FoundPeer {
    const { scheme, host, port, servername, proxy, isForwarded, network, key } = spelling;
    const origin = parseOrigin(scheme, host, port, this.#isPlain(servername, host, network) ? undefined : servername);
    const peer = this.peerFor(destinationOf(origin, proxy, isForwarded, this.#options, network), isForwarded);
    const found = { origin, peer };
    if (peer.spellings.length < (isForwarded ? spellingsOfAProxy : spellingsOfAnOrigin)) {
      this.#bySpelling.set(key, found);
      peer.spellings.push(key);
    }
    return found;
  }

  /** Is it what goes without saying? Not where the TLS options name another, or may come to do so: they are asked with each handshake. */
  #isPlain(servername: string | undefined, host: string, network: Network | null): boolean {
    const { tls, tlsSource } = this.#options;
    return servername === host && tlsSource === null && (network?.tls?.servername ?? tls.servername) === undefined;
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
    if (this.#last?.found.peer === peer) this.#last = null;
  }
}

/** Whom a request says that it is for, and by which way, as it says so: nothing of it is checked yet. */
class Spelling {
  readonly scheme: string;
  readonly host: string;
  readonly port: number | null;
  readonly servername: string | undefined;
  readonly proxy: Proxy | null;
  readonly isForwarded: boolean;
  readonly network: Network | null;

  constructor(
    [scheme, host, port]: UrlParts,
    servername: string | undefined,
    proxy: Proxy | null,
    isForwarded: boolean,
    network: Network | null,
  ) {
    this.scheme = scheme;
    this.host = host;
    this.port = port;
    this.servername = servername;
    this.proxy = proxy;
    this.isForwarded = isForwarded;
    this.network = network;
  }

  isOf(url: UrlParts, servername: string | undefined, proxy: Proxy | null, isForwarded: boolean, network: Network | null): boolean {
    return (
      url[1] === this.host &&
      url[0] === this.scheme &&
      url[2] === this.port &&
      servername === this.servername &&
      proxy === this.proxy &&
      isForwarded === this.isForwarded &&
      network === this.network
    );
  }

  /** @throws {LocalProtocolError} the proxy is none. */
  get key(): string {
    const { scheme, host, port, servername, proxy, isForwarded, network } = this;
    return JSON.stringify([scheme, host, port, servername, isForwarded, proxy === null ? null : proxyFacts(proxy).key, network?.key]);
  }
}
