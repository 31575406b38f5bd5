/**
 * OpenTelemetry for `@x/client` and `@x/httpcore`.
 *
 * @packageDocumentation
 */
export { HttpTelemetry } from './http-telemetry.ts';
export type { HttpTelemetryOptions, ReceivedResponse, SentRequest } from './telemetry-options.ts';
export type { CallRequest, WatchedCall } from './call-span.ts';
export type { WatchedDispatch, WatchedDispatchContext, WatchedDispatcher } from './watched-dispatcher.ts';
