/** The metrics, made once. */
import { ValueType, type Counter, type Histogram, type Meter, type UpDownCounter } from '@opentelemetry/api';

import { connectionDurationBuckets, durationBuckets, metric } from './conventions.ts';

export interface Instruments {
  readonly duration: Histogram;
  readonly requestBodySize: Histogram;
  readonly responseBodySize: Histogram;
  readonly activeRequests: UpDownCounter;
  readonly connectionDuration: Histogram;
  readonly timeInQueue: Histogram;
  readonly replays: Counter;
}

export function createInstruments(meter: Meter): Instruments {
  const seconds = { unit: 's', valueType: ValueType.DOUBLE, advice: { explicitBucketBoundaries: durationBuckets } };
  const bytes = { unit: 'By', valueType: ValueType.INT };
  return {
    duration: meter.createHistogram(metric.duration, { ...seconds, description: 'Duration of HTTP client requests.' }),
    requestBodySize: meter.createHistogram(metric.requestBodySize, { ...bytes, description: 'Size of HTTP client request bodies.' }),
    responseBodySize: meter.createHistogram(metric.responseBodySize, { ...bytes, description: 'Size of HTTP client response bodies.' }),
    activeRequests: meter.createUpDownCounter(metric.activeRequests, {
      unit: '{request}',
      valueType: ValueType.INT,
      description: 'Number of active HTTP requests.',
    }),
    connectionDuration: meter.createHistogram(metric.connectionDuration, {
      ...seconds,
      advice: { explicitBucketBoundaries: connectionDurationBuckets },
      description: 'The duration of the successfully established outbound HTTP connections.',
    }),
    timeInQueue: meter.createHistogram(metric.timeInQueue, {
      ...seconds,
      description: 'The time that requests spent waiting for an available connection.',
    }),
    replays: meter.createCounter(metric.replays, {
      unit: '{replay}',
      valueType: ValueType.INT,
      description: 'Requests that were sent again on another connection, since the server had provably not processed them.',
    }),
  };
}
