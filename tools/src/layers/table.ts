/**
 * Who may import whom, for every source file that is not a test.
 *
 * A folder is a layer, and a layer imports itself and what its row names. Rows may only name rows above them, so the table has no cycles by its
 * form. What no row names is refused: a new folder needs a row, a new dependency a mention. `types` are imports that leave no trace at run time.
 */
import { cliLayers } from './cli-table.ts';
import { clientLayers } from './client-table.ts';
import type { Layer } from './layer.ts';

const core = 'packages/httpcore/src';
const interop = 'packages/interop/src';
const cache = 'packages/cache/src';
const otel = 'packages/otel/src';
const pac = 'packages/pac/src';

export const layers: readonly Layer[] = [
  // @x/httpcore
  // The vocabulary: what callers see, what can go wrong, what can be observed.
  { layer: 'core/contract', files: [`${core}/contract/`], imports: [], types: ['node:tls'] },
  { layer: 'core/time', files: [`${core}/time/`], imports: ['core/contract'], modules: ['node:async_hooks', 'node:perf_hooks'] },
  {
    layer: 'core/model',
    files: [`${core}/model/`],
    imports: ['core/contract'],
    modules: ['node:buffer', 'node:crypto', 'node:util/types'],
    types: ['node:net', 'node:tls', 'node:dns', 'node:stream'],
  },
  {
    layer: 'core/observe',
    files: [`${core}/observe/`],
    imports: ['core/contract', 'core/model'],
    modules: ['node:buffer', 'node:diagnostics_channel', 'node:util'],
  },
  // Sans-I/O: bytes in, calls out. No socket, no timer, no promise, no stream; http1, http2 and socks never meet.
  { layer: 'core/protocol', files: [`${core}/protocol/`], imports: ['core/contract', 'core/model'], modules: ['node:buffer'] },
  {
    layer: 'core/protocol/http1',
    files: [`${core}/protocol/http1/`],
    imports: ['core/contract', 'core/model', 'core/protocol'],
    modules: ['node:buffer'],
  },
  {
    layer: 'core/protocol/http2',
    files: [`${core}/protocol/http2/`],
    imports: ['core/contract', 'core/model', 'core/protocol'],
    modules: ['node:buffer'],
  },
  {
    layer: 'core/protocol/socks',
    files: [`${core}/protocol/socks/`],
    imports: ['core/contract', 'core/model', 'core/protocol'],
    modules: ['node:buffer'],
  },
  // The only importer of sockets. Its interface stands apart, so that a connection can be had without one.
  { layer: 'core/net/interface', files: [`${core}/net/byte-transport.ts`], imports: ['core/contract', 'core/model'] },
  // How any stream of ours fails: those over transports, and those over bodies.
  { layer: 'core/net/failure', files: [`${core}/net/late-failure.ts`], imports: [], modules: ['node:stream'] },
  {
    layer: 'core/net',
    files: [`${core}/net/`],
    imports: ['core/contract', 'core/model', 'core/observe', 'core/time', 'core/net/interface', 'core/net/failure'],
    modules: [
      'node:net',
      'node:tls',
      'node:dns',
      'node:dns/promises',
      'node:fs',
      'node:buffer',
      'node:crypto',
      'node:process',
      'node:stream',
    ],
  },
  // One request and its response, over however many connections. It names none of them.
  {
    layer: 'core/exchange',
    files: [`${core}/exchange/`],
    imports: ['core/contract', 'core/model', 'core/observe', 'core/time', 'core/net/interface', 'core/net/failure'],
    modules: ['node:async_hooks', 'node:buffer', 'node:events', 'node:stream', 'node:util/types'],
  },
  // One engine joined to one transport. Only the files named after a protocol know the protocol.
  {
    layer: 'core/connection',
    files: [`${core}/connection/`],
    imports: ['core/contract', 'core/model', 'core/observe', 'core/time', 'core/protocol', 'core/net/interface', 'core/exchange'],
    modules: ['node:buffer'],
  },
  {
    layer: 'core/connection/http1',
    files: [`${core}/connection/http1`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/protocol',
      'core/protocol/http1',
      'core/net/interface',
      'core/exchange',
      'core/connection',
    ],
    modules: ['node:buffer'],
  },
  {
    layer: 'core/connection/http2',
    files: [`${core}/connection/http2`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/protocol',
      'core/protocol/http2',
      'core/net/interface',
      'core/exchange',
      'core/connection',
    ],
    modules: ['node:buffer'],
  },
  // What the pool asks for a connection, and the one that answers over the network.
  {
    layer: 'core/dial/interface',
    files: [`${core}/dial/dial.ts`, `${core}/dial/way.ts`, `${core}/dial/admission.ts`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/net/interface',
      'core/net',
      'core/exchange',
      'core/connection',
    ],
  },
  {
    layer: 'core/dial',
    files: [`${core}/dial/`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/net/interface',
      'core/net',
      'core/exchange',
      'core/connection',
      'core/connection/http1',
      'core/connection/http2',
      'core/dial/interface',
    ],
    modules: ['node:buffer'],
    types: ['node:net', 'node:tls'],
  },
  {
    layer: 'core/pool',
    files: [`${core}/pool/`],
    imports: ['core/contract', 'core/model', 'core/observe', 'core/time', 'core/exchange', 'core/connection', 'core/dial/interface'],
  },
  // Ways through proxies, which the dialler knows by their interface only.
  {
    layer: 'core/proxies',
    files: [`${core}/proxies/`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/protocol',
      'core/protocol/socks',
      'core/net/interface',
      'core/net',
      'core/exchange',
      'core/connection',
      'core/dial/interface',
      'core/dial',
      'core/pool',
    ],
    modules: ['node:buffer', 'node:stream'],
  },
  {
    layer: 'core/in-process',
    files: [`${core}/in-process/`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/net/interface',
      'core/exchange',
      'core/connection',
      'core/dial/interface',
      'core/dial',
      'core/pool',
    ],
    modules: ['node:buffer', 'node:stream', 'node:util/types'],
    types: ['node:http'],
  },
  // Where the pool is given its dialer, its clock and the network.
  {
    layer: 'core/connection-pool',
    files: [`${core}/connection-pool.ts`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/net',
      'core/dial/interface',
      'core/dial',
      'core/pool',
      'core/proxies',
    ],
    types: ['node:net', 'node:stream', 'node:tls'],
  },
  {
    layer: 'core/entry',
    files: [`${core}/index.ts`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/net/interface',
      'core/net',
      'core/exchange',
      'core/pool',
      'core/in-process',
      'core/connection-pool',
    ],
  },
  // Rules for those who want them.
  { layer: 'core/guard', files: [`${core}/guard/`], imports: ['core/contract'], modules: ['node:net'] },
  {
    layer: 'core/testing',
    files: [`${core}/testing/`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/protocol',
      'core/net/interface',
      'core/exchange',
      'core/connection',
      'core/dial/interface',
      'core/dial',
      'core/pool',
      'core/in-process',
    ],
    modules: ['node:assert/strict', 'node:buffer', 'node:events', 'node:http', 'node:vm'],
    types: ['node:stream'],
  },

  ...clientLayers,

  // @x/interop
  // Somebody else's interface for each folder, on a client or a dispatcher, whose shapes it writes down again: it depends on neither.
  { layer: 'interop/carrier', files: [`${interop}/carrier/`], imports: [], modules: ['node:stream'] },
  {
    layer: 'interop/undici',
    files: [`${interop}/undici/`],
    imports: ['interop/carrier'],
    modules: ['node:async_hooks', 'node:events', 'node:querystring', 'node:stream', 'node:timers', 'node:util'],
  },

  // @x/otel
  {
    layer: 'otel',
    files: [`${otel}/`],
    imports: [],
    modules: ['@opentelemetry/api', '@x/httpcore', 'node:perf_hooks', 'node:process'],
  },

  // @x/pac
  // A script's own world, what the system says, and a function that says which proxy: it depends on none of the others.
  {
    layer: 'pac/script',
    files: [`${pac}/script/`, `${pac}/pac-errors.ts`],
    imports: [],
    modules: ['@jitl/quickjs-wasmfile-release-sync', 'quickjs-emscripten-core', 'node:net', 'node:vm'],
  },
  {
    layer: 'pac',
    files: [`${pac}/pac.ts`, `${pac}/source.ts`],
    imports: ['pac/script'],
    modules: ['node:dns/promises', 'node:fs/promises', 'node:os'],
  },
  {
    layer: 'pac/system',
    files: [`${pac}/system/`],
    imports: ['pac'],
    modules: ['node:child_process', 'node:fs/promises', 'node:net', 'node:os', 'node:path', 'node:util'],
  },
  { layer: 'pac/index', files: [`${pac}/index.ts`], imports: ['pac/script', 'pac', 'pac/system'] },

  // @x/cache
  // RFC 9111 as pure decisions; then where responses are kept, and what is told about them.
  { layer: 'cache/rules', files: [`${cache}/rules/`], imports: [], types: ['@x/httpcore'] },
  { layer: 'cache/errors', files: [`${cache}/errors.ts`], imports: [] },
  {
    layer: 'cache/store',
    files: [`${cache}/store/`],
    imports: ['cache/rules', 'cache/errors'],
    modules: ['node:crypto', 'node:timers'],
    types: ['@x/httpcore'],
  },
  // Stores that outlive the process, each an entry of its own.
  {
    layer: 'cache/files',
    files: [`${cache}/files/`],
    imports: ['cache/errors', 'cache/store'],
    modules: ['node:fs/promises', 'node:path'],
  },
  { layer: 'cache/sqlite', files: [`${cache}/sqlite/`], imports: ['cache/errors', 'cache/store'], modules: ['node:fs'] },
  { layer: 'cache/redis', files: [`${cache}/redis/`], imports: ['cache/errors', 'cache/store'], modules: ['node:crypto'] },
  { layer: 'cache/testing', files: [`${cache}/testing/`], imports: ['cache/store'], modules: ['node:assert/strict'] },
  {
    layer: 'cache/ground',
    files: [`${cache}/`],
    imports: ['cache/rules', 'cache/errors', 'cache/store'],
    modules: ['node:crypto', 'node:diagnostics_channel', 'node:perf_hooks'],
    types: ['@x/httpcore'],
  },
  // From a request to its response: the store, the exchange with the origin, and those who share it.
  {
    layer: 'cache/answer',
    files: [`${cache}/answer/`],
    imports: ['cache/rules', 'cache/errors', 'cache/store', 'cache/ground'],
    modules: ['@x/httpcore', 'node:crypto', 'node:perf_hooks', 'node:timers', 'node:timers/promises', 'node:util'],
  },
  {
    layer: 'cache/composition',
    files: [`${cache}/http-cache.ts`, `${cache}/cached.ts`, `${cache}/index.ts`],
    imports: ['cache/rules', 'cache/errors', 'cache/store', 'cache/ground', 'cache/answer'],
    modules: ['node:perf_hooks'],
    types: ['@x/httpcore'],
  },
  {
    layer: 'interop/node',
    files: [`${interop}/node/`],
    imports: ['interop/carrier'],
    modules: ['node:http', 'node:https', 'node:net', 'node:stream', 'node:timers', 'node:tls'],
  },
  {
    layer: 'interop/smithy',
    files: [`${interop}/smithy/`],
    imports: ['interop/carrier'],
    modules: ['node:stream', 'node:timers'],
  },
  { layer: 'interop/connect', files: [`${interop}/connect/`], imports: ['interop/carrier'] },

  // Private. Nothing published imports any of it. --------------------------------------------------------------------------------------------

  { layer: 'testbed', files: ['packages/testbed/src/'], imports: [], modules: ['node:*', '*'] },
  {
    layer: 'bench',
    files: ['apps/bench/src/'],
    imports: [],
    modules: [
      'node:*',
      '*',
      '@x/httpcore',
      '@x/httpcore/testing',
      '@x/cache',
      '@x/cache/redis',
      '@x/cache/sqlite',
      '@x/client',
      '@x/client/resilience',
      '@x/interop/undici',
      '@x/otel',
      '@x/testbed',
    ],
  },
  {
    layer: 'consumers',
    files: ['apps/consumers/'],
    imports: [],
    modules: ['node:*', '*', '@x/httpcore', '@x/client', '@x/client/testing', '@x/testbed'],
  },
  // What is drawn of a call: values in, text out.
  { layer: 'figures', files: ['packages/figures/src/'], imports: [], modules: ['node:util'], types: ['@x/client'] },
  ...cliLayers,
  {
    layer: 'demo',
    files: ['apps/demo/src/'],
    imports: [],
    modules: [
      'node:*',
      '*',
      '@x/httpcore',
      '@x/cache',
      '@x/client',
      '@x/client/testing',
      '@x/figures',
      '@x/interop/undici',
      '@x/otel',
      '@x/testbed',
    ],
  },
  // The site's pages are made from the text of `apps/docs` and from the sources, which it reads as text.
  { layer: 'site/workspace', files: ['apps/site/src/workspace.ts'], imports: [], modules: ['node:*'] },
  { layer: 'site/reference', files: ['apps/site/src/reference/'], imports: ['site/workspace'], modules: ['node:*', '*'] },
  {
    layer: 'site/pictures',
    files: ['apps/site/src/pictures/'],
    imports: ['site/workspace'],
    modules: ['node:*', '*', '@x/client', '@x/figures', '@x/httpcore/testing'],
  },
  { layer: 'site', files: ['apps/site/src/'], imports: ['site/*'], modules: ['node:*', '*'] },
  { layer: 'tools', files: ['tools/src/'], imports: [], modules: ['node:*', '*'] },
];
