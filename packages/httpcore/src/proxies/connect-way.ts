import type { Network } from '../model/network.ts';
import type { Proxy } from '../model/proxy/proxy.ts';
import type { TraceEvents, TraceObserver } from '../contract/trace.ts';
import type { Tunnelling, Tunnels } from './tunnels.ts';
import type { Way, WayListener } from '../dial/way.ts';

/** Through an HTTP proxy, by CONNECT. */
export class ConnectWay implements Way {
  readonly #proxy: Proxy;
  readonly #authority: string;
  readonly #network: Network | null;
  readonly #tunnels: Tunnels;
  readonly #listener: WayListener;
  #tunnelling: Tunnelling | undefined;
  #isWithProxy = false;
  #isCancelled = false;

  constructor(proxy: Proxy, authority: string, network: Network | null, tunnels: Tunnels, listener: WayListener) {
    this.#proxy = proxy;
    this.#authority = authority;
    this.#network = network;
    this.#tunnels = tunnels;
    this.#listener = listener;
  }

  get hanging(): string {
    const { origin } = this.#proxy;
    return this.#isWithProxy ? `the proxy ${origin} did not open the way` : `the proxy ${origin} was not reached`;
  }

  get unreachedProxy(): string {
    return this.#proxy.origin;
  }

  start(): void {
    this.#listener.enter('tunnelling');
    this.#tunnelling = this.#tunnels.open({
      proxy: this.#proxy,
      authority: this.#authority,
      network: this.#network,
      inContext: (task) => this.#listener.inContext(task),
      trace: this.#observe,
      onOpen: (transport) => {
        this.#listener.trace('proxy-end', { proxy: this.#proxy.origin });
        if (this.#listener.isSettled) transport.destroy();
        else this.#listener.onReady(transport);
      },
      onFailed: (error) => this.#listener.onFailed(error),
    });
    // An observer may have cancelled from inside.
    if (this.#isCancelled) this.#tunnelling.cancel();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#tunnelling?.cancel();
  }

  /** What the request for the tunnel goes through is part of the way; that it is a request is not. */
  readonly #observe: TraceObserver = (name, _at, detail) => {
    const listener = this.#listener;
    if (listener.isSettled) return;
    switch (name) {
      case 'dns-start':
        listener.enter('resolving');
        listener.trace(name, detail);
        break;
      case 'connect-start':
        listener.enter('connecting');
        listener.trace(name, detail);
        break;
      case 'connect-end':
        listener.trace(name, detail);
        if (this.#proxy.via === null) this.#withProxy();
        break;
      case 'proxy-end':
        listener.trace(name, detail);
        if ((detail as TraceEvents['proxy-end']).proxy === this.#proxy.via?.origin) this.#withProxy();
        break;
      case 'dns-end':
      case 'connect-failed':
      case 'proxy-start':
      case 'tls-start':
      case 'tls-end':
        listener.trace(name, detail);
        break;
      case 'assigned':
        this.#withProxy();
        break;
      default:
    }
  };

  #withProxy(): void {
    if (this.#isWithProxy || this.#listener.isSettled) return;
    this.#isWithProxy = true;
    this.#listener.enter('tunnelling');
    this.#listener.trace('proxy-start', { proxy: this.#proxy.origin });
  }
}
