import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';

// Timers know no longer time than this.
const longestTimer = 2 ** 31 - 1;

/** Calls `onTime` at a moment of `performance.now()`, unless what it gives is called before. */
export function beforeDeadline(deadline: number, onTime: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const left = deadline - performance.now();
    timer = setTimeout(left > longestTimer ? wait : onTime, Math.min(Math.max(0, left), longestTimer));
  };
  wait();
  return () => clearTimeout(timer);
}
