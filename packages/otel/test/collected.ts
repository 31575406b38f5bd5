/** The SDK of OpenTelemetry with all that it exports in memory. */
import { context, type Attributes } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider, MetricReader, type DataPoint, type Histogram } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base';

import { HttpTelemetry, type HttpTelemetryOptions } from '../src/index.ts';

class Reader extends MetricReader {
  protected async onForceFlush(): Promise<void> {}
  protected async onShutdown(): Promise<void> {}
}

export interface Point {
  readonly attributes: Attributes;
  /** Of a histogram, the sum and the count. */
  readonly value: number;
  readonly count: number | undefined;
}

export class Collected implements Disposable {
  readonly tracers: BasicTracerProvider;
  readonly meters: MeterProvider;
  readonly propagator: W3CTraceContextPropagator = new W3CTraceContextPropagator();
  readonly #spans = new InMemorySpanExporter();
  readonly #reader = new Reader();

  constructor() {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    this.tracers = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#spans)] });
    this.meters = new MeterProvider({ readers: [this.#reader] });
  }

  telemetry(options: HttpTelemetryOptions = {}): HttpTelemetry {
    return new HttpTelemetry({ tracerProvider: this.tracers, meterProvider: this.meters, propagator: this.propagator, ...options });
  }

  /** Ended spans, in the order of their ends. */
  get spans(): readonly ReadableSpan[] {
    return this.#spans.getFinishedSpans();
  }

  /** Each with those below it, in the order of their beginnings. */
  tree(): Node[] {
    const nodes = new Map(this.spans.map((span) => [span.spanContext().spanId, { span, below: [] as Node[] }]));
    const tops: Node[] = [];
    for (const node of [...nodes.values()].toSorted((one, other) => started(one.span) - started(other.span))) {
      const above = nodes.get(node.span.parentSpanContext?.spanId ?? '');
      (above?.below ?? tops).push(node);
    }
    return tops;
  }

  async metric(name: string): Promise<readonly Point[]> {
    const { resourceMetrics } = await this.#reader.collect();
    const found = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics).find(({ descriptor }) => descriptor.name === name);
    return (found?.dataPoints ?? ([] as DataPoint<number | Histogram>[])).map(({ attributes, value }) => ({
      attributes,
      value: typeof value === 'number' ? value : (value as Histogram).sum!,
      count: typeof value === 'number' ? undefined : (value as Histogram).count,
    }));
  }

  [Symbol.dispose](): void {
    context.disable();
  }
}

export interface Node {
  readonly span: ReadableSpan;
  readonly below: Node[];
}

function started({ startTime: [seconds, nanoseconds] }: ReadableSpan): number {
  return seconds * 1e9 + nanoseconds;
}
