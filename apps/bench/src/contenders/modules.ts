/** The module of each contender. A measured process loads only its own. */
import type { OpenContender } from './contender.ts';

interface ContenderModule {
  readonly open: OpenContender;
}

const MODULES: Readonly<Record<string, () => Promise<ContenderModule>>> = {
  'raw-socket': () => import('./raw-socket.ts'),
  'frame-loop': () => import('./frame-loop.ts'),
  dispatch: () => import('./dispatch.ts'),
  'dispatch-http1': () => import('./dispatch-http1.ts'),
  'dispatch-direct': () => import('./dispatch-direct.ts'),
  'dispatch-pipelined': () => import('./dispatch-pipelined.ts'),
  'undici-dispatch': () => import('./undici-dispatch.ts'),
  'undici-dispatch-pipelined': () => import('./undici-dispatch-pipelined.ts'),
  client: () => import('./client.ts'),
  'client-new-url': () => import('./client-new-url.ts'),
  'client-cache-hit': () => import('./client-cache-hit.ts'),
  'client-cache-miss': () => import('./client-cache-miss.ts'),
  'client-cache-sqlite': () => import('./client-cache-sqlite.ts'),
  'client-cache-redis': () => import('./client-cache-redis.ts'),
  'client-telemetry': () => import('./client-telemetry.ts'),
  'client-telemetry-idle': () => import('./client-telemetry-idle.ts'),
  'client-direct': () => import('./client-direct.ts'),
  'undici-request': () => import('./undici-request.ts'),
  'undici-cache-hit': () => import('./undici-cache-hit.ts'),
  'undici-cache-miss': () => import('./undici-cache-miss.ts'),
  'undici-stream': () => import('./undici-stream.ts'),
  'undici-fetch': () => import('./undici-fetch.ts'),
  'client-fetch': () => import('./client-fetch.ts'),
  fetch: () => import('./fetch.ts'),
  'fetch-on-client': () => import('./fetch-on-client.ts'),
  'fetch-on-dispatch': () => import('./fetch-on-dispatch.ts'),
  'node-http': () => import('./node-http.ts'),
  'node-http2': () => import('./node-http2.ts'),
  'memory-loop': () => import('./memory-loop.ts'),
  'dispatch-memory': () => import('./dispatch-memory.ts'),
  'client-memory': () => import('./client-memory.ts'),
  'queue-2500': () => queueOf(2_500),
  'queue-5000': () => queueOf(5_000),
  'queue-10000': () => queueOf(10_000),
  got: () => import('./got.ts'),
  ky: () => import('./ky.ts'),
  axios: () => import('./axios.ts'),
};

/** @throws {RangeError} when there is no module for that contender. */
export async function loadContender(id: string): Promise<ContenderModule> {
  const load = Object.hasOwn(MODULES, id) ? MODULES[id] : undefined;
  if (load === undefined) throw new RangeError(`There is no module for the contender "${id}".`);
  return load();
}

async function queueOf(waiting: number): Promise<ContenderModule> {
  const queue = await import('./queue.ts');
  return { open: queue.queueOf(waiting) };
}
