/** Ours, watched by OpenTelemetry: `client.get()` and `text()` with spans, metrics and trace context, which are made and dropped. */
import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-base';
import { Client } from '@x/client';
import { HttpTelemetry } from '@x/otel';
import { workloadUrl } from '../child/job.ts';
import { expectBytes, loopingRunner, type OpenContender } from './contender.ts';

/** Makes the contender; without an SDK, all that it calls does nothing. */
export function clientWatched(hasSdk: boolean): OpenContender {
  return async (workload) => {
    const meterProvider = new MeterProvider();
    if (hasSdk) {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      propagation.setGlobalPropagator(new W3CTraceContextPropagator());
      trace.setGlobalTracerProvider(new BasicTracerProvider());
    }
    const telemetry = new HttpTelemetry(hasSdk ? { meterProvider } : {});
    const client = new Client({ telemetry, limits: { maxConnectionsPerOrigin: workload.concurrency } });
    const url = workloadUrl(workload);
    return loopingRunner(
      workload,
      {
        async text() {
          const response = await client.get(url);
          expectBytes(workload, response.status, response.text().length);
        },
      },
      async () => {
        await client.close();
        await meterProvider.shutdown();
      },
    );
  };
}

export const open: OpenContender = clientWatched(true);
