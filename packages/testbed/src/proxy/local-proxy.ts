/** What every proxy of the testbed shows of itself, whatever it speaks. */
import type { ConnectionCounts } from '../server/connection-ledger.ts';
import type { LocalHost } from '../server/bind.ts';
import type { ListeningServer } from '../server/local-server.ts';
import type { FarSide } from './far-side.ts';
import type { TunnelCounts, Tunnels } from './tunnels.ts';

/** One thing that a client asked a proxy for, admitted or not. */
export interface ProxiedRequest {
  readonly kind: 'forward' | 'connect' | 'socks4' | 'socks4a' | 'socks5';
  /** `host:port` exactly as asked; IPv6 addresses in brackets. Empty where the client was refused before it could say. */
  readonly target: string;
  readonly addressType: 'ipv4' | 'ipv6' | 'name' | undefined;
  /** As received; none with SOCKS. HTTP/2's pseudo-headers are among them. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** False where the proxy wants credentials and these were not it. */
  readonly authorized: boolean;
  /** The common name of the certificate that the client showed, where it showed one. */
  readonly clientName?: string;
  /** The user of SOCKS4, or of SOCKS5 with a password. */
  readonly user?: string;
  /** The index of its connection in `connections.requestsPerConnection`. */
  readonly connection: number;
}

export interface LocalProxy extends AsyncDisposable {
  readonly host: LocalHost;
  /** 0 on a unix socket. */
  readonly port: number;
  /** What a client has to trust to reach the proxy over TLS, in PEM; `undefined` without TLS. */
  readonly ca: string | undefined;
  /** Connections of clients. A request is one that `requests` has. */
  readonly connections: ConnectionCounts;
  readonly requests: readonly ProxiedRequest[];
  readonly tunnels: TunnelCounts;
  /** Destroys the tunnels that are open, both ends of each. */
  dropTunnels(): void;
  /** Destroys every connection, to clients and to targets, and stops listening. Idempotent. */
  stop(): Promise<void>;
}

/** Joins the sides of a running proxy. */
export function localProxy(
  listening: ListeningServer,
  far: FarSide,
  { requests, tunnels }: { readonly requests: readonly ProxiedRequest[]; readonly tunnels: Tunnels },
): LocalProxy {
  let stopping: Promise<void> | undefined;
  const finish = async (): Promise<void> => {
    await Promise.all([listening.close(), far.close()]);
    tunnels.serverClosed();
  };
  const stop = (): Promise<void> => (stopping ??= finish());
  return {
    host: listening.host,
    port: listening.port,
    ca: listening.ca,
    connections: listening.connections,
    requests,
    tunnels,
    dropTunnels: () => tunnels.drop(),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
