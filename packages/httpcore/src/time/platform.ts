/**
 * The platform's own time, taken when this module is loaded: a test that fakes the timers afterwards fakes its own and not those of
 * connections, which would never be served. Who wants to fake the time of a pool gives it a `Clock`.
 */
import { performance as realPerformance } from 'node:perf_hooks';

type Scheduler = 'setTimeout' | 'clearTimeout' | 'setImmediate' | 'clearImmediate' | 'queueMicrotask';

/** Where timers were faked before (jest's `enableGlobally`), the library that vitest and jest use keeps what it has replaced. */
interface Fake {
  readonly clock?: Readonly<Record<string, unknown>>;
}

function genuine<Name extends Scheduler>(name: Name): (typeof globalThis)[Name] {
  const current = globalThis[name];
  const replaced = (current as Fake).clock?.[`_${name}`];
  return typeof replaced === 'function' ? (replaced as (typeof globalThis)[Name]) : current;
}

export const setTimeout: typeof globalThis.setTimeout = genuine('setTimeout');
export const clearTimeout: typeof globalThis.clearTimeout = genuine('clearTimeout');
export const setImmediate: typeof globalThis.setImmediate = genuine('setImmediate');
export const clearImmediate: typeof globalThis.clearImmediate = genuine('clearImmediate');
export const queueMicrotask: typeof globalThis.queueMicrotask = genuine('queueMicrotask');

const readNow = realPerformance.now;

/** Monotonic milliseconds, as `performance.now()`. */
export const now: () => number = () => readNow.call(realPerformance);
