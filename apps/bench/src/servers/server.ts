/** A server that a scenario runs against. */

export interface ServerSetting {
  /** Whether the workload goes over TLS. */
  readonly secure: boolean;
  /** Whether it speaks HTTP/2: by ALPN over TLS, beside HTTP/1.1; alone without TLS. */
  readonly http2: boolean;
  /** The server's own temporary directory; it exists, and is removed afterwards. */
  readonly directory: string;
  /** The core to pin it to, or null where pinning is not possible. */
  readonly core: number | null;
  /** Where the compiled `node-server.js` is. */
  readonly nodeServer: string;
  /** Where the compiled `connect-proxy.js` is. */
  readonly connectProxy: string;
}

export interface RunningServer {
  /** What the report says it is. */
  readonly label: string;
  readonly host: string;
  readonly port: number;
  /** PEM file of the authority that clients have to trust; null without TLS. */
  readonly authority: string | null;
  /** Proxy that the contenders have to go through, or null. */
  readonly proxy: string | null;
  stop(): Promise<void>;
}

export type StartServer = (setting: ServerSetting) => Promise<RunningServer>;
