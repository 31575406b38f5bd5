import { AsyncResource } from 'node:async_hooks';

const outside = new AsyncResource('@x/httpcore');

/**
 * Does `task` outside of any call (`AsyncLocalStorage`): what outlives the call that needs it first, such as a connection or a timer for
 * all, must neither keep that call's stores alive nor show them to the calls that come after.
 */
export function runOutside<Result>(task: () => Result): Result {
  return outside.runInAsyncScope(task);
}

/** `callback`, to be called in the async context of now: for who waits for what another's call began. */
export function fromHere<Arguments extends readonly unknown[]>(callback: (...given: Arguments) => void): (...given: Arguments) => void {
  const here = new AsyncResource('@x/httpcore');
  return (...given) => here.runInAsyncScope(callback, undefined, ...given);
}
