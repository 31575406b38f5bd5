/** Who listens to undici's channels, unmodified: the instrumentation of OpenTelemetry, and Sentry's SDK. */
import { context, propagation, trace, type Attributes } from '@opentelemetry/api';
import { UndiciInstrumentation } from '@opentelemetry/instrumentation-undici';
import * as Sentry from '@sentry/node';
import { Client } from '@x/client';
import { startServer, trustedAuthority } from '@x/testbed';
import { afterEach, describe, expect, it } from 'vitest';

import { Collected } from '../collected.ts';

for (const http2 of [false, true]) {
  describe(`over HTTP/${http2 ? '2' : '1.1'}`, () => {
    let end: (() => void) | undefined;
    afterEach(() => end?.());

    it('@opentelemetry/instrumentation-undici sees requests, and puts the trace context into them', async () => {
      const collected = new Collected();
      propagation.setGlobalPropagator(collected.propagator);
      const instrumentation = new UndiciInstrumentation();
      instrumentation.setTracerProvider(collected.tracers);
      instrumentation.setMeterProvider(collected.meters);
      end = () => {
        instrumentation.disable();
        propagation.disable();
        collected[Symbol.dispose]();
      };
      await using server = await startServer((request, response) => void response.writeHead(200).end(request.headers['traceparent']), {
        tls: true,
        http2,
        host: 'localhost',
      });
      await using client = new Client({ diagnostics: 'undici', http2, tls: { ca: (await trustedAuthority()).certificate } });
      const tracer = collected.tracers.getTracer('test');
      const bodies = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          tracer.startActiveSpan(`job ${index}`, async (span) => {
            const text = await client.get(server.url(`/${index}`)).text();
            span.end();
            return text;
          }),
        ),
      );
      const jobs = collected.tree();
      expect(jobs).toHaveLength(20);
      for (const { span, below } of jobs) {
        expect(below[0]!.span.attributes).toMatchObject({
          'url.full': server.url(`/${span.name.slice(4)}`),
          'http.response.status_code': 200,
          'network.peer.port': server.port,
          'network.protocol.version': http2 ? '2' : '1.1',
        } satisfies Attributes);
        const { traceId, spanId } = below[0]!.span.spanContext();
        expect(bodies).toContain(`00-${traceId}-${spanId}-01`);
      }
      await expect(client.get('https://localhost:1/')).rejects.toThrow();
      expect(collected.spans.at(-1)!.attributes['error.type']).toBe('CONNECT_FAILED');
    });
  });
}

describe('@sentry/node', () => {
  it('has a span and a breadcrumb of each request, and puts its trace into it', async () => {
    const sent: { readonly spans?: readonly { readonly data: Attributes; readonly op?: string }[] }[] = [];
    const crumbs: Sentry.Breadcrumb[] = [];
    Sentry.init({
      dsn: 'http://key@127.0.0.1:9/1',
      tracesSampleRate: 1,
      traceLifecycle: 'static',
      defaultIntegrations: false,
      integrations: [Sentry.nativeNodeFetchIntegration()],
      transport: () => ({
        send: ([, items]) => {
          for (const [{ type }, payload] of items) if (type === 'transaction') sent.push(payload as (typeof sent)[number]);
          return Promise.resolve({});
        },
        flush: () => Promise.resolve(true),
      }),
      beforeBreadcrumb: (crumb) => {
        crumbs.push(crumb);
        return crumb;
      },
    });
    try {
      await using server = await startServer((request, response) => response.writeHead(404).end(request.headers['sentry-trace']));
      await using client = new Client({ diagnostics: 'undici' });
      const text = await Sentry.startSpan({ name: 'job' }, () => client.get(server.url('/missing?page=2')).text());
      await Sentry.flush(1_000);
      const [transaction] = sent;
      expect(transaction?.spans).toMatchObject([
        { op: 'http.client', data: { 'http.response.status_code': 404, 'server.port': server.port } },
      ]);
      expect(text).toMatch(/^[0-9a-f]{32}-[0-9a-f]{16}-1$/);
      expect(crumbs).toMatchObject([{ category: 'http', data: { status_code: 404, url: expect.stringContaining('/missing') as string } }]);
    } finally {
      await Sentry.close(1_000);
      trace.disable();
      context.disable();
      propagation.disable();
    }
  });
});
