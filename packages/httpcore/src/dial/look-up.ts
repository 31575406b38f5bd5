import type { HttpCoreError } from '../contract/errors.ts';
import type { Found, Question, ResolveCallback, Resolver } from '../net/dns/resolver.ts';
import type { Resolving } from '../net/dns/look-up.ts';
import type { WayListener } from './way.ts';

/** Resolves a name as one step of a way. What fails goes to `onFailed`. */
export function lookUp(
  question: Question,
  resolver: Resolver,
  listener: WayListener,
  onFound: (found: Found) => void,
  onFailed: (error: HttpCoreError) => void = (error) => listener.onFailed(error),
): Resolving | undefined {
  listener.enter('resolving');
  listener.trace('dns-start', { host: question.host });
  if (listener.isSettled) return undefined;
  const onSettled: ResolveCallback = (error, found) => {
    if (listener.isSettled) return;
    if (found === undefined) {
      onFailed(error!);
      return;
    }
    listener.trace('dns-end', { addresses: found.endpoints.map(({ address }) => address), source: found.source });
    if (!listener.isSettled) onFound(found);
  };
  return resolver.resolve(question, onSettled);
}
