import { context as contexts, ROOT_CONTEXT, SpanKind, trace, type Context, type Tracer } from '@opentelemetry/api';
import { isDuplexBody, type Dispatcher, type DispatchResponse } from '@x/httpcore';

import { CallState, endCallSpan, templateOf, type CallRequest, type WatchedCall } from './call-span.ts';
import { attribute } from './conventions.ts';
import { createInstruments, type Instruments } from './instruments.ts';
import { Listeners } from './listeners.ts';
import { requestFacts, shownUrl } from './request-facts.ts';
import { guarded, RequestSpan } from './request-span.ts';
import { readTelemetryOptions, type HttpTelemetryOptions, type SentRequest, type TelemetrySettings } from './telemetry-options.ts';
import { withTraceContext } from './trace-context.ts';
import { WatchedBody } from './watched-body.ts';
import { WatchedDispatcher, type WatchedDispatch } from './watched-dispatcher.ts';
import { WatchedPools } from './watched-pools.ts';

const scope = '@x/otel';
// As the SDK's `suppressTracing` marks a context: exporters send their own requests in one.
const suppressed = Symbol.for('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/**
 * Spans, metrics and trace context, by the semantic conventions of OpenTelemetry for HTTP clients.
 *
 * Given to a client, each call has a span, of the kind `INTERNAL`, and each request that is really sent, such as a retry or a redirect, one of the
 * kind `CLIENT` below it. Over a dispatcher, each request has one, below the span of the caller. They end when the response's body has: it was
 * read to its end, closed, aborted, or has failed. What was upgraded ends with its head.
 *
 * @example
 * await using client = new Client({ telemetry: new HttpTelemetry() });
 * await using pool = new HttpTelemetry().over(new ConnectionPool());
 */
export class HttpTelemetry {
  readonly #settings: TelemetrySettings;
  readonly #tracer: Tracer;
  readonly #instruments: Instruments;
  readonly #pools: WatchedPools;
  readonly #listeners: Listeners;
  readonly #dispatchers = new WeakMap<object, WatchedDispatcher>();
  readonly #calls = new WeakMap<WatchedCall, CallState>();

  /** @throws {TypeError} an option is unknown or impossible. */
  constructor(options: HttpTelemetryOptions = {}) {
    this.#settings = readTelemetryOptions(options);
    this.#tracer = this.#settings.tracers.getTracer(scope);
    const meter = this.#settings.meters.getMeter(scope);
    this.#listeners = new Listeners(this.#settings, meter, scope);
    this.#instruments = createInstruments(meter);
    this.#pools = WatchedPools.of(meter, this.#instruments);
  }

  /**
   * A dispatcher that does what `dispatcher` does, watched. Where it is a `ConnectionPool`, its connections are watched as well. The same dispatcher
   * gives the same one. Under a cache, `cached(telemetry.over(pool))`, what is answered from the cache is no request.
   *
   * @example
   * await using pool = telemetry.over(new ConnectionPool());
   * const [, status] = await pool.dispatch('GET', ['https', 'example.com', null, '/users/7'], [], null, undefined, { urlTemplate: '/users/{id}' });
   */
  over(dispatcher: Pick<Dispatcher, 'dispatch'>): WatchedDispatcher {
    let watched = this.#dispatchers.get(dispatcher);
    if (watched === undefined) {
      this.#pools.watch(dispatcher);
      watched = new WatchedDispatcher(dispatcher, (...request) =>
        this.#listeners.areThere ? this.#dispatch(dispatcher, request) : dispatcher.dispatch(...request),
      );
      this.#dispatchers.set(dispatcher, watched);
    }
    return watched;
  }

  /** Around a call of a client that was given this as its `telemetry`. */
  aroundCall<Request extends CallRequest, Response extends { readonly status: number }>(
    request: Request,
    call: WatchedCall,
    next: (request: Request) => Promise<Response>,
  ): Promise<Response> {
    if (!this.#listeners.areThere) return next(request);
    const parent = contexts.active();
    if (isSuppressed(parent)) return next(request);
    const { method, urlParts } = request;
    const url = shownUrl(urlParts);
    if (this.#isIgnored({ method, url, urlParts, headers: request.rawHeaders })) {
      this.#calls.set(call, new CallState(parent, true));
      return next(request);
    }
    if (!this.#settings.callSpans) {
      this.#calls.set(call, new CallState(parent, false));
      return next(request);
    }
    const { name, span: attributes } = requestFacts(
      method,
      urlParts,
      url,
      templateOf(call.data['urlTemplate']),
      this.#settings.knownMethods,
    );
    const span = this.#tracer.startSpan(name, { kind: SpanKind.INTERNAL, attributes }, parent);
    const state = new CallState(trace.setSpan(parent, span), false);
    this.#calls.set(call, state);
    call.whenEnded((error) => endCallSpan(span, state, call, error));
    return contexts.with(state.context, async () => {
      const response = await next(request);
      state.status = response.status;
      return response;
    });
  }

  async #dispatch(dispatcher: Pick<Dispatcher, 'dispatch'>, request: Parameters<WatchedDispatch>): Promise<DispatchResponse> {
    const [method, url, headers, body, timeouts, own] = request;
    const active = contexts.active();
    const state = own?.call === undefined ? undefined : this.#calls.get(own.call);
    if (isSuppressed(active) || state?.isIgnored === true) return dispatcher.dispatch(...request);
    const sent: SentRequest = { method, url: shownUrl(url), urlParts: url, headers };
    if (this.#isIgnored(sent)) return dispatcher.dispatch(...request);

    const template = templateOf(own?.urlTemplate ?? own?.call?.data['urlTemplate']);
    const facts = requestFacts(method, url, sent.url, template, this.#settings.knownMethods);
    const resends = state === undefined ? 0 : state.sent++;
    const attributes = resends === 0 ? facts.span : { ...facts.span, [attribute.resendCount]: resends };
    const parent = parentOf(active, state);
    const span = this.#tracer.startSpan(facts.name, { kind: SpanKind.CLIENT, attributes }, parent);
    const context = trace.setSpan(parent, span);
    const watch = new RequestSpan(span, facts, this.#instruments, body !== null);
    const { requestHook, responseHook } = this.#settings;
    try {
      if (requestHook !== undefined) guarded(() => requestHook(span, sent));
      const fields = withTraceContext(headers, context, this.#settings.propagator);
      const [httpVersion, status, reason, received, content] = await contexts.with(context, () =>
        dispatcher.dispatch(method, url, fields, body, timeouts, {
          ...own,
          trace: joined(watch.trace, own?.trace),
          // Ours looks at no context.
          traceInAnyContext: own?.trace === undefined || own.traceInAnyContext === true,
        }),
      );
      const response = { status, httpVersion, headers: received };
      watch.onHead(response, (ended) => responseHook?.(ended, response, sent));
      if (isDuplexBody(content)) watch.onEnd(undefined);
      if (watch.isTraced) return [httpVersion, status, reason, received, content];
      if (content.trailers !== undefined) watch.onEnd(undefined);
      return [httpVersion, status, reason, received, isDuplexBody(content) ? content : new WatchedBody(content, watch)];
    } catch (error) {
      watch.onRejected(error);
      throw error;
    }
  }

  /** Who can not say is watched. */
  #isIgnored(request: SentRequest): boolean {
    const { ignore } = this.#settings;
    let isIgnored = false;
    if (ignore !== undefined) guarded(() => (isIgnored = ignore(request)));
    return isIgnored;
  }
}

/** What is active has the call's span above it, wherever a context manager looks after that. */
function parentOf(active: Context, state: CallState | undefined): Context {
  return active === ROOT_CONTEXT && state !== undefined ? state.context : active;
}

function isSuppressed(context: Context): boolean {
  return context.getValue(suppressed) === true;
}

type Trace = RequestSpan['trace'];

function joined(ours: Trace, own: Trace | undefined): Trace {
  if (own === undefined) return ours;
  return (name, at, detail) => {
    ours(name, at, detail);
    own(name, at, detail);
  };
}
