import { ConnectError, ProxyError, type HttpCoreError } from '../contract/errors.ts';
import { proxyFacts, type Proxy } from '../model/proxy/proxy.ts';
import { unreached } from '../model/proxy/unreached.ts';
import type { ProxyScheme } from '../model/proxy/proxy-url.ts';
import type { Resolving } from '../net/dns/look-up.ts';
import { isAddress, type FoundEndpoint, type Resolver } from '../net/dns/resolver.ts';
import type { SocketTransport } from '../net/socket-transport.ts';
import { createSocksHandshake, type SocksHandler, type SocksHandshake, type SocksVersion } from '../protocol/socks/socks.ts';
import type { Guard } from '../contract/guard.ts';
import { Admission } from '../dial/admission.ts';
import { lookUp } from '../dial/look-up.ts';
import type { Way, WayListener } from '../dial/way.ts';

const versions: Readonly<Partial<Record<ProxyScheme, SocksVersion>>> = { socks4: '4', socks4a: '4a', socks5: '5', socks5h: '5' };

/**
 * RFC 1928 §6: network or host unreachable, connection refused, TTL expired, address type not supported. Another address may do; and so it may after a general
 * failure, which many a proxy without IPv6 says of an IPv6 address.
 */
const isOfTheAddress = new Set([1, 3, 4, 5, 6, 8]);
/** SOCKS4 knows one refusal for everything. */
const anyRefusal = 91;

/**
 * Through a SOCKS proxy. `socks4a` and `socks5h` give it the name; for `socks4` and `socks5` the name is resolved here, and its
 * addresses are tried one after the other, each on a connection of its own, since a proxy closes the one on which it has refused.
 */
export class SocksWay implements Way {
  readonly #proxy: Proxy;
  readonly #host: string;
  readonly #port: number;
  readonly #resolver: Resolver;
  readonly #guard: Guard | null;
  readonly #openLeg: (listener: WayListener) => Way;
  readonly #listener: WayListener;
  #resolving: Resolving | undefined;
  #leg: Way | undefined;
  #transport: SocketTransport | undefined;

  /** `openLeg` makes the way to the proxy itself. */
  constructor(
    proxy: Proxy,
    target: { readonly host: string; readonly port: number },
    { resolver, guard }: { readonly resolver: Resolver; readonly guard: Guard | null },
    openLeg: (listener: WayListener) => Way,
    listener: WayListener,
  ) {
    this.#proxy = proxy;
    this.#host = target.host;
    this.#port = target.port;
    this.#resolver = resolver;
    this.#guard = guard;
    this.#openLeg = openLeg;
    this.#listener = listener;
  }

  get hanging(): string {
    if (this.#transport !== undefined) return `the proxy ${this.#proxy.origin} did not open the way`;
    return this.#leg?.hanging ?? `the name ${JSON.stringify(this.#host)} was not resolved`;
  }

  get unreachedProxy(): string | undefined {
    return this.#leg === undefined ? undefined : this.#proxy.origin;
  }

  start(): void {
    const { scheme } = this.#proxy;
    if (isAddress(this.#host) || scheme === 'socks4a' || scheme === 'socks5h') {
      this.#try([{ address: this.#host, port: this.#port }]);
      return;
    }
    // Whatever family our own address has: it is the proxy that connects.
    const question = { host: this.#host, port: this.#port, localAddress: undefined };
    this.#resolving = lookUp(question, this.#resolver, this.#listener, ({ endpoints }) => {
      const usable = scheme === 'socks4' ? endpoints.filter(({ address }) => !address.includes(':')) : endpoints;
      if (usable.length > 0) this.#tryAllowed(usable);
      else
        this.#listener.onFailed(
          new ConnectError(`SOCKS4 needs an IPv4 address, and ${JSON.stringify(this.#host)} has none`, {
            code: 'DNS_FAILED',
            phase: 'dns',
          }),
        );
    });
  }

  /** Names that the proxy resolves, and addresses that were given, were asked about before there was a way. */
  #tryAllowed(endpoints: readonly FoundEndpoint[]): void {
    const target = { host: this.#host, port: this.#port, proxy: this.#proxy.origin };
    const allowed = this.#guard === null ? endpoints : new Admission(this.#guard, target, this.#listener).endpoints(endpoints);
    if (!this.#listener.isSettled) this.#try(allowed);
  }

  cancel(): void {
    this.#resolving?.cancel();
    this.#leg?.cancel();
    this.#transport?.destroy();
  }

  #try([endpoint, ...others]: readonly FoundEndpoint[]): void {
    let handshake: SocksHandshake;
    try {
      handshake = this.#handshake(endpoint!, {
        onEstablished: (rest) => this.#established(rest),
        onFailed: (error, reply) => this.#refused(error, reply, others),
      });
    } catch (error) {
      // It can't be said in this version of SOCKS; nothing was sent.
      this.#listener.onFailed(error as HttpCoreError);
      return;
    }
    const listener = this.#listener;
    this.#leg = this.#openLeg({
      get isSettled() {
        return listener.isSettled;
      },
      enter: (stage) => listener.enter(stage),
      trace: (name, detail) => listener.trace(name, detail),
      inContext: (task) => listener.inContext(task),
      onReady: (transport) => this.#negotiate(transport, handshake),
      onFailed: (error) => listener.onFailed(unreached(error, this.#proxy)),
    });
    this.#leg.start();
  }

  #handshake({ address, port }: FoundEndpoint, handler: SocksHandler): SocksHandshake {
    const { credentials } = proxyFacts(this.#proxy);
    const version = versions[this.#proxy.scheme]!;
    const identity = credentials === null ? undefined : { user: credentials[0], password: credentials[1] };
    const sink = { write: (data: string | Uint8Array) => this.#transport!.write(data) };
    return createSocksHandshake(version, { host: address, port }, identity, sink, handler);
  }

  #negotiate(transport: SocketTransport, handshake: SocksHandshake): void {
    this.#transport = transport;
    this.#listener.enter('tunnelling');
    this.#listener.trace('proxy-start', { proxy: this.#proxy.origin });
    if (this.#listener.isSettled) return;
    transport.start({
      onBytes: (chunk) => handshake.receive(chunk),
      onEnd: () => handshake.receiveEnd(),
      onDrain() {},
      onClosed: () => handshake.receiveEnd(),
    });
    handshake.start();
  }

  #established(rest: Uint8Array): void {
    const transport = this.#transport!;
    transport.release(rest);
    this.#listener.trace('proxy-end', { proxy: this.#proxy.origin });
    if (this.#listener.isSettled) return;
    this.#transport = undefined;
    this.#listener.onReady(transport);
  }

  #refused(error: HttpCoreError, reply: number | undefined, others: readonly FoundEndpoint[]): void {
    this.#transport?.destroy();
    this.#transport = undefined;
    const mayHelp = reply !== undefined && (isOfTheAddress.has(reply) || reply === anyRefusal);
    if (mayHelp && others.length > 0 && !this.#listener.isSettled) this.#try(others);
    else this.#listener.onFailed(this.#named(error, reply));
  }

  /** The engine knows of no proxy but the one that it speaks with; on a way there may be several. */
  #named(error: HttpCoreError, reply: number | undefined): HttpCoreError {
    const { code, phase } = error;
    return new ProxyError(`No way through the proxy ${this.#proxy.origin} to ${this.#host}:${this.#port}: ${error.message}`, {
      code,
      phase,
      reply,
      unreachedProxy: code === 'PROXY_CLOSED' ? this.#proxy.origin : undefined,
    });
  }
}
