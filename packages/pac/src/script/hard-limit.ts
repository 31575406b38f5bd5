/**
 * The limit in time that nothing escapes: V8 stops what runs in this thread, interpreters in WebAssembly too, where they are. One that was stopped so is in no
 * state to go on with.
 */
import { createContext, Script, type Context } from 'node:vm';

let call: Script | undefined;
let place: Context | undefined;

/** What `run` gives, or `undefined` where it took longer. @throws what it throws. */
export function runWithin<Result>(milliseconds: number, run: () => Result): { readonly result: Result } | undefined {
  call ??= new Script('run()');
  place ??= createContext(Object.create(null) as Context);
  const before: unknown = place['run'];
  let outcome: { readonly result: Result } | { readonly error: unknown } | undefined;
  place['run'] = () => {
    try {
      outcome = { result: run() };
    } catch (error) {
      outcome = { error };
    }
  };
  try {
    call.runInContext(place, { timeout: Math.max(1, Math.ceil(milliseconds)) });
  } catch (error) {
    if ((error as Partial<NodeJS.ErrnoException>).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    // In the last moment it may have come to its end.
    if (outcome === undefined) return undefined;
  } finally {
    place['run'] = before;
  }
  if ('error' in outcome!) throw outcome.error;
  return outcome!;
}
