/** Spans and metrics of what really goes over a network. */
import { context, SpanKind, SpanStatusCode, trace, type Attributes } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import { HttpCache } from '@x/cache';
import { Client, DigestAuth, Retries, RetryOnStatus } from '@x/client';
import { ConnectionPool, mockDispatcher, type UrlParts } from '@x/httpcore';
import { install } from '@x/interop/undici';
import { createGate, startProxy, startServer, trustedAuthority, type Handler } from '@x/testbed';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Collected, type Node } from '../collected.ts';

let collected: Collected;
beforeEach(() => {
  collected = new Collected();
});
afterEach(() => collected[Symbol.dispose]());

const attributesOf = ({ span }: Node): Attributes => span.attributes;

/** Spans as `name` and those below it. */
function shape(nodes: readonly Node[]): unknown[] {
  return nodes.map(({ span, below }) => {
    const { [`http.response.status_code`]: status, [`http.request.resend_count`]: resend } = span.attributes;
    return [
      `${span.name} ${String(status ?? span.attributes['error.type'])}${resend === undefined ? '' : ` +${String(resend)}`}`,
      ...shape(below),
    ];
  });
}

for (const http2 of [false, true]) {
  describe(`a call over HTTP/${http2 ? '2' : '1.1'}`, () => {
    it('has a span, and below it one for the request, whose context is on the wire', async () => {
      const seen: unknown[] = [];
      await using server = await startServer(
        (request, response) => {
          seen.push(request.headers['traceparent']);
          request.resume();
          response.end('hello');
        },
        { tls: true, http2, host: 'localhost' },
      );
      await using client = new Client({ telemetry: collected.telemetry(), http2, tls: { ca: (await trustedAuthority()).certificate } });
      await client.post(server.url('/a?page=2&access_token=s3cret'), { body: 'body' });
      await client.get(server.url('/b'), { context: { urlTemplate: '/{name}' } });
      expect(shape(collected.tree())).toEqual([
        ['POST 200', ['POST 200']],
        ['GET /{name} 200', ['GET /{name} 200']],
      ]);
      const [first, second] = collected.tree();
      const { span: call } = first!;
      const { span: request } = first!.below[0]!;
      expect([call.kind, request.kind]).toEqual([SpanKind.INTERNAL, SpanKind.CLIENT]);
      expect(request.status.code).toBe(SpanStatusCode.UNSET);
      expect(request.attributes).toEqual({
        'http.request.method': 'POST',
        'http.response.status_code': 200,
        'url.full': `https://localhost:${server.port}/a?page=2&access_token=REDACTED`,
        'url.scheme': 'https',
        'server.address': 'localhost',
        'server.port': server.port,
        'network.protocol.version': http2 ? '2' : '1.1',
        'network.peer.address': expect.stringMatching(/^127\.0\.0\.1$|^::1$/) as string,
        'network.peer.port': server.port,
        'xhttp.request.time_in_queue': expect.any(Number) as number,
        'xhttp.connection.reused': false,
        'xhttp.connection.id': expect.any(Number) as number,
      });
      expect(attributesOf(second!.below[0]!)).toMatchObject({ 'xhttp.connection.reused': true, 'url.template': '/{name}' });
      const { traceId, spanId } = request.spanContext();
      expect(seen[0]).toBe(`00-${traceId}-${spanId}-01`);
      expect(call.attributes).toMatchObject({ 'http.response.status_code': 200, 'server.port': server.port });
      expect(JSON.stringify(collected.spans.map(({ attributes }) => attributes))).not.toContain('s3cret');
    });

    it('mixes no parents on the connection that calls share', async () => {
      await using server = await startServer(
        (request, response) => {
          request.resume();
          setImmediate(() => response.end(request.headers['traceparent']));
        },
        { tls: true, http2, host: 'localhost' },
      );
      const requestHook = (span: { spanContext(): { spanId: string } }): void => {
        if (trace.getSpan(context.active()) === undefined) throw new Error('no parent');
        hooked.push(span.spanContext().spanId);
      };
      const hooked: string[] = [];
      await using client = new Client({
        telemetry: collected.telemetry({ requestHook }),
        http2,
        tls: { ca: (await trustedAuthority()).certificate },
      });
      const tracer = collected.tracers.getTracer('test');
      const echoed = new Map<string, string>();
      await Promise.all(
        Array.from({ length: 60 }, (_, index) =>
          tracer.startActiveSpan(`job ${index}`, async (span) => {
            // Some read it whole, some as it comes, and some run inside of the trace observer's context.
            const path = server.url(`/${index}`);
            const options = index % 3 === 0 ? { trace: () => expect(trace.getActiveSpan()).toBeDefined() } : {};
            const body = index % 2 === 0 ? (await client.get(path, options)).text() : await (await client.stream('GET', path)).text();
            echoed.set(span.spanContext().traceId, body);
            span.end();
          }),
        ),
      );
      const jobs = collected.tree();
      expect(jobs).toHaveLength(60);
      for (const job of jobs) {
        const { traceId } = job.span.spanContext();
        const [call] = job.below;
        const [request] = call!.below;
        expect([call!.span.name, request!.span.name]).toEqual(['GET', 'GET']);
        expect(attributesOf(request!)['url.full']).toBe(server.url(`/${job.span.name.slice(4)}`));
        expect(echoed.get(traceId)).toBe(`00-${traceId}-${request!.span.spanContext().spanId}-01`);
      }
      expect(new Set(hooked).size).toBe(60);
      expect(await collected.metric('http.client.active_requests')).toMatchObject([{ value: 0 }]);
    });
  });
}

describe('what a call sends again', () => {
  it('has a span for each: redirects, retries, rounds of authentication', async () => {
    let failures = 2;
    const handler: Handler = (request, response) => {
      request.resume();
      if (request.url === '/moved') response.writeHead(302, { location: '/shaky' }).end();
      else if (failures-- > 0) response.writeHead(503).end('busy');
      else response.end('done');
    };
    await using server = await startServer(handler);
    const retries = new Retries(3, { limits: [new RetryOnStatus({ statuses: [503] })], backoffFactor: 0 });
    await using client = new Client({ telemetry: collected.telemetry(), retries });
    await client.get(server.url('/moved'));
    expect(shape(collected.tree())).toEqual([['GET 200 +3', ['GET 302'], ['GET 503 +1'], ['GET 503 +2'], ['GET 200 +3']]]);
    const [, busy] = collected.tree()[0]!.below;
    expect(busy!.span.status).toEqual({ code: SpanStatusCode.ERROR });
    expect(attributesOf(busy!)).toMatchObject({ 'error.type': '503' });
  });

  it('tells of digest authentication', async () => {
    await using server = await startServer('digest');
    await using client = new Client({ telemetry: collected.telemetry(), auth: new DigestAuth('user', 'pass') });
    await client.get(server.url('/'));
    expect(collected.tree()[0]!.below.map(({ span }) => span.attributes['http.request.resend_count'])).toEqual([undefined, 1]);
  });

  it('and what the core replays, as an event of the one span', async () => {
    let served = 0;
    await using server = await startServer((request, response) => {
      request.resume();
      served += 1;
      // The second request on the connection is not answered: the server has ended it as idle.
      if (served === 2) request.socket.destroy();
      else response.end('ok');
    });
    await using pool = collected.telemetry().over(new ConnectionPool());
    const url: UrlParts = ['http', '127.0.0.1', server.port, '/'];
    for (let count = 0; count < 2; count += 1) await (await pool.dispatch('GET', url, [], null))[4].bytes();
    expect(collected.spans[1]!.events).toMatchObject([{ name: 'xhttp.replay', attributes: { 'error.type': 'CONNECTION_CLOSED' } }]);
    expect(await collected.metric('xhttp.client.request.replays')).toMatchObject([{ value: 1 }]);
  });
});

describe('a cache', () => {
  it('that answers by itself sends nothing: the call alone has a span, which says so', async () => {
    await using server = await startServer('site');
    await using client = new Client({ telemetry: collected.telemetry(), cache: new HttpCache() });
    await client.get(server.url('/cacheable/60'));
    await client.get(server.url('/cacheable/60'));
    expect(shape(collected.tree())).toEqual([['GET 200', ['GET 200']], ['GET 200']]);
    expect(collected.tree().map((call) => attributesOf(call)['xhttp.cache.state'])).toEqual(['miss', 'hit']);
  });
});

describe('a proxy', () => {
  it('is named, and is the peer', async () => {
    await using server = await startServer('plain');
    const proxy = await startProxy('http');
    try {
      await using client = new Client({ telemetry: collected.telemetry(), proxy: `http://me:s3cret@127.0.0.1:${proxy.port}` });
      await client.get(server.url('/'));
      expect(attributesOf(collected.tree()[0]!.below[0]!)).toMatchObject({
        'xhttp.proxy': `http://127.0.0.1:${proxy.port}`,
        'network.peer.port': proxy.port,
        'server.port': server.port,
      });
      expect(JSON.stringify(collected.spans.map(({ attributes }) => attributes))).not.toContain('s3cret');
    } finally {
      await proxy.stop();
    }
  });
});

describe('the end of a span', () => {
  it('is that of the body: read later, closed early, aborted', async () => {
    let more: (() => void) | undefined;
    await using server = await startServer((request, response) => {
      request.resume();
      response.write('beginning');
      more = () => response.end('end');
    });
    await using client = new Client({ telemetry: collected.telemetry() });
    const late = await client.stream('GET', server.url('/late'));
    expect(collected.spans).toEqual([]);
    more!();
    await late.text();
    expect(shape(collected.tree())).toEqual([['GET 200', ['GET 200']]]);
    expect(await collected.metric('http.client.response.body.size')).toMatchObject([{ value: 12, count: 1 }]);

    const left = await client.stream('GET', server.url('/left'));
    await left.close();
    // What is left of it is waited for, for a moment.
    await expect.poll(() => collected.spans.length).toBe(4);
    const closed = collected.tree()[1]!;
    expect([closed.span.status.code, closed.below[0]!.span.status.code]).toEqual([SpanStatusCode.UNSET, SpanStatusCode.UNSET]);

    const controller = new AbortController();
    const aborted = await client.stream('GET', server.url('/aborted'), { signal: controller.signal });
    controller.abort();
    await expect(aborted.text()).rejects.toThrow();
    const [, , third] = collected.tree();
    expect([third!, third!.below[0]!].map(({ span }) => [span.attributes['error.type'], span.status.code])).toEqual([
      [undefined, SpanStatusCode.UNSET],
      [undefined, SpanStatusCode.UNSET],
    ]);
    expect(await collected.metric('http.client.active_requests')).toMatchObject([{ value: 0 }]);
  });

  it.each([1, 2])(
    'says of what its caller aborts over HTTP/%i that it was no error, and of what took too long that it was one',
    async (version) => {
      const seen = createGate();
      const http2 = version === 2;
      await using server = await startServer(
        (request) => {
          request.resume();
          if (request.url === '/seen') seen.open();
        },
        { tls: true, http2, host: 'localhost' },
      );
      const tls = { ca: (await trustedAuthority()).certificate };
      await using client = new Client({ telemetry: collected.telemetry(), http2, tls });
      await using pool = collected.telemetry().over(new ConnectionPool({ http2, tls }));
      const controller = new AbortController();
      const { signal } = controller;
      const ends = [
        client.get(server.url('/seen'), { signal }),
        client.fetch(server.url('/'), { signal }),
        client.get(server.url('/'), { signal, retries: 3 }),
        pool.dispatch('GET', ['https', 'localhost', server.port, '/'], [], null, undefined, { signal }),
      ].map((call) => expect(call).rejects.toThrow());
      await seen.opened;
      controller.abort(new Error('A reason of its own'));
      await Promise.all(ends);
      expect(collected.spans).toHaveLength(7);
      expect(collected.spans.map(({ attributes, status }) => [attributes['error.type'], status])).toEqual(
        collected.spans.map(() => [undefined, { code: SpanStatusCode.UNSET }]),
      );
      const durations = await collected.metric('http.client.request.duration');
      expect(durations.map(({ attributes }) => attributes['error.type'])).toEqual(durations.map(() => undefined));
      expect(durations.reduce((sum, { count }) => sum + count!, 0)).toBe(4);
      expect(await collected.metric('http.client.active_requests')).toMatchObject([{ value: 0 }]);

      await expect(client.get(server.url('/'), { signal: AbortSignal.timeout(5) })).rejects.toThrow();
      await expect(client.get(server.url('/'), { retries: new Retries(1, { backoffFactor: 0, attemptTimeout: 5 }) })).rejects.toThrow();
      const types = collected.spans.slice(7).map(({ attributes, status }) => [attributes['error.type'], status.code]);
      expect(types).toEqual([
        ['ABORTED', SpanStatusCode.ERROR],
        ['ABORTED', SpanStatusCode.ERROR],
        ['ABORTED', SpanStatusCode.ERROR],
        ['ABORTED', SpanStatusCode.ERROR],
        ['TOO_MANY_RETRIES', SpanStatusCode.ERROR],
      ]);
    },
  );

  it('tells what failed: no connection, no answer in time, a status that is thrown', async () => {
    await using server = await startServer((request, response) => {
      request.resume();
      if (request.url === '/missing') response.writeHead(404).end();
    });
    await using client = new Client({ telemetry: collected.telemetry() });
    await expect(client.get('http://127.0.0.1:1/?token=s3cret')).rejects.toThrow();
    await expect(client.get(server.url('/'), { timeout: { read: 20 } })).rejects.toThrow();
    await expect(client.get(server.url('/'), { timeout: 20 })).rejects.toThrow();
    await expect(client.get(server.url('/missing'), { throwOnStatus: true })).rejects.toThrow();
    const types = collected.tree().map((call) => [call, ...call.below].map((node) => attributesOf(node)['error.type']));
    expect(types).toEqual([
      ['CONNECT_FAILED', 'CONNECT_FAILED'],
      ['READ_TIMEOUT', 'READ_TIMEOUT'],
      ['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'],
      ['404', '404'],
    ]);
    expect(collected.spans.every(({ status }) => status.code === SpanStatusCode.ERROR)).toBe(true);
    expect(JSON.stringify(collected.spans.map(({ attributes, status }) => [attributes, status]))).not.toContain('s3cret');
    expect(await collected.metric('http.client.active_requests')).toMatchObject([{ value: 0 }, { value: 0 }]);
  });

  it('is the head where a connection is upgraded', async () => {
    await using server = await startServer('upgrade');
    await using pool = collected.telemetry().over(new ConnectionPool());
    const fields = [
      ['connection', 'upgrade'],
      ['upgrade', 'echo'],
    ] as const;
    const [, status, , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', server.port, '/'], fields, null);
    expect(status).toBe(101);
    expect(collected.spans).toHaveLength(1);
    await body.close();
    expect(collected.spans).toHaveLength(1);
  });
});

describe('metrics', () => {
  it('tell how long, how much, and what is open', async () => {
    await using server = await startServer('echo', { format: 'raw' });
    const client = new Client({ telemetry: collected.telemetry(), limits: { maxConcurrency: 5 } });
    await client.post(server.url('/'), { body: 'hello' });
    await client.request('PURGE', server.url('/'));
    const common = { 'server.address': '127.0.0.1', 'server.port': server.port, 'url.scheme': 'http' };
    const answered = { ...common, 'http.response.status_code': 200, 'network.protocol.version': '1.1' };
    expect(await collected.metric('http.client.request.duration')).toEqual([
      { attributes: { ...answered, 'http.request.method': 'POST' }, value: expect.any(Number) as number, count: 1 },
      { attributes: { ...answered, 'http.request.method': '_OTHER' }, value: expect.any(Number) as number, count: 1 },
    ]);
    expect(await collected.metric('http.client.request.body.size')).toEqual([
      { attributes: { ...common, 'http.request.method': 'POST' }, value: 5, count: 1 },
    ]);
    expect((await collected.metric('http.client.response.body.size'))[0]).toMatchObject({ value: 5, count: 1 });
    expect((await collected.metric('http.client.request.time_in_queue')).map(({ count }) => count)).toEqual([1, 1]);
    expect(await collected.metric('http.client.open_connections')).toEqual([
      { attributes: { ...common, 'http.connection.state': 'active' }, value: 0, count: undefined },
      { attributes: { ...common, 'http.connection.state': 'idle' }, value: 1, count: undefined },
    ]);
    await client.close();
    expect(await collected.metric('http.client.connection.duration')).toMatchObject([
      { attributes: { ...common, 'network.peer.address': '127.0.0.1', 'network.protocol.version': '1.1' }, count: 1 },
    ]);
    expect(collected.spans.map(({ name }) => name)).toEqual(['POST', 'POST', 'HTTP', 'HTTP']);
    expect(collected.spans[3]!.attributes).toMatchObject({ 'http.request.method': '_OTHER', 'http.request.method_original': 'PURGE' });
  });
});

describe('what is not watched', () => {
  it('is what `ignore` names, and what an exporter sends', async () => {
    const seen: unknown[] = [];
    await using server = await startServer((request, response) => {
      seen.push(request.headers['traceparent']);
      response.end('ok');
    });
    const ignore = ({ urlParts: [, , , target] }: { urlParts: UrlParts }): boolean => target === '/health';
    await using client = new Client({ telemetry: collected.telemetry({ ignore }) });
    await client.get(server.url('/health'));
    await context.with(suppressTracing(context.active()), () => client.get(server.url('/v1/traces')));
    expect(collected.spans).toEqual([]);
    expect(seen).toEqual([undefined, undefined]);
    expect(await collected.metric('http.client.request.duration')).toEqual([]);
  });
});

describe('under global fetch', () => {
  it('calls that install() carries are watched, below the span of who calls', async () => {
    await using server = await startServer((request, response) => response.end(request.headers['traceparent']));
    await using client = new Client({ telemetry: collected.telemetry() });
    const off = install(client);
    const tracer = collected.tracers.getTracer('test');
    const bodies = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        tracer.startActiveSpan(`job ${index}`, async (span) => {
          const text = await (await fetch(server.url(`/${index}`))).text();
          span.end();
          return text;
        }),
      ),
    );
    off();
    for (const job of collected.tree()) {
      const [call] = job.below;
      expect(attributesOf(call!.below[0]!)['url.full']).toBe(server.url(`/${job.span.name.slice(4)}`));
      expect(bodies).toContain(`00-${job.span.spanContext().traceId}-${call!.below[0]!.span.spanContext().spanId}-01`);
    }
    expect(collected.tree()).toHaveLength(10);
  });
});

describe('over a dispatcher', () => {
  it('that traces nothing, a request ends when its body does', async () => {
    const plain = mockDispatcher(() => ({ status: 200, body: 'hello' }));
    const silent = {
      dispatch: async (...[method, url, headers, body]: Parameters<typeof plain.dispatch>) => plain.dispatch(method, url, headers, body),
    };
    const dispatcher = collected.telemetry().over(silent);
    const url: UrlParts = ['http', 'app.test', null, '/users/7'];
    const [, , , , read] = await dispatcher.dispatch('GET', url, [], null, undefined, { urlTemplate: '/users/{id}' });
    expect(Buffer.from(await read.bytes()).toString()).toBe('hello');
    const [, , , , left] = await dispatcher.dispatch('GET', url, [], null);
    for await (const chunk of left) {
      expect(chunk.length).toBe(5);
      break;
    }
    expect(collected.spans.map(({ name }) => name)).toEqual(['GET /users/{id}', 'GET']);
    await expect(
      collected
        .telemetry()
        .over({ dispatch: () => Promise.reject(new RangeError('no')) })
        .dispatch('GET', url, [], null),
    ).rejects.toThrow(RangeError);
    expect(collected.spans[2]).toMatchObject({ attributes: { 'error.type': 'RangeError' }, status: { message: 'no' } });
  });

  it('puts its own context in the place of one that is there, and sends the rest as it is', async () => {
    const seen: unknown[] = [];
    const plain = mockDispatcher((request) => {
      seen.push(request.headers);
      return { status: 200 };
    });
    const headers = [
      ['X-One', '1'],
      ['TraceParent', 'old'],
    ] as const;
    const telemetry = collected.telemetry();
    const [, , , , body] = await telemetry.over(plain).dispatch('GET', ['http', 'app.test', null, '/'], headers, null);
    await body.bytes();
    const { traceId, spanId } = collected.spans[0]!.spanContext();
    expect(seen).toEqual([
      [
        ['X-One', '1'],
        ['traceparent', `00-${traceId}-${spanId}-01`],
      ],
    ]);
    expect(telemetry.over(plain)).toBe(telemetry.over(plain));
  });

  it('hooks that throw change nothing', async () => {
    const hook = (): never => {
      throw new Error('is dropped');
    };
    const telemetry = collected.telemetry({ requestHook: hook, responseHook: hook, ignore: hook });
    const dispatcher = telemetry.over(mockDispatcher(() => ({ status: 200, body: 'hello' })));
    const [, status, , , body] = await dispatcher.dispatch('GET', ['http', 'app.test', null, '/'], [], null);
    await body.bytes();
    expect([status, collected.spans.length]).toEqual([200, 1]);
  });
});
