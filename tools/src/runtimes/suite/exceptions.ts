// What does not hold on a runtime that is not Node, and why. A test is named by its file and by a part of its full name.

import type { Runtime } from './runtime.ts';

export interface Exception {
  readonly on: readonly Runtime[];
  readonly why: string;
  /** By file, from the root of the repository: parts of names, or `all` of the file, which is not loaded then. */
  readonly tests: Readonly<Record<string, 'all' | readonly string[]>>;
}

const core = 'packages/httpcore';
const client = 'packages/client';

/** By way of sockets, and without: what every dispatcher has to keep. */
const conformance = `${core}/test/integration/dispatchers/conformance.test.ts`;

export const exceptions: readonly Exception[] = [
  {
    on: ['bun'],
    why: "Stacks of errors are Bun's own: shorter, and without `Error.captureStackTrace` over an await.",
    tests: {
      [`${core}/src/contract/errors.test.ts`]: ['is told as it is where the program has its stacks its own way'],
      [`${client}/test/client/stacks.test.ts`]: ["the caller's own line"],
      [`${client}/test/client/errors.test.ts`]: ['SCHEMA_MISMATCH'],
      [conformance]: ['errors have the line that called dispatch in their stack'],
      // Each looks for the caller's line as well.
      [`${core}/test/integration/http1/misbehaving-servers.test.ts`]: [
        'RemoteProtocolError',
        'ReadError CONNECTION_CLOSED',
        'ReadError READ_FAILED',
        'ReadTimeout',
      ],
    },
  },
  {
    on: ['bun'],
    why: "node:http's server and client there: no trailers, no Latin-1, no raw fields in their order, no `*`, and writes that are never full.",
    tests: {
      [`${core}/src/in-process/node-handler.test.ts`]: [
        'trailers and informational responses',
        'destroys the response with it',
        'a socket limit of the application',
      ],
      [conformance]: [
        'keep the order of fields, and duplicates apart',
        'arrive with the target *',
        'have field values in Latin-1',
        'tell their trailers when they have ended: some',
        'that the application does not read are not pulled',
        'the write limit ends an exchange whose request is not taken',
      ],
    },
  },
  {
    on: ['bun'],
    why: "The platform's Headers, FormData, JSON errors and content types are written in another way.",
    tests: {
      [`${core}/src/in-process/fetch-handler.test.ts`]: ['keeps each Set-Cookie, and has lower-case names'],
      [`${client}/src/response/json.test.ts`]: ['that is broken is told by its place'],
      [`${client}/test/client/response-promise.test.ts`]: ['can be asked for what the response has'],
      [`${client}/src/request/multipart/multipart-body.test.ts`]: ['a FormData, as browsers send it'],
    },
  },
  {
    on: ['bun'],
    why: "node:http2's server there ends a stream that it refuses with DATA, and no head before it.",
    tests: {
      [`${core}/test/integration/http2/http1-required.test.ts`]: ['a server that wants HTTP/1.1'],
      [`${core}/test/integration/http2/node-http2.test.ts`]: ['replays refused streams at most twice'],
      [`${core}/test/integration/http2/coalescing.test.ts`]: ['fails what ran on it, for guests too, with their own origin'],
    },
  },
  {
    on: ['bun'],
    why: 'A socket is dropped where a write fails, with what it had not read yet: see the guide to runtimes.',
    tests: { [`${core}/test/integration/http1/broken-bodies.test.ts`]: ['where an upload under way finds the reset'] },
  },
  {
    on: ['bun'],
    why: 'Memory can not be lent to a socket: it is read as a stream there.',
    tests: { [`${core}/src/net/lend-memory.test.ts`]: ['memory lent to a socket'] },
  },
  {
    on: ['bun'],
    why: 'The home directory is read once, when the process begins.',
    tests: { [`${client}/src/auth/simple-schemes.test.ts`]: ['is found by the environment, or in the home directory'] },
  },
  {
    on: ['bun', 'deno'],
    why: 'The collector of garbage can not be called, or keeps what Node lets go of.',
    tests: {
      [`${client}/test/client/retries.test.ts`]: ['ten thousand calls that wait to be sent again'],
      [`${client}/test/client/ending.test.ts`]: ['is closed by the collector'],
      [`${core}/src/in-process/fetch-handler.test.ts`]: ['whatever was collected meanwhile'],
    },
  },
  {
    on: ['bun', 'deno'],
    why: "Compared with node:http's parser, which is another one there.",
    tests: { [`${core}/test/conformance/differential.test.ts`]: 'all' },
  },
  {
    on: ['bun', 'deno'],
    why: 'Hundreds of thousands of rounds, which take a minute there.',
    tests: {
      [`${core}/src/connection/http2-connection.test.ts`]: ['counts against no window any more'],
      [`${core}/src/protocol/http2/engine-abuse.test.ts`]: ['at any rate', 'of what was under way when we gave streams up is none'],
      [`${core}/src/protocol/http2/engine-malformed-responses.test.ts`]: ['over the limit of the header list'],
      [`${client}/src/cookies/cookie-jar.test.ts`]: ['stays within its bounds under a flood'],
      [`${client}/src/request/url/url.test.ts`]: ['with letters of Latin-1 is one'],
      [`${client}/src/decoding/decoded-body.test.ts`]: ['is refused in the middle of a chain'],
    },
  },
  {
    on: ['deno'],
    why: 'A cut brotli stream passes for whole there, so that `br` is not offered.',
    tests: {
      [`${client}/src/decoding/decoded-body.test.ts`]: ['br > that breaks off is an error'],
      [`${client}/src/codings/codings.test.ts`]: ['Accept-Encoding says what this Node can undo'],
    },
  },
  {
    on: ['deno'],
    why: 'Bytes that have come are delivered when a timer has passed, not between turns: see the guide to runtimes.',
    tests: {
      [`${core}/test/integration/http1/misbehaving-servers.test.ts`]: ['that answers before it is asked, while the program is busy'],
    },
  },
  {
    on: ['deno'],
    why: 'TLS sessions are not resumed.',
    tests: {
      [`${core}/test/integration/http2/http1-required.test.ts`]: ['is not reminded of HTTP/2 by the TLS session'],
      [`${core}/test/integration/http2/coalescing.test.ts`]: ['also when the session of the connection was resumed'],
    },
  },
  {
    on: ['deno'],
    why: "node:http2's server there resets its streams before it drops their connection, and speaks no TLS where @grpc/grpc-js asks for it.",
    tests: {
      [`${core}/test/integration/http2/coalescing.test.ts`]: ['fails what ran on it, for guests too, with their own origin'],
      [`${core}/test/integration/http2/grpc.test.ts`]: ['gRPC, TLS true'],
    },
  },
  {
    on: ['deno'],
    why: 'The functions of node:zlib can not be replaced for a test.',
    tests: { [`${client}/src/decoding/decoded-body.test.ts`]: ['no decoder outlives the body'] },
  },
];

function concerning(runtime: Runtime): readonly Exception[] {
  return exceptions.filter(({ on }) => on.includes(runtime));
}

/** Files that are not even loaded. */
export function filesLeftOut(runtime: Runtime): string[] {
  return concerning(runtime).flatMap(({ tests }) =>
    Object.entries(tests)
      .filter(([, names]) => names === 'all')
      .map(([file]) => file),
  );
}

/** Why this test does not hold here; `undefined` where it has to. */
export function exceptionFor(runtime: Runtime, file: string, fullName: string): string | undefined {
  for (const { tests, why } of concerning(runtime)) {
    const names = Object.hasOwn(tests, file) ? tests[file] : undefined;
    if (names !== undefined && (names === 'all' || names.some((name) => fullName.includes(name)))) return why;
  }
  return undefined;
}
