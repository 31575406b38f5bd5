import type { Question, ResolveCallback, Resolver, Resolving } from '../net/resolve.ts';
import type { WayListener } from './way.ts';

/** Resolves a name as one step of a way. */
export function lookUp(
  question: Question,
  resolver: Resolver,
  listener: WayListener,
  onResolved: (addresses: readonly string[]) => void,
): Resolving | undefined {
  listener.enter('resolving');
  listener.trace('dns-start', { host: question.host });
  if (listener.isSettled) return undefined;
  const onSettled: ResolveCallback = (error, addresses) => {
    if (listener.isSettled) return;
    if (error !== undefined) {
      listener.onFailed(error);
      return;
    }
    listener.trace('dns-end', { addresses });
    if (!listener.isSettled) onResolved(addresses);
  };
  return resolver.resolve(question, onSettled);
}
