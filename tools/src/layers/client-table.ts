/** Who may import whom within `@x/client`: rows of the table. */
import type { Layer } from './layer.ts';

const client = 'packages/client/src';

export const clientLayers: readonly Layer[] = [
  // What everything stands on, and content codings: bytes in, bytes out, whatever they are a body of.
  {
    layer: 'client/ground',
    files: [`${client}/errors.ts`, `${client}/own-bytes.ts`, `${client}/redact.ts`, `${client}/shown-as-json.ts`, `${client}/options/`],
    imports: [],
    modules: ['@x/httpcore'],
  },
  {
    layer: 'client/codings',
    files: [`${client}/codings/`],
    imports: ['client/ground'],
    modules: ['node:buffer', 'node:zlib'],
    types: ['@x/httpcore', 'node:stream'],
  },
  { layer: 'client/time', files: [`${client}/time/`], imports: ['client/ground'], modules: ['node:perf_hooks'], types: ['@x/httpcore'] },
  // What is sent, what comes back, and one call from the first to the last byte of it. They name no feature.
  {
    layer: 'client/request',
    files: [`${client}/request/`],
    imports: ['client/ground', 'client/codings'],
    modules: [
      '@x/httpcore',
      'mime',
      'node:buffer',
      'node:crypto',
      'node:fs/promises',
      'node:path',
      'node:url',
      'node:util',
      'node:util/types',
    ],
    types: ['node:fs'],
  },
  {
    layer: 'client/response',
    files: [`${client}/response/`],
    imports: ['client/ground', 'client/time', 'client/request'],
    modules: [
      '@x/httpcore',
      'eventsource-parser',
      'node:buffer',
      'node:crypto',
      'node:fs/promises',
      'node:path',
      'node:stream',
      'node:url',
      'node:util',
      'node:util/types',
    ],
    types: ['node:fs'],
  },
  {
    layer: 'client/call',
    files: [`${client}/call/`],
    imports: ['client/ground', 'client/time', 'client/request', 'client/response'],
    modules: ['@x/httpcore', 'node:events', 'node:util'],
  },
  // Features. None imports another, but for what a row says.
  {
    layer: 'client/auth',
    files: [`${client}/auth/`],
    imports: ['client/ground', 'client/time', 'client/request', 'client/response', 'client/call'],
    modules: ['node:buffer', 'node:crypto', 'node:fs/promises', 'node:os', 'node:path', 'node:process'],
    types: ['@x/httpcore'],
  },
  {
    layer: 'client/caching',
    files: [`${client}/caching/`],
    imports: ['client/ground', 'client/response', 'client/call'],
    types: ['@x/httpcore'],
  },
  {
    layer: 'client/telemetry',
    files: [`${client}/telemetry/`],
    imports: ['client/ground', 'client/response', 'client/call'],
    modules: ['node:perf_hooks'],
    types: ['@x/httpcore'],
  },
  {
    layer: 'client/cookies',
    files: [`${client}/cookies/`],
    imports: ['client/ground', 'client/request', 'client/response', 'client/call'],
    modules: ['tough-cookie'],
    types: ['@x/httpcore'],
  },
  {
    layer: 'client/decoding',
    files: [`${client}/decoding/`],
    imports: ['client/ground', 'client/codings', 'client/request', 'client/response', 'client/call'],
    modules: ['node:buffer', 'node:zlib'],
    types: ['@x/httpcore', 'node:stream'],
  },
  {
    layer: 'client/redirects',
    files: [`${client}/redirects/`],
    imports: ['client/ground', 'client/request', 'client/response', 'client/call'],
    modules: ['@x/httpcore'],
  },
  {
    layer: 'client/retries',
    files: [`${client}/retries/`],
    imports: ['client/ground', 'client/time', 'client/request', 'client/response', 'client/call'],
    modules: ['@x/httpcore'],
  },
  {
    layer: 'client/proxies',
    files: [`${client}/proxies/`],
    imports: ['client/ground', 'client/request', 'client/auth'],
    modules: ['@x/httpcore', 'node:net', 'node:process'],
  },
  // Which way a request goes, and the only caller of a dispatcher.
  {
    layer: 'client/routing',
    files: [`${client}/routing/`],
    imports: [
      'client/ground',
      'client/time',
      'client/request',
      'client/response',
      'client/call',
      'client/caching',
      'client/telemetry',
      'client/proxies',
    ],
    modules: ['@x/httpcore'],
  },
  {
    layer: 'client/fetch',
    files: [`${client}/fetch/`],
    imports: ['client/ground', 'client/time', 'client/request', 'client/response', 'client/redirects', 'client/retries'],
    modules: ['node:crypto', 'node:util/types'],
    types: ['@x/httpcore'],
  },
  // The composition, and the only folder that knows every feature.
  { layer: 'client/client', files: [`${client}/client/`], imports: ['client/*'], modules: ['@x/httpcore', 'node:net'] },
  { layer: 'client/entry', files: [`${client}/index.ts`], imports: ['client/*'], modules: ['@x/httpcore'] },
  // What was said, written down: as an HTTP Archive, as a command line, and as a file to answer from.
  {
    layer: 'client/har',
    files: [`${client}/har/`],
    imports: ['client/ground', 'client/codings', 'client/request', 'client/response', 'client/call'],
    modules: ['node:buffer', 'node:zlib'],
    types: ['@x/httpcore'],
  },
  {
    layer: 'client/curl',
    files: [`${client}/curl/`],
    imports: ['client/ground', 'client/request', 'client/response', 'client/har'],
    modules: ['node:buffer'],
  },
  {
    layer: 'client/recording',
    files: [`${client}/recording/`],
    imports: ['client/ground', 'client/codings', 'client/time', 'client/request', 'client/response', 'client/call', 'client/har'],
    modules: ['@x/httpcore', 'node:buffer', 'node:crypto', 'node:fs', 'node:path', 'node:process', 'node:timers', 'node:url'],
  },
  // Interceptors that a program asks for by an entry of their own.
  {
    layer: 'client/resilience',
    files: [`${client}/resilience/`],
    imports: ['client/ground', 'client/time', 'client/request', 'client/response', 'client/call', 'client/retries'],
    modules: ['@x/httpcore'],
  },
  { layer: 'client/testing', files: [`${client}/testing/`], imports: ['client/*'], modules: ['@x/httpcore', '@x/httpcore/testing'] },
];
