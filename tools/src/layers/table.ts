/**
 * Who may import whom, for every source file that is not a test.
 *
 * A folder is a layer, and a layer imports itself and what its row names. Rows may only name rows above them, so the table has no cycles by its
 * form. What no row names is refused: a new folder needs a row, a new dependency a mention. `types` are imports that leave no trace at run time.
 */
export interface Layer {
  readonly layer: string;
  /** Beginnings of paths; the longest one that fits a file decides its layer. */
  readonly files: readonly string[];
  /** Rows above; `client/*` is every row above whose name begins so. */
  readonly imports: readonly string[];
  /** Modules of Node, and packages of the workspace or from elsewhere. `node:*` is any module of Node, `*` any package from elsewhere. */
  readonly modules?: readonly string[];
  readonly types?: readonly string[];
}

const core = 'packages/httpcore/src';
const client = 'packages/client/src';

export const layers: readonly Layer[] = [
  // @x/httpcore ---------------------------------------------------------------------------------------------------------------------------

  // The vocabulary: what callers see, what can go wrong, what can be observed.
  { layer: 'core/contract', files: [`${core}/contract.ts`, `${core}/errors.ts`, `${core}/observe/trace.ts`], imports: [] },
  { layer: 'core/time', files: [`${core}/time/`], imports: ['core/contract'], modules: ['node:perf_hooks', 'node:timers'] },
  {
    layer: 'core/model',
    files: [`${core}/model/`],
    imports: ['core/contract'],
    // For the keys of proxies, which tell credentials apart and show none.
    modules: ['node:buffer', 'node:crypto'],
    types: ['node:net', 'node:tls', 'node:dns'],
  },
  { layer: 'core/observe', files: [`${core}/observe/`], imports: ['core/contract'], modules: ['node:diagnostics_channel'] },

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
  {
    layer: 'core/net',
    files: [`${core}/net/`],
    imports: ['core/contract', 'core/model', 'core/observe', 'core/time', 'core/net/interface'],
    modules: ['node:net', 'node:tls', 'node:dns', 'node:dns/promises', 'node:fs', 'node:buffer', 'node:process', 'node:stream'],
  },

  // One engine joined to one transport. Only the files named after a protocol know the protocol.
  {
    layer: 'core/connection',
    files: [`${core}/connection/`],
    imports: ['core/contract', 'core/model', 'core/observe', 'core/time', 'core/protocol', 'core/net/interface'],
    // For the number of listeners that one abort signal may have.
    modules: ['node:buffer', 'node:events'],
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
      'core/connection',
    ],
    modules: ['node:buffer'],
  },

  // What the pool asks for a connection, and the one that answers over the network.
  {
    layer: 'core/dial/interface',
    files: [`${core}/dial/dial.ts`, `${core}/dial/tunnels.ts`],
    imports: ['core/contract', 'core/model', 'core/observe', 'core/time', 'core/net/interface', 'core/net', 'core/connection'],
  },
  {
    layer: 'core/dial',
    files: [`${core}/dial/`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/protocol',
      'core/protocol/socks',
      'core/net/interface',
      'core/net',
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
    imports: ['core/contract', 'core/model', 'core/observe', 'core/time', 'core/connection', 'core/dial/interface'],
  },
  // Ways through HTTP proxies, which are had by asking: by a pool under the dialler.
  {
    layer: 'core/tunnels',
    files: [`${core}/tunnels/`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/net/interface',
      'core/net',
      'core/connection',
      'core/dial/interface',
      'core/pool',
    ],
    modules: ['node:buffer'],
  },
  {
    layer: 'core/dispatchers',
    files: [`${core}/dispatchers/`],
    imports: [
      'core/contract',
      'core/model',
      'core/observe',
      'core/time',
      'core/net/interface',
      'core/connection',
      'core/dial/interface',
      'core/dial',
      'core/pool',
    ],
    modules: ['node:buffer', 'node:stream'],
    // Loaded when a handler is given: it takes longer than the package.
    types: ['node:http'],
  },
  // Where the pool is given its dialer, its clock and the network.
  {
    layer: 'core/connection-pool',
    files: [`${core}/dispatchers/connection-pool.ts`],
    imports: ['core/contract', 'core/model', 'core/observe', 'core/time', 'core/net', 'core/dial', 'core/pool', 'core/tunnels'],
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
      'core/pool',
      'core/dispatchers',
      'core/connection-pool',
    ],
  },
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
      'core/connection',
      'core/dial/interface',
      'core/dispatchers',
    ],
    modules: ['node:assert/strict', 'node:buffer', 'node:events', 'node:http'],
    types: ['node:stream'],
  },

  // @x/client: reaches the core through its public entry and nothing else. ------------------------------------------------------------------

  { layer: 'client/errors', files: [`${client}/errors.ts`], imports: [], modules: ['@x/httpcore'] },

  // Content codings: bytes in, bytes out, whatever they are a body of.
  {
    layer: 'client/decoding',
    files: [`${client}/decoding/`],
    imports: ['client/errors'],
    modules: ['node:buffer', 'node:zlib'],
    types: ['@x/httpcore', 'node:stream'],
  },

  // What is sent, what comes back, how it is read, and what a call may ask for: four folders of one vocabulary.
  {
    layer: 'client/message',
    files: [`${client}/message/`, `${client}/body/`, `${client}/reading/`, `${client}/options/`],
    imports: ['client/errors', 'client/decoding'],
    // Files are sent (multipart bodies) and saved (downloads); the libraries are loaded when they are needed.
    modules: [
      '@x/httpcore',
      'node:buffer',
      'node:util',
      'node:crypto',
      'node:fs/promises',
      'node:module',
      'node:path',
      'node:stream',
      'node:url',
    ],
    types: ['node:fs', 'mime', 'eventsource-parser'],
  },

  // Pure: values in, values out.
  {
    layer: 'client/policies',
    files: [`${client}/policies/`],
    imports: ['client/errors', 'client/message'],
    modules: ['@x/httpcore'],
  },
  {
    layer: 'client/auth',
    files: [`${client}/auth/`],
    imports: ['client/errors', 'client/message'],
    modules: ['node:buffer', 'node:crypto'],
    types: ['@x/httpcore'],
  },
  // The one part of it that reads a file, and what tells where.
  {
    layer: 'client/auth/netrc-file',
    files: [`${client}/auth/netrc-auth.ts`],
    imports: ['client/errors', 'client/message', 'client/auth'],
    modules: ['node:fs/promises', 'node:os', 'node:path', 'node:process'],
  },
  {
    layer: 'client/cookies',
    files: [`${client}/cookies/`],
    imports: ['client/errors', 'client/message'],
    // tough-cookie is loaded when the first cookie comes.
    modules: ['tough-cookie', 'node:module'],
    types: ['@x/httpcore', 'tough-cookie'],
  },
  // Who says which proxy, and how it is told who we are. The variables are read when a client is made.
  {
    layer: 'client/proxy',
    files: [`${client}/proxy/`],
    imports: ['client/errors', 'client/message', 'client/auth'],
    modules: ['@x/httpcore', 'node:net', 'node:process'],
  },
  // What a call may say, which takes in the words of every feature.
  {
    layer: 'client/call',
    files: [`${client}/options/call-`],
    imports: ['client/errors', 'client/message', 'client/policies', 'client/auth', 'client/proxy', 'client/cookies', 'client/decoding'],
    types: ['@x/httpcore'],
  },
  // Which way a request goes: pure.
  {
    layer: 'client/routing',
    files: [`${client}/routing/`],
    imports: ['client/errors', 'client/message', 'client/proxy'],
    modules: ['@x/httpcore'],
  },
  {
    layer: 'client/send',
    files: [`${client}/send/`, `${client}/lifetime.ts`],
    imports: ['client/errors', 'client/message', 'client/call', 'client/routing'],
    modules: ['@x/httpcore', 'node:events'],
  },
  // Each on its own: that one interceptor never imports another is a rule of `check.ts`.
  { layer: 'client/interceptors', files: [`${client}/interceptors/`], imports: ['client/*'], modules: ['@x/httpcore'] },
  // The platform's fetch, on what a client can do.
  {
    layer: 'client/fetch',
    files: [`${client}/fetch/`],
    imports: ['client/errors', 'client/message', 'client/policies', 'client/call'],
  },
  {
    layer: 'client/client',
    files: [
      `${client}/client.ts`,
      `${client}/chain-layers.ts`,
      `${client}/verbs.ts`,
      `${client}/connections.ts`,
      `${client}/options/client-`,
    ],
    imports: ['client/*'],
    modules: ['@x/httpcore'],
  },
  { layer: 'client/entry', files: [`${client}/index.ts`], imports: ['client/*'], modules: ['@x/httpcore'] },
  { layer: 'client/testing', files: [`${client}/testing/`], imports: ['client/*'], modules: ['@x/httpcore', '@x/httpcore/testing'] },

  // Private. Nothing published imports any of it. --------------------------------------------------------------------------------------------

  { layer: 'testbed', files: ['packages/testbed/src/'], imports: [], modules: ['node:*', '*'] },
  { layer: 'bench', files: ['apps/bench/src/'], imports: [], modules: ['node:*', '*', '@x/httpcore', '@x/client', '@x/testbed'] },
  { layer: 'demo', files: ['apps/demo/src/'], imports: [], modules: ['node:*', '*', '@x/httpcore', '@x/client', '@x/testbed'] },
  { layer: 'tools', files: ['tools/src/'], imports: [], modules: ['node:*', '*'] },
];

/** Tests reach into every corner of their own package, and into other packages through the front door. */
export const modulesOfTests: readonly string[] = [
  'node:*',
  '*',
  '@x/httpcore',
  '@x/httpcore/testing',
  '@x/client',
  '@x/client/testing',
  '@x/testbed',
];
