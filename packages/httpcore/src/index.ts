/**
 * `@x/httpcore`: moves one HTTP request over a connection and hands the response back.
 *
 * @packageDocumentation
 */
export type {
  ByteIterable,
  CloseOptions,
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
} from './contract/dispatcher.ts';
export type {
  Application,
  ApplicationAnswer,
  ApplicationBody,
  ApplicationRequest,
  ApplicationRequestBody,
  ApplicationResponse,
  ApplicationResponseTuple,
} from './in-process/application.ts';
export { ConnectionPool, type ConnectedStream, type ConnectOptions } from './connection-pool.ts';
export { isDuplexBody, toNodeStream } from './exchange/node-stream.ts';
export { fetchHandlerDispatcher } from './in-process/fetch-handler.ts';
export type { FetchHandler } from './in-process/fetch-handler.ts';
export type { InProcessOptions } from './in-process/in-process-dispatcher.ts';
export { mockDispatcher } from './in-process/mock.ts';
export { nodeHandlerDispatcher } from './in-process/node-handler.ts';
export type { NodeListener } from './in-process/node-handler.ts';
export {
  Aborted,
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
} from './contract/errors.ts';
export type { Connect, ConnectRequest } from './model/connect.ts';
export { AddressRefused } from './contract/guard.ts';
export { PinMismatch } from './contract/pin-mismatch.ts';
export type { AddressRefusedInit, Guard, GuardTarget } from './contract/guard.ts';
export type { ConnectFailure, ErrorFacts, ErrorInit, ErrorPhase, ProxyRefusal, SlotHolder } from './contract/errors.ts';
export type { DnsOptions } from './model/dns-options.ts';
export type { PoolOptions } from './model/pool-options.ts';
export { Proxy, type ProxyOptions } from './model/proxy/proxy.ts';
export type { Http2Options } from './model/http2-options.ts';
export type { ProxiedRequest, ProxyAuthenticator, ProxyChallenge } from './model/proxy/proxy-authenticator.ts';
export type { ProxyScheme } from './model/proxy/proxy-url.ts';
export type { NetworkOptions } from './contract/network-options.ts';
export { tlsFiles, type TlsFiles } from './net/tls-files.ts';
export type { CertificateInput, TlsIdentity, TlsOptions, TlsSource } from './contract/tls-options.ts';
export { isSecretField, isSecretParameter } from './model/secrets.ts';
export { diagnosticsChannelName } from './observe/diagnostics-channel.ts';
export type { DiagnosticsMessage } from './observe/diagnostics-channel.ts';
export type {
  AddressSource,
  CertificateFacts,
  ConnectionEventName,
  ConnectionEvents,
  ConnectionInfo,
  ConnectionObserver,
  DialTimings,
  TraceEventName,
  TraceEvents,
  TraceObserver,
} from './contract/trace.ts';
export type { NameStats } from './contract/name-stats.ts';
export type { OriginStats, PoolStats } from './pool/pool-stats.ts';
