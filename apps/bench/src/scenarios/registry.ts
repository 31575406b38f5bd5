/** Every scenario. Their ids are what `--scenario` takes. */
import { DOCUMENT, LARGE_BYTES, SMALL_BODY } from '../child/payload.ts';
import { contenderById, type Contender } from '../contenders/registry.ts';
import { farAway, noServer, startUploadSink, startWebServer, throughTunnels, type LinkProperties } from '../servers/start.ts';
import { contendersWithStores } from './available-stores.ts';
import { IMPORTED_CONTENDERS } from './imported-contenders.ts';
import type { ExchangeScenario, ImportScenario, MemoryScenario, References, Scenario, Traffic, Units } from './scenario.ts';

const PER_REQUEST: Units = { cpu: 'µs', rate: 'req/s' };
const PER_BODY: Units = { cpu: 'ms', rate: 'MiB/s' };
const UNDICI: References = { floor: 'raw-socket', dispatch: 'undici-dispatch', client: 'undici-request' };

/** Everybody who can do everything; `stream` is undici's own way with large bodies and only runs there. */
const ALL = contenders(
  'raw-socket',
  'dispatch',
  'undici-dispatch',
  'client',
  'undici-request',
  'undici-fetch',
  'node-http',
  'got',
  'ky',
  'axios',
);
const WITH_STREAM = ALL.flatMap((contender) =>
  contender.id === 'undici-request' ? [contender, contenderById('undici-stream')] : [contender],
);

const SMALL: Traffic = {
  exchange: 'text',
  scheme: 'http',
  target: '/small',
  concurrency: 50,
  bodyBytes: SMALL_BODY.length,
  uploadBytes: 0,
  protocol: 'http/1.1',
  freshConnections: false,
};

// The time limits keep the slowest contenders from stretching a run; a window of three seconds is long enough for any of them.
const WARM: Pick<ExchangeScenario, 'kind' | 'contenders' | 'references' | 'rounds' | 'startServer' | 'warmup' | 'window'> = {
  kind: 'exchange',
  contenders: ALL,
  references: UNDICI,
  rounds: 5,
  startServer: startWebServer,
  warmup: { requests: 40_000, milliseconds: 2_000 },
  window: { requests: 80_000, milliseconds: 3_000 },
};

const HTTP2: References = { floor: 'frame-loop', dispatch: 'undici-dispatch', client: 'undici-request' };
const OVER_HTTP2 = contenders('frame-loop', 'dispatch', 'undici-dispatch', 'client', 'undici-request', 'node-http2');
const OVER_HTTP2_AND_1 = OVER_HTTP2.flatMap((contender) =>
  contender.id === 'dispatch' ? [contender, contenderById('dispatch-http1')] : [contender],
);

/** Each way: the milliseconds it takes and the bits per second that it carries. */
export const FAR_LINE: LinkProperties = { delay: 50, rate: 200e6 };

const STREAMS: Traffic = { ...SMALL, concurrency: 100, protocol: 'h2' };

const THROUGH_TUNNELS: Pick<ExchangeScenario, 'contenders' | 'references' | 'startServer'> = {
  contenders: contenders('dispatch', 'dispatch-direct', 'client', 'client-direct'),
  references: { floor: null, dispatch: 'dispatch-direct', client: 'client-direct' },
  startServer: throughTunnels(startWebServer),
};

/** What is left of a request when the system has no part in it. */
const IN_MEMORY: Pick<ExchangeScenario, 'contenders' | 'references' | 'startServer' | 'warmup' | 'window'> = {
  contenders: contenders('memory-loop', 'dispatch-memory', 'client-memory'),
  references: { floor: 'memory-loop', dispatch: 'memory-loop', client: 'dispatch-memory' },
  startServer: noServer,
  warmup: { requests: 200_000, milliseconds: 3_000 },
  window: { requests: 1_000_000, milliseconds: 4_000 },
};

const INSTALLED: Pick<ExchangeScenario, 'contenders' | 'references'> = {
  contenders: contenders('fetch', 'fetch-on-client', 'fetch-on-dispatch', 'client', 'client-fetch'),
  references: { floor: null, dispatch: 'fetch', client: 'fetch' },
};

const SCENARIOS: readonly Scenario[] = [
  {
    ...WARM,
    id: 'h1-small',
    summary: 'GET of 11 bytes, 50 at a time on warm connections, HTTP/1.1',
    units: PER_REQUEST,
    traffic: SMALL,
  },
  {
    ...WARM,
    id: 'h1-pipelined',
    summary: 'GET of 11 bytes, 50 at a time on 5 connections, each with 10 requests behind each other, HTTP/1.1; and on 50 connections',
    units: PER_REQUEST,
    contenders: contenders('dispatch', 'dispatch-pipelined', 'undici-dispatch', 'undici-dispatch-pipelined'),
    references: { floor: null, dispatch: 'undici-dispatch-pipelined', client: 'dispatch' },
    traffic: SMALL,
  },
  {
    ...WARM,
    id: 'cache',
    summary: 'GET of 11 bytes with an HTTP cache, 50 at a time, HTTP/1.1: from memory, into it, and from other stores',
    units: PER_REQUEST,
    contenders: contenders(
      'client',
      'client-new-url',
      'client-cache-hit',
      'client-cache-miss',
      ...contendersWithStores(),
      'undici-request',
      'undici-cache-hit',
      'undici-cache-miss',
    ),
    references: { floor: null, dispatch: 'client', client: 'client' },
    traffic: { ...SMALL, target: '/cacheable' },
  },
  {
    ...WARM,
    id: 'otel',
    summary: 'GET of 11 bytes, 50 at a time, HTTP/1.1: spans, metrics and trace context of OpenTelemetry, off and on',
    units: PER_REQUEST,
    contenders: contenders('client', 'client-telemetry-idle', 'client-telemetry'),
    references: { floor: null, dispatch: 'client', client: 'client' },
    traffic: SMALL,
  },
  {
    ...WARM,
    id: 'h1-small-tls',
    summary: 'GET of 11 bytes, 50 at a time on warm connections, HTTP/1.1 over TLS',
    units: PER_REQUEST,
    traffic: { ...SMALL, scheme: 'https' },
  },
  {
    ...WARM,
    id: 'h1-json',
    summary: 'GET of 1 KiB of JSON, parsed, 50 at a time on warm connections, HTTP/1.1',
    units: PER_REQUEST,
    traffic: { ...SMALL, exchange: 'json', target: '/json', bodyBytes: Buffer.byteLength(DOCUMENT) },
  },
  {
    ...WARM,
    ...INSTALLED,
    id: 'fetch-small',
    summary: 'GET of 11 bytes by global fetch, 50 at a time on warm connections, HTTP/1.1',
    units: PER_REQUEST,
    rounds: 3,
    traffic: SMALL,
    // There is so much of fetch that after two seconds its compilation is still what is measured.
    warmup: { requests: 40_000, milliseconds: 8_000 },
    window: { requests: 80_000, milliseconds: 4_000 },
  },
  {
    ...WARM,
    ...INSTALLED,
    id: 'fetch-download',
    summary: 'GET of 100 MiB by global fetch, read chunk by chunk, HTTP/1.1',
    units: PER_BODY,
    traffic: { ...SMALL, exchange: 'download', target: '/large', concurrency: 1, bodyBytes: LARGE_BYTES },
    warmup: { requests: 3, milliseconds: 2_000 },
    window: { requests: 10, milliseconds: 5_000 },
  },
  {
    ...WARM,
    id: 'download',
    summary: 'GET of 100 MiB, read chunk by chunk, HTTP/1.1',
    units: PER_BODY,
    contenders: WITH_STREAM,
    traffic: { ...SMALL, exchange: 'download', target: '/large', concurrency: 1, bodyBytes: LARGE_BYTES },
    warmup: { requests: 3, milliseconds: 2_000 },
    window: { requests: 10, milliseconds: 5_000 },
  },
  {
    ...WARM,
    id: 'upload',
    summary: 'POST of 100 MiB in chunks of 64 KiB, HTTP/1.1',
    units: PER_BODY,
    contenders: WITH_STREAM,
    // nginx answers before it has read a body that nobody asked for, which is not what an upload is.
    startServer: startUploadSink,
    traffic: {
      ...SMALL,
      exchange: 'upload',
      target: '/upload',
      concurrency: 1,
      bodyBytes: String(LARGE_BYTES).length,
      uploadBytes: LARGE_BYTES,
    },
    warmup: { requests: 3, milliseconds: 2_000 },
    window: { requests: 10, milliseconds: 5_000 },
  },
  {
    ...WARM,
    id: 'h1-cold',
    summary: 'GET of 11 bytes, 10 at a time, each on a new connection, HTTP/1.1',
    units: PER_REQUEST,
    traffic: { ...SMALL, target: '/small-then-close', concurrency: 10, freshConnections: true },
    // Every connection holds a port for a minute; this many, of all contenders and rounds together, fit.
    warmup: { requests: 1_000, milliseconds: 1_000 },
    window: { requests: 4_000, milliseconds: 2_000 },
  },
  {
    ...WARM,
    id: 'h2-small',
    summary: 'GET of 11 bytes, 100 streams on one connection, HTTP/2 over TLS',
    units: PER_REQUEST,
    references: HTTP2,
    contenders: OVER_HTTP2_AND_1,
    traffic: { ...STREAMS, scheme: 'https' },
  },
  {
    ...WARM,
    ...IN_MEMORY,
    id: 'memory-h1',
    summary: 'GET of 11 bytes from a server in the same memory, 50 at a time, HTTP/1.1: no sockets, JavaScript alone',
    units: PER_REQUEST,
    traffic: SMALL,
  },
  {
    ...WARM,
    ...IN_MEMORY,
    id: 'memory-h2',
    summary: 'GET of 11 bytes from a server in the same memory, 100 streams, HTTP/2: no sockets, JavaScript alone',
    units: PER_REQUEST,
    traffic: STREAMS,
  },
  {
    ...WARM,
    ...IN_MEMORY,
    id: 'queue',
    summary: 'GET of 11 bytes, all of a batch waiting at once, over half as many origins, for 64 connections: no sockets, HTTP/1.1',
    units: PER_REQUEST,
    contenders: contenders('queue-2500', 'queue-5000', 'queue-10000'),
    references: { floor: null, dispatch: 'queue-2500', client: 'queue-2500' },
    traffic: SMALL,
    // Whole batches of each.
    warmup: { requests: 20_000, milliseconds: 60_000 },
    window: { requests: 60_000, milliseconds: 60_000 },
  },
  {
    ...WARM,
    id: 'h2c-small',
    summary: 'GET of 11 bytes, 100 streams on one connection, HTTP/2 without TLS',
    units: PER_REQUEST,
    references: HTTP2,
    contenders: OVER_HTTP2,
    traffic: STREAMS,
  },
  {
    ...WARM,
    id: 'h2-download',
    summary: 'GET of 100 MiB, read chunk by chunk, HTTP/2 over TLS',
    units: PER_BODY,
    references: HTTP2,
    contenders: OVER_HTTP2,
    traffic: { ...STREAMS, scheme: 'https', exchange: 'download', target: '/large', concurrency: 1, bodyBytes: LARGE_BYTES },
    warmup: { requests: 3, milliseconds: 2_000 },
    window: { requests: 10, milliseconds: 5_000 },
  },
  {
    ...WARM,
    id: 'h2-upload',
    summary: 'POST of 100 MiB in chunks of 64 KiB, HTTP/2 over TLS',
    units: PER_BODY,
    references: HTTP2,
    contenders: OVER_HTTP2,
    startServer: startUploadSink,
    traffic: {
      ...STREAMS,
      scheme: 'https',
      exchange: 'upload',
      target: '/upload',
      concurrency: 1,
      bodyBytes: String(LARGE_BYTES).length,
      uploadBytes: LARGE_BYTES,
    },
    warmup: { requests: 3, milliseconds: 2_000 },
    window: { requests: 10, milliseconds: 5_000 },
  },
  {
    ...WARM,
    id: 'h2-far-download',
    summary: `GET of 100 MiB on a fresh connection over a line of ${FAR_LINE.rate / 1e6} Mbit/s, ${2 * FAR_LINE.delay} ms there and back, HTTP/2 over TLS`,
    units: PER_BODY,
    references: { floor: null, dispatch: 'undici-request', client: 'undici-request' },
    contenders: contenders('dispatch', 'undici-request', 'node-http2'),
    rounds: 3,
    startServer: farAway(startWebServer, FAR_LINE),
    traffic: { ...STREAMS, scheme: 'https', exchange: 'download', target: '/large', concurrency: 1, bodyBytes: LARGE_BYTES },
    // A first download has to find out how much the line takes: that is what is measured.
    warmup: { requests: 0, milliseconds: 1 },
    window: { requests: 1, milliseconds: 60_000 },
  },
  {
    ...WARM,
    ...THROUGH_TUNNELS,
    id: 'proxy-tunnel',
    summary: 'GET of 11 bytes, 50 at a time on warm tunnels through a proxy, HTTP/1.1 over TLS',
    units: PER_REQUEST,
    traffic: { ...SMALL, scheme: 'https' },
  },
  {
    ...WARM,
    ...THROUGH_TUNNELS,
    id: 'proxy-tunnel-h2',
    summary: 'GET of 11 bytes, 100 streams in one warm tunnel through a proxy, HTTP/2 over TLS',
    units: PER_REQUEST,
    traffic: { ...STREAMS, scheme: 'https' },
  },
  {
    kind: 'import',
    id: 'import',
    summary: 'import into a fresh process',
    units: { cpu: 'ms', rate: 'wall ms' },
    references: { floor: null, dispatch: 'undici', client: 'undici' },
    rounds: 15,
    contenders: IMPORTED_CONTENDERS,
  } satisfies ImportScenario,
  {
    kind: 'memory',
    id: 'memory',
    summary: 'memory after garbage collection along many requests of the kind h1-small',
    units: PER_REQUEST,
    references: UNDICI,
    rounds: 1,
    contenders: contenders('client'),
    startServer: startWebServer,
    traffic: SMALL,
    requests: 1_000_000,
    samples: 20,
  } satisfies MemoryScenario,
  {
    kind: 'memory',
    id: 'h2-memory',
    summary: 'memory after garbage collection along many requests of the kind h2-small',
    units: PER_REQUEST,
    references: HTTP2,
    rounds: 1,
    contenders: contenders('client'),
    startServer: startWebServer,
    traffic: { ...STREAMS, scheme: 'https' },
    requests: 1_000_000,
    samples: 20,
  } satisfies MemoryScenario,
];

const BY_ID: ReadonlyMap<string, Scenario> = new Map(SCENARIOS.map((scenario) => [scenario.id, scenario]));

/** All of them, in the order in which they run. */
export function allScenarios(): readonly Scenario[] {
  return SCENARIOS;
}

/** @throws {RangeError} when there is no such scenario. */
export function scenarioById(id: string): Scenario {
  const scenario = BY_ID.get(id);
  if (scenario === undefined) throw new RangeError(`There is no scenario "${id}". There are: ${[...BY_ID.keys()].join(', ')}.`);
  return scenario;
}

function contenders(...ids: readonly string[]): readonly Contender[] {
  return ids.map(contenderById);
}
