/** With other certificates or keys no request goes over connections that were made before. */
import type { TlsOptions, TlsSource } from '../contract/tls-options.ts';
import type { Dialer } from '../dial/dial.ts';
import { proxyFacts, type Proxy } from '../model/proxy/proxy.ts';
import type { Coalescing } from './coalescing.ts';
import type { Peers } from './peers.ts';

export class Renewals {
  readonly #dialer: Dialer;
  readonly #peers: Peers;
  readonly #coalescing: Coalescing | null;
  /** What held for proxies when they were last asked. */
  readonly #ofProxies = new WeakMap<TlsSource, TlsOptions>();

  constructor(dialer: Dialer, peers: Peers, coalescing: Coalescing | null) {
    this.#dialer = dialer;
    this.#peers = peers;
    this.#coalescing = coalescing;
  }

  /** TLS with origins, in tunnels too. */
  review(): void {
    const tls = this.#dialer.reviewTls?.();
    if (tls === undefined) return;
    this.#coalescing?.trustBy(tls);
    for (const peer of this.#peers.all()) {
      const { origin, proxy } = peer.destination;
      if (origin.scheme === 'https' && proxy === null) peer.retire();
    }
  }

  /** TLS with a proxy, and with those through which it is reached. */
  reviewProxies(last: Proxy): void {
    if (!proxyFacts(last).isRenewed) return;
    for (const proxy of chainOf(last)) {
      const { tlsSource } = proxyFacts(proxy);
      if (tlsSource === null) continue;
      const now = this.#dialer.reviewProxyTls?.(proxy);
      const before = this.#ofProxies.get(tlsSource);
      if (now === undefined || now === before) continue;
      this.#ofProxies.set(tlsSource, now);
      if (before !== undefined) this.#retireThrough(tlsSource);
    }
  }

  #retireThrough(source: TlsSource): void {
    for (const peer of this.#peers.all()) {
      const { proxy, via } = peer.destination;
      if (chainOf(proxy ?? via).some((each) => proxyFacts(each).tlsSource === source)) peer.retire();
    }
  }
}

function chainOf(last: Proxy | null): readonly Proxy[] {
  return last === null ? [] : [last, ...chainOf(last.via)];
}
