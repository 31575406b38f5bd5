/**
 * Who takes part. A new contender is a module beside this one, an entry here and one in `modules.ts`; which scenarios it runs
 * in, the scenarios say.
 */
import type { PeerName } from '../child/peers.ts';

/**
 * What a contender is compared with: `dispatch` is the bare layer that clients are built on, `client` what applications call,
 * `floor` is compared with nothing.
 */
export type Level = 'floor' | 'dispatch' | 'client';

/** What a report says about a contender, without knowing how it is run. */
export interface Contender {
  /** For `--contender`, and for finding its module if it makes requests. */
  readonly id: string;
  readonly label: string;
  readonly level: Level;
  /** Whether it is one of this repository's packages. */
  readonly ours: boolean;
  /** The peer whose release is measured, if any. */
  readonly peer: PeerName | null;
}

const CONTENDERS: readonly Contender[] = [
  { id: 'raw-socket', label: 'raw socket loop', level: 'floor', ours: false, peer: null },
  { id: 'frame-loop', label: 'bare frame loop', level: 'floor', ours: false, peer: null },
  { id: 'dispatch', label: '@x/httpcore dispatch', level: 'dispatch', ours: true, peer: null },
  { id: 'dispatch-http1', label: '@x/httpcore over HTTP/1.1', level: 'dispatch', ours: true, peer: null },
  { id: 'dispatch-direct', label: '@x/httpcore without the proxy', level: 'dispatch', ours: true, peer: null },
  { id: 'dispatch-pipelined', label: '@x/httpcore, pipelined', level: 'dispatch', ours: true, peer: null },
  { id: 'undici-dispatch', label: 'undici dispatch', level: 'dispatch', ours: false, peer: 'undici' },
  { id: 'undici-dispatch-pipelined', label: 'undici dispatch, pipelined', level: 'dispatch', ours: false, peer: 'undici' },
  { id: 'client', label: '@x/client', level: 'client', ours: true, peer: null },
  { id: 'client-direct', label: '@x/client without the proxy', level: 'client', ours: true, peer: null },
  { id: 'client-new-url', label: '@x/client, a new URL each time', level: 'client', ours: true, peer: null },
  { id: 'client-cache-hit', label: '@x/client, from its cache', level: 'client', ours: true, peer: null },
  { id: 'client-cache-miss', label: '@x/client, into its cache', level: 'client', ours: true, peer: null },
  { id: 'client-cache-sqlite', label: '@x/client, from SQLite', level: 'client', ours: true, peer: null },
  { id: 'client-cache-redis', label: '@x/client, from Redis', level: 'client', ours: true, peer: null },
  { id: 'client-telemetry', label: '@x/client, watched', level: 'client', ours: true, peer: null },
  { id: 'client-telemetry-idle', label: '@x/client, watched by nobody', level: 'client', ours: true, peer: null },
  { id: 'undici-request', label: 'undici request', level: 'client', ours: false, peer: 'undici' },
  { id: 'undici-cache-hit', label: 'undici request, from its cache', level: 'client', ours: false, peer: 'undici' },
  { id: 'undici-cache-miss', label: 'undici request, into its cache', level: 'client', ours: false, peer: 'undici' },
  { id: 'undici-stream', label: 'undici stream', level: 'client', ours: false, peer: 'undici' },
  { id: 'undici-fetch', label: 'undici fetch', level: 'client', ours: false, peer: 'undici' },
  { id: 'client-fetch', label: 'fetch of @x/client', level: 'client', ours: true, peer: null },
  { id: 'fetch', label: "Node's fetch", level: 'client', ours: false, peer: null },
  { id: 'fetch-on-client', label: "Node's fetch on @x/client", level: 'client', ours: true, peer: null },
  { id: 'fetch-on-dispatch', label: "Node's fetch on @x/httpcore", level: 'client', ours: true, peer: null },
  { id: 'node-http', label: 'node:http', level: 'client', ours: false, peer: null },
  { id: 'node-http2', label: 'node:http2', level: 'client', ours: false, peer: null },
  { id: 'memory-loop', label: 'bare loop in memory', level: 'floor', ours: false, peer: null },
  { id: 'dispatch-memory', label: '@x/httpcore dispatch', level: 'dispatch', ours: true, peer: null },
  { id: 'client-memory', label: '@x/client', level: 'client', ours: true, peer: null },
  { id: 'queue-2500', label: '@x/httpcore, 2,500 waiting', level: 'dispatch', ours: true, peer: null },
  { id: 'queue-5000', label: '@x/httpcore, 5,000 waiting', level: 'dispatch', ours: true, peer: null },
  { id: 'queue-10000', label: '@x/httpcore, 10,000 waiting', level: 'dispatch', ours: true, peer: null },
  { id: 'got', label: 'got', level: 'client', ours: false, peer: 'got' },
  { id: 'ky', label: 'ky', level: 'client', ours: false, peer: 'ky' },
  { id: 'axios', label: 'axios', level: 'client', ours: false, peer: 'axios' },
];

const BY_ID: ReadonlyMap<string, Contender> = new Map(CONTENDERS.map((contender) => [contender.id, contender]));

/** @throws {RangeError} when there is no such contender. */
export function contenderById(id: string): Contender {
  const contender = BY_ID.get(id);
  if (contender === undefined) throw new RangeError(`There is no contender "${id}". There are: ${[...BY_ID.keys()].join(', ')}.`);
  return contender;
}

/** Every contender that makes requests. */
export function allContenders(): readonly Contender[] {
  return CONTENDERS;
}
