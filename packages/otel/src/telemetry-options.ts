/** What telemetry may be told, and what follows. */
import {
  metrics,
  propagation,
  trace,
  type MeterProvider,
  type Span,
  type TextMapPropagator,
  type TracerProvider,
} from '@opentelemetry/api';
import type { HeaderPair, UrlParts } from '@x/httpcore';

/** A request that is about to be sent: of a call, or of a dispatcher. */
export interface SentRequest {
  readonly method: string;
  /** With what looks like a secret masked. */
  readonly url: string;
  /** Scheme, host, port and target as they are. */
  readonly urlParts: UrlParts;
  readonly headers: readonly HeaderPair[];
}

/** A response, as hooks see it. */
export interface ReceivedResponse {
  readonly status: number;
  /** `1.0`, `1.1` or `2`. */
  readonly httpVersion: string;
  readonly headers: readonly HeaderPair[];
}

/** What `HttpTelemetry` may be told. */
export interface HttpTelemetryOptions {
  /** Default: the global one, whenever it is registered. */
  readonly tracerProvider?: TracerProvider | undefined;
  /** Default: the global one as it is when the telemetry is made; so start the SDK before. */
  readonly meterProvider?: MeterProvider | undefined;
  /** Puts the trace context into each request. Default: the global one. `null`: nothing is added to requests. */
  readonly propagator?: TextMapPropagator | null | undefined;
  /**
   * A span for each call of a client, with the spans of its requests below. Default `true`; `false`: only the requests have spans, below that of the
   * caller.
   */
  readonly callSpans?: boolean | undefined;
  /** Requests for which it says `true` are not watched: no span, no metrics, no trace context. Asked for calls and for each request by itself. */
  readonly ignore?: ((request: SentRequest) => boolean) | undefined;
  /** Called with the span of each request before it is sent, in the context of the caller. What it throws is dropped. */
  readonly requestHook?: ((span: Span, request: SentRequest) => void) | undefined;
  /** Called with the span of each request when the head of its response is here. What it throws is dropped. */
  readonly responseHook?: ((span: Span, response: ReceivedResponse, request: SentRequest) => void) | undefined;
  /**
   * Methods by their names, all others are `_OTHER`. Default: those of `OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS`, or else of RFC 9110 with PATCH and
   * QUERY.
   */
  readonly knownMethods?: readonly string[] | undefined;
}

export interface TelemetrySettings {
  readonly tracers: TracerProvider;
  readonly meters: MeterProvider;
  readonly propagator: Pick<TextMapPropagator, 'inject'> | null;
  readonly callSpans: boolean;
  readonly ignore: ((request: SentRequest) => boolean) | undefined;
  readonly requestHook: HttpTelemetryOptions['requestHook'];
  readonly responseHook: HttpTelemetryOptions['responseHook'];
  readonly knownMethods: ReadonlySet<string>;
}

const optionNames: { readonly [Name in keyof Required<HttpTelemetryOptions>]: (value: unknown) => boolean } = {
  tracerProvider: (value) => has(value, 'getTracer'),
  meterProvider: (value) => has(value, 'getMeter'),
  propagator: (value) => value === null || has(value, 'inject'),
  callSpans: (value) => typeof value === 'boolean',
  ignore: isFunction,
  requestHook: isFunction,
  responseHook: isFunction,
  knownMethods: (value) => Array.isArray(value) && value.every((method) => typeof method === 'string'),
};

const methods = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'];

// It looks up the global propagator each time, which may be registered later.
export const globalPropagator: Pick<TextMapPropagator, 'inject'> = {
  inject: (context, carrier, setter) => propagation.inject(context, carrier, setter),
};

/** @throws {TypeError} an option is unknown, or is not what it has to be. */
export function readTelemetryOptions(options: HttpTelemetryOptions): TelemetrySettings {
  const own: HttpTelemetryOptions = { ...options };
  for (const [name, value] of Object.entries(own)) {
    if (!Object.hasOwn(optionNames, name)) {
      throw new TypeError(`HttpTelemetry has no option ${JSON.stringify(name)}; there are ${Object.keys(optionNames).join(', ')}`);
    }
    if (value !== undefined && !optionNames[name as keyof HttpTelemetryOptions](value)) {
      throw new TypeError(`The option ${JSON.stringify(name)} of HttpTelemetry is not what it has to be`);
    }
  }
  return {
    tracers: own.tracerProvider ?? trace,
    meters: own.meterProvider ?? metrics,
    propagator: own.propagator === undefined ? globalPropagator : own.propagator,
    callSpans: own.callSpans ?? true,
    ignore: own.ignore,
    requestHook: own.requestHook,
    responseHook: own.responseHook,
    knownMethods: new Set(own.knownMethods ?? methodsOfEnvironment() ?? methods),
  };
}

function methodsOfEnvironment(): readonly string[] | undefined {
  const listed = process.env['OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS'];
  if (listed === undefined || listed.trim() === '') return undefined;
  return listed.split(',').map((method) => method.trim());
}

function has(value: unknown, method: string): boolean {
  return typeof (Object(value) as Record<string, unknown>)[method] === 'function';
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
