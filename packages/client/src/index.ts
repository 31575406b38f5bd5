/** An HTTP client for Node: verbs, JSON, forms, streams, timeouts, timings and pooled connections. */
export type { AuthFields } from './auth/auth-fields.ts';
export type { AsyncAuthFlow, Auth, AuthExchange, AuthFlow, AuthInput } from './auth/auth.ts';
export { BasicAuth } from './auth/basic.ts';
export { BearerAuth, type TokenSupplier } from './auth/bearer.ts';
export { DigestAuth, type DigestAuthOptions } from './auth/digest.ts';
export type { DigestAlgorithmName } from './auth/digest-algorithm.ts';
export type { DigestQuality } from './auth/digest-challenge.ts';
export { NetrcAuth } from './auth/netrc-auth.ts';
export { Client } from './client.ts';
export { get, head, options, patch, post, put, remove as delete, request, stream } from './verbs.ts';
export type { SerializedCookie, SerializedCookies } from './cookies/cookie-json.ts';
export { CookieJar, type CookieFilter, type CookieJarOptions } from './cookies/cookie-jar.ts';
export type { Cookie, CookieFields } from './cookies/cookie.ts';
export type { CookiesInput, CookieValue } from './cookies/request-cookies.ts';
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
  ResponseTooLarge,
  type ClientErrorInit,
} from './errors.ts';
export type { ClientState } from './lifetime.ts';
export { Headers } from './message/headers.ts';
export type { HeaderInputValue, HeadersInput } from './message/header-input.ts';
export { Request, type RequestChanges } from './message/request.ts';
export { Response } from './message/response.ts';
export type { ResponseBodyInput } from './message/response-body.ts';
export { SchemaMismatch, type SchemaIssue, type SchemaResult, type StandardSchema } from './message/schema.ts';
export { HTTPStatusError, ResponseHead, type AttemptRecord, type CallRecord } from './message/response-head.ts';
export { StreamResponse, type ResponseInit } from './message/stream-response.ts';
export type { Timings } from './message/timings.ts';
export type { BodyInput, BodySource } from './body/body-input.ts';
export type { BodyChunk } from './body/chunks.ts';
export type { CompressionName } from './body/compressed-body.ts';
export type { ContentFile, FileContent, FileDetails, FileInput, FilesInput, PathFile } from './body/multipart/file-input.ts';
export type { RequestBody } from './body/request-body.ts';
export type { NodeReadable } from './body/streamed-body.ts';
export type {
  ClientOptions,
  CommonClientOptions,
  DispatcherClientOptions,
  LimitOptions,
  NetworkClientOptions,
} from './options/client-options.ts';
export type { ParamsInput, ParamValue } from './options/params.ts';
export type { ReadOptions } from './options/read-options.ts';
export type { UploadObserver, UploadProgress } from './options/upload-progress.ts';
export type { BodylessRequestOptions, CallOptions, RequestOptions } from './options/call-options.ts';
export type {
  BodyOptions,
  ContentOptions,
  FilesBodyOptions,
  FormBodyOptions,
  HeadOptions,
  JsonBodyOptions,
  MessageOptions,
  NoBodyOptions,
  RawBodyOptions,
  TargetChanges,
} from './options/request-options.ts';
export type { RetryOptions } from './options/call-retries.ts';
export type { RedirectOptions } from './options/redirect-options.ts';
export type { TimeoutInput, TimeoutOptions } from './options/timeout.ts';
export { RedirectError, TooManyRedirects } from './policies/redirect-errors.ts';
export { Retries, type RetriesOptions } from './policies/retries.ts';
export { TooManyRetries, type TooManyRetriesInit } from './policies/retry-errors.ts';
export {
  RetryOnConnectionFailure,
  RetryOnStatus,
  type RetryFlow,
  type RetryLimits,
  type RetryOnStatusOptions,
} from './policies/retry-limits.ts';
export { Proxy, type ProxyInput, type ProxyOptions } from './proxy/proxy.ts';
export type { MountsInput } from './routing/mounts.ts';
export type { SavedFile } from './reading/download.ts';
export type { ServerSentEvent } from './reading/event-parser.ts';
export type { EventsOptions, ReconnectOptions } from './reading/events.ts';
export type { LinesOptions } from './reading/lines.ts';
export { parseLinks, type Link, type Links } from './reading/links.ts';
export type { ResumeOptions, SaveOptions, SaveProgress } from './reading/save-options.ts';
export type { Interceptor, Next } from './send/compose.ts';
export { callOf, type FailedCall } from './send/failed-call.ts';
export type { SendContext } from './send/context.ts';

// The errors of the network and the types of the contract, so that an application needs one import.
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
  type ConnectFailure,
  type Dispatcher,
  type ErrorPhase,
  type HeaderPair,
  type InformationalObserver,
  type ProxiedRequest,
  type ProxyAuthenticator,
  type ProxyChallenge,
  type ProxyScheme,
  type SlotHolder,
  type TlsOptions,
  type TraceEvents,
  type TraceObserver,
  type TrailerSource,
} from '@x/httpcore';
