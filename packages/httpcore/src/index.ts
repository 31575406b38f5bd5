/**
 * `@x/httpcore`: moves one HTTP request over a connection and hands the response back.
 *
 * @packageDocumentation
 */
export type {
  ByteIterable,
  Dispatcher,
  DispatchContext,
  DispatchResponse,
  DuplexBody,
  HeaderPair,
  InformationalObserver,
  ProxyIdentity,
  ResponseBody,
  Timeouts,
  TrailerSource,
  UrlParts,
} from './contract.ts';
export type {
  Application,
  ApplicationAnswer,
  ApplicationBody,
  ApplicationRequest,
  ApplicationRequestBody,
  ApplicationResponse,
  ApplicationResponseTuple,
} from './dispatchers/application.ts';
export { ConnectionPool } from './dispatchers/connection-pool.ts';
export { fetchHandlerDispatcher } from './dispatchers/fetch-handler.ts';
export type { FetchHandler } from './dispatchers/fetch-handler.ts';
export type { InProcessOptions } from './dispatchers/in-process-dispatcher.ts';
export { mockDispatcher } from './dispatchers/mock.ts';
export { nodeHandlerDispatcher } from './dispatchers/node-handler.ts';
export type { NodeListener } from './dispatchers/node-handler.ts';
export {
  Aborted,
  CloseError,
  ConnectError,
  ConnectTimeout,
  DeadlineExceeded,
  HttpCoreError,
  LocalProtocolError,
  NetworkError,
  PoolClosed,
  PoolTimeout,
  ProtocolError,
  ProxyError,
  ReadError,
  ReadTimeout,
  RemoteProtocolError,
  TimeoutError,
  UnsupportedProtocol,
  WriteError,
  WriteTimeout,
} from './errors.ts';
export type { ConnectFailure, ErrorFacts, ErrorInit, ErrorPhase, ProxyRefusal, SlotHolder } from './errors.ts';
export type { PoolOptions } from './model/options.ts';
export { Proxy } from './model/proxy.ts';
export type { ProxyOptions } from './model/proxy-options.ts';
export type { ProxiedRequest, ProxyAuthenticator, ProxyChallenge } from './model/proxy-authenticator.ts';
export type { ProxyScheme } from './model/proxy-url.ts';
export type { CertificateInput, TlsOptions } from './model/tls-options.ts';
export { diagnosticsChannelName } from './observe/diagnostics-channel.ts';
export type { DiagnosticsMessage } from './observe/diagnostics-channel.ts';
export type { ConnectionInfo, DialTimings, TraceEventName, TraceEvents, TraceObserver } from './observe/trace.ts';
export type { OriginStats, PoolStats } from './pool/pool.ts';
