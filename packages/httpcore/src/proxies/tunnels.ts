/** What the dialler asks of HTTP proxies. How a tunnel is asked for, and who has connections to proxies, is not the dialler's business. */
import type { HttpCoreError } from '../contract/errors.ts';
import type { Network } from '../model/network.ts';
import type { Proxy } from '../model/proxy/proxy.ts';
import type { SocketTransport } from '../net/socket-transport.ts';
import type { TraceObserver } from '../contract/trace.ts';

export interface TunnelRequest {
  readonly proxy: Proxy;
  /** Where it is to lead: `host:port` as CONNECT has it (RFC 9110 §9.3.6). */
  readonly authority: string;
  /** What the request that it is for says of its connection. */
  readonly network: Network | null;
  /** Calls back, in the async context of the request that it is for. */
  readonly inContext: <Result>(task: () => Result) => Result;
  /** Sees the steps of the request for it, and of the connection to the proxy if one has to be made. */
  readonly trace: TraceObserver;
  /** Called once, one or the other, never from inside `open`. The transport is not started; what the proxy sent too early, it holds. */
  onOpen(transport: SocketTransport): void;
  onFailed(error: HttpCoreError): void;
}

export interface Tunnelling {
  /** Gives up. Neither `onOpen` nor `onFailed` follows. */
  cancel(): void;
}

export interface Tunnels {
  open(request: TunnelRequest): Tunnelling;
}
