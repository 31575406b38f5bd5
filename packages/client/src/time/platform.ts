/**
 * The platform's own time, taken when this module is loaded: a test that fakes timers afterwards does not stop the calls that it makes.
 * Only the waits between the attempts of a call keep to the timers that there are then ({@link ../call/waiting.ts}), for a test to skip them.
 */
import { performance as realPerformance } from 'node:perf_hooks';

type Timer = 'setTimeout' | 'clearTimeout' | 'setImmediate';

/** Where timers were faked before, the library that vitest and jest use keeps what it has replaced. */
interface Fake {
  readonly clock?: Readonly<Record<string, unknown>>;
}

function genuine<Name extends Timer>(name: Name): (typeof globalThis)[Name] {
  const current = globalThis[name];
  const replaced = (current as Fake).clock?.[`_${name}`];
  return typeof replaced === 'function' ? (replaced as (typeof globalThis)[Name]) : current;
}

export const setTimeout: typeof globalThis.setTimeout = genuine('setTimeout');
export const clearTimeout: typeof globalThis.clearTimeout = genuine('clearTimeout');
export const setImmediate: typeof globalThis.setImmediate = genuine('setImmediate');

const readNow = realPerformance.now;

/** Monotonic milliseconds, as `performance.now()`. */
export const now: () => number = () => readNow.call(realPerformance);

/** What {@link now} counts from, in Unix milliseconds. */
export const timeOrigin: number = realPerformance.timeOrigin;
