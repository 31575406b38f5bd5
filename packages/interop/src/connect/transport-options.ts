import type { ClientLike, DispatcherLike } from '../carrier/carrier.ts';
import { connectHttpClient, type ConnectHttpClient } from './http-client.ts';

/** Those that have a default; a transport takes others as well, such as `jsonOptions` and `defaultTimeoutMs`. */
export interface TransportDefaults {
  readonly useBinaryFormat: boolean;
  readonly acceptCompression: [];
  readonly sendCompression: null;
  readonly interceptors: [];
  /** Bytes of one message. */
  readonly readMaxBytes: number;
  readonly writeMaxBytes: number;
  readonly compressMinBytes: number;
}

// The largest that Connect allows.
const maxBytes = 0xffff_ffff;

const defaults: TransportDefaults = {
  useBinaryFormat: true,
  acceptCompression: [],
  sendCompression: null,
  interceptors: [],
  readMaxBytes: maxBytes,
  writeMaxBytes: maxBytes,
  compressMinBytes: 1024,
};

/**
 * Options for `createTransport` of `@connectrpc/connect/protocol-connect`, `…/protocol-grpc` or `…/protocol-grpc-web`: with a client as its HTTP
 * client, and with a default for each that has to be there. gRPC needs HTTP/2: TLS, or a pool with `http1: false`.
 *
 * No compression is accepted unless `acceptCompression` says so; `compressionGzip` and `compressionBrotli` are in `@connectrpc/connect-node`.
 *
 * @throws {TypeError} `carrier` is neither client nor dispatcher.
 * @example
 * import { createTransport } from '@connectrpc/connect/protocol-grpc';
 *
 * const transport = createTransport(transportOptions(client, { baseUrl: 'https://api.example.com' }));
 * const eliza = createClient(ElizaService, transport);
 */
export function transportOptions<Options extends { readonly baseUrl: string }>(
  carrier: ClientLike | DispatcherLike,
  options: Options,
): Omit<TransportDefaults, keyof Options> & Options & { readonly httpClient: ConnectHttpClient } {
  return { ...defaults, ...options, httpClient: connectHttpClient(carrier) };
}
