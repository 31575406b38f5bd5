import { AsyncResource } from 'node:async_hooks';

const outside = new AsyncResource('@x/httpcore');

/**
 * Does `task` outside of any call (`AsyncLocalStorage`): what outlives the call that needs it first, such as a connection or a timer for
 * all, must neither keep that call's stores alive nor show them to the calls that come after.
 */
export function runOutside<Result>(task: () => Result): Result {
  return outside.runInAsyncScope(task);
}
