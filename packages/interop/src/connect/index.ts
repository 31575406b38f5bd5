/** `@x/interop/connect`: the HTTP client of a transport of Connect, which speaks Connect, gRPC and gRPC-web. */
export type { ClientLike, DispatcherLike } from '../carrier/carrier.ts';
export { connectHttpClient, type ConnectHttpClient, type ConnectRequest, type ConnectResponse } from './http-client.ts';
export { transportOptions, type TransportDefaults } from './transport-options.ts';
