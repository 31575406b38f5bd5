import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { BasicTracerProvider, SimpleSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import { Client, Retries, RetryOnStatus } from '@x/client';
import { HttpTelemetry } from '@x/otel';
import { startServer, type Handler } from '@x/testbed';
import type { Job, Stage } from '../job.ts';
import { renderTraceTree, type ShownSpan } from '../render/trace-tree.ts';

export const oneTrace: Job = { name: 'trace', title: 'One trace of OpenTelemetry, exported as text', run };

const BACKOFF = 20;

/** Keeps what it is given, to be shown as a tree. */
class TextExporter implements SpanExporter {
  readonly spans: ReadableSpan[] = [];

  export(spans: readonly ReadableSpan[], done: (result: { code: 0 }) => void): void {
    this.spans.push(...spans);
    done({ code: 0 });
  }

  shutdown(): Promise<void> {
    return Promise.resolve();
  }
}

async function run({ report }: Stage): Promise<void> {
  const exporter = new TextExporter();
  const tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const parents: string[] = [];
  try {
    await using server = await startServer(redirectingThenBusy(parents));
    const telemetry = new HttpTelemetry({ tracerProvider, propagator: new W3CTraceContextPropagator() });
    const retries = new Retries(2, { limits: [new RetryOnStatus()], backoffFactor: BACKOFF });
    await using client = new Client({ baseUrl: server.origin, telemetry, retries });
    await tracerProvider.getTracer('demo').startActiveSpan('a job of two calls', async (job) => {
      await client.get('/orders/7', { context: { urlTemplate: '/orders/{id}' } });
      await client.post('/events', { json: { seen: true } });
      job.end();
    });
  } finally {
    context.disable();
  }

  const { spans } = exporter;
  report.lines(renderTraceTree(spans.map(shown), report.terminal));
  report.checkEqual('two calls, five requests and the job', spans.length, 8);
  report.check('all in one trace', new Set(spans.map((span) => span.spanContext().traceId)).size === 1);
  const requests = spans.filter(
    ({ parentSpanContext, attributes }) => parentSpanContext !== undefined && 'network.peer.port' in attributes,
  );
  report.checkEqual(
    'the server was told the span of each request',
    parents.join(),
    requests.map((span) => span.spanContext().spanId).join(),
  );
}

/** Four requests of the first call: a redirect, a server that is busy twice, and the answer. */
function redirectingThenBusy(parents: string[]): Handler {
  let busy = 2;
  return (request, response) => {
    request.resume();
    parents.push(String(request.headers['traceparent']).split('-')[2] ?? '');
    if (request.url === '/orders/7') response.writeHead(302, { Location: '/archive/7' }).end();
    else if (request.url === '/archive/7' && busy-- > 0) response.writeHead(503, { 'Retry-After': '0' }).end();
    else response.end('done');
  };
}

function shown(span: ReadableSpan): ShownSpan {
  const { name, attributes, parentSpanContext, startTime, endTime } = span;
  const status = attributes['http.response.status_code'];
  const resends = attributes['network.peer.port'] === undefined ? undefined : attributes['http.request.resend_count'];
  const parts = [name, status, resends === undefined ? undefined : `(resend ${String(resends)})`];
  return {
    id: span.spanContext().spanId,
    parent: parentSpanContext?.spanId,
    label: parts.filter((part) => part !== undefined).join(' '),
    start: milliseconds(startTime),
    end: milliseconds(endTime),
  };
}

function milliseconds([seconds, nanoseconds]: readonly [number, number]): number {
  return seconds * 1e3 + nanoseconds / 1e6;
}
