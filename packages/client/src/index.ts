/** An HTTP client for Node: verbs, JSON, forms, streams, timeouts, timings and pooled connections. */
export type { AuthFields } from './auth/auth-fields.ts';
export type { AsyncAuthFlow, Auth, AuthExchange, AuthFlow, AuthInput } from './auth/auth.ts';
export { BasicAuth } from './auth/basic.ts';
export { BearerAuth, type TokenSupplier } from './auth/bearer.ts';
export { OAuth2Auth, type OAuth2Options } from './auth/oauth2.ts';
export { TokenError, type OAuth2Tokens } from './auth/oauth2-token.ts';
export { DigestAuth, type DigestAuthOptions } from './auth/digest/digest.ts';
export type { DigestAlgorithmName } from './auth/digest/digest-algorithm.ts';
export type { DigestQuality } from './auth/digest/digest-challenge.ts';
export { NetrcAuth } from './auth/netrc-auth.ts';
export { Client } from './client/client.ts';
export type { ClientHttp2Options } from './client/http2-options.ts';
export { get, head, options, patch, post, put, query, remove as delete, request, stream } from './client/verbs.ts';
export type { SerializedCookie, SerializedCookies } from './cookies/cookie-json.ts';
export type { CachedCall, CacheMode, ClientCache } from './caching/cache-settings.ts';
export type { CacheOutcome, CacheState } from './response/cache-outcome.ts';
export { CookieJar, type CookieFilter, type CookieJarOptions } from './cookies/cookie-jar.ts';
export type { Cookie, CookieFields } from './cookies/cookie.ts';
export type { CookiesInput, CookieValue } from './cookies/cookie-settings.ts';
export type { SameSite } from './cookies/set-cookie.ts';
export {
  BodyConsumed,
  BodyNotReplayable,
  ClientClosed,
  ClientError,
  BodyChanged,
  DecodingError,
  DigestMismatch,
  InvalidOption,
  RepresentationChanged,
  ResponseTooLarge,
  type ClientErrorInit,
} from './errors.ts';
export type { ClientState } from './call/lifetime.ts';
export { Headers } from './request/fields/headers.ts';
export type { HeaderInputValue, HeadersInput, PlatformHeaders } from './request/fields/header-input.ts';
export { Request, type RequestChanges } from './request/request.ts';
export { Response } from './response/response.ts';
export type { OwnBytes } from './response/own-bytes.ts';
export type { ResponsePromise } from './response/response-promise.ts';
export type { ResponseBodyInput } from './response/response-body.ts';
export { SchemaMismatch, type SchemaIssue, type SchemaResult, type StandardSchema } from './response/schema.ts';
export { HTTPStatusError, AnyResponse, type AttemptRecord, type CallRecord } from './response/any-response.ts';
export { StreamResponse, type ResponseInit } from './response/stream-response.ts';
export type { Timings } from './response/timings.ts';
export type { BodyInput, BodySource } from './request/body/body-input.ts';
export type { BodyChunk } from './request/body/chunks.ts';
export type { CompressionName } from './request/body/compressed-body.ts';
export type { ContentFile, FileContent, FileDetails, FileInput, FilesInput, PathFile } from './request/multipart/file-input.ts';
export type { RequestBody } from './request/body/request-body.ts';
export type { NodeReadable } from './request/body/streamed-body.ts';
export type {
  ClientOptions,
  CommonClientOptions,
  DispatcherClientOptions,
  LimitOptions,
  NetworkClientOptions,
} from './client/client-options.ts';
export type { ParamsInput, ParamValue } from './request/url/params.ts';
export type { ReadOptions } from './decoding/decoding-settings.ts';
export type { UploadObserver, UploadProgress } from './request/upload-progress.ts';
export type { BodylessRequestOptions, CallOptions, RequestOptions } from './client/call-options.ts';
export type {
  BodyOptions,
  ContentOptions,
  FilesBodyOptions,
  FormBodyOptions,
  CommonMessageOptions,
  JsonBodyOptions,
  MessageOptions,
  NoBodyOptions,
  RawBodyOptions,
  TargetChanges,
} from './request/request-options.ts';
export type { RetryOptions } from './retries/retry-settings.ts';
export type { RedirectOptions } from './redirects/redirect-settings.ts';
export type { OriginFieldOptions } from './request/fields/origin-fields.ts';
export type { TrustEnvInput, TrustEnvOptions } from './proxies/proxy-settings.ts';
export type { TimeoutInput, TimeoutOptions } from './time/timeout.ts';
export { RedirectError, TooManyRedirects } from './redirects/redirect-errors.ts';
export { Retries, type RetriesOptions } from './retries/retries.ts';
export { AttemptTimeout, RetryPastDeadline, TooManyRetries, type RetriedCall, type TooManyRetriesInit } from './retries/retry-errors.ts';
export {
  RetryOnConnectionFailure,
  RetryOnStatus,
  RetryOnTimeout,
  type RetryFlow,
  type RetryLimits,
  type RetryOnStatusOptions,
} from './retries/retry-limits.ts';
export { Proxy, type ProxyInput, type ProxyOptions } from './proxies/proxy.ts';
export type { ProxyChoice, ProxyFunction, ProxyOption, ProxyQuestion } from './proxies/proxy-choice.ts';
export { environmentProxy, type EnvironmentProxy } from './proxies/environment-proxy.ts';
export { ProxyNotChosen } from './proxies/proxy-errors.ts';
export type { MountsInput } from './routing/mounts.ts';
export type { SavedFile } from './response/saving/download.ts';
export type { ServerSentEvent } from './response/events/event-parser.ts';
export type { EventsOptions, ReconnectOptions } from './response/events/events.ts';
export type { LinesOptions } from './response/lines.ts';
export { parseLinks, type Link, type Links } from './response/links.ts';
export type { ResumeOptions, SaveOptions, SaveProgress } from './response/saving/save-options.ts';
export type { Interceptor, Next, NextOptions } from './call/interceptor.ts';
export { callOf, type FailedCall } from './call/failed-call.ts';
export type { CallContext } from './call/context.ts';

// The errors of the network and the types of the contract, so that an application needs one import.
export {
  Aborted,
  AddressRefused,
  ConnectError,
  ConnectTimeout,
  DeadlineExceeded,
  HttpCoreError,
  LocalProtocolError,
  NetworkError,
  PinMismatch,
  PoolClosed,
  PoolTimeout,
  ProtocolError,
  ProxyError,
  ReadError,
  ReadTimeout,
  RemoteProtocolError,
  TimeoutError,
  tlsFiles,
  UnsupportedProtocol,
  WriteError,
  WriteTimeout,
  type CertificateFacts,
  type CloseOptions,
  type Connect,
  type ConnectFailure,
  type ConnectedStream,
  type ConnectionInfo,
  type ConnectOptions,
  type ConnectRequest,
  type Dispatcher,
  type ErrorPhase,
  type DnsOptions,
  type Guard,
  type GuardTarget,
  type HeaderPair,
  type InformationalObserver,
  type NameStats,
  type NetworkOptions,
  type OriginStats,
  type PoolStats,
  type ProxiedRequest,
  type ProxyAuthenticator,
  type ProxyChallenge,
  type ProxyScheme,
  type SlotHolder,
  type TlsIdentity,
  type Http2Options,
  type TlsFiles,
  type TlsOptions,
  type TlsSource,
  type TraceEvents,
  type TraceObserver,
  type TrailerSource,
} from '@x/httpcore';
export type { NetworkCallOptions } from './routing/call-network.ts';
export type { ClientFetch, FetchInit } from './fetch/plain-call.ts';
export type { PageOptions, NextPage } from './client/pages.ts';
export type { CallData, CallDataOptions } from './call/call-data.ts';
export type { JsonHooks, JsonParser, JsonSerializer } from './request/json-settings.ts';
export type { DownloadObserver, DownloadProgress } from './response/download-progress.ts';
export type { Problem } from './response/problem.ts';
export type { ServerTiming } from './response/server-timing.ts';
export type { MisdirectedOptions } from './call/misdirected.ts';
export type { StatusOptions } from './response/status-settings.ts';
export type { ClientTelemetry, TelemetryOptions, WatchedCall } from './telemetry/telemetry-settings.ts';
export type { RetryEvent, RetryHook, RetryHookOptions } from './retries/retry-hook.ts';
export type { RedirectEvent, RedirectHook } from './redirects/redirect-settings.ts';
