/**
 * A way is what leads to the host and port of a peer, before TLS with it: a connection of its own, or one through a proxy. Ways
 * know nothing of limits in time and settle nothing: they tell the dial that they are part of, and are cancelled by it.
 */
import type { HttpCoreError } from '../contract/errors.ts';
import type { TransportFacts } from '../net/byte-transport.ts';
import type { Network } from '../model/network.ts';
import type { Proxy } from '../model/proxy/proxy.ts';
import type { SocketTransport } from '../net/socket-transport.ts';
import type { TraceEventName, TraceEvents } from '../contract/trace.ts';

export type Stage = 'idle' | 'resolving' | 'connecting' | 'tunnelling' | 'securing' | 'settled';

export interface Way {
  start(): void;
  /** Closes what was opened; nothing is told afterwards. */
  cancel(): void;
  /** What it waits for, in words that end "No connection within 10 s: …". */
  readonly hanging: string;
  /** The proxy that it waits for, to be reached or to open the way. */
  readonly unreachedProxy?: string | undefined;
}

/** What a way tells the dial. Any call may end with the way cancelled: look at `isSettled` before going on. */
export interface WayListener {
  readonly isSettled: boolean;
  enter(stage: Stage): void;
  trace<Name extends TraceEventName>(name: Name, detail: TraceEvents[Name]): void;
  /** Calls back, in the async context of the request that it is for. */
  inContext<Result>(task: () => Result): Result;
  onReady(transport: SocketTransport): void;
  onFailed(error: HttpCoreError): void;
}

/** Where a way is to lead. */
export interface WayTarget {
  readonly host: string;
  readonly port: number;
  /** `scheme://host:port` */
  readonly text: string;
}

/** Makes the ways that lead through a proxy, which the dialler knows by this alone. */
export interface WaysThroughProxies {
  /** `network`: what the request says of the connection; its address is the one to connect to the first proxy from. */
  wayThrough(proxy: Proxy, target: WayTarget, network: Network | null, listener: WayListener): Way;
}

export function traceSecured(listener: Pick<WayListener, 'trace'>, { tls, alpnProtocol }: TransportFacts): void {
  if (tls !== undefined) listener.trace('tls-end', { version: tls.version, alpnProtocol, resumed: tls.resumed });
}
