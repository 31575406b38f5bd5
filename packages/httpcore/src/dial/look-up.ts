import { resolve, type ResolveCallback, type ResolveOptions, type Resolving } from '../net/resolve.ts';
import type { WayListener } from './way.ts';

/** Resolves a name as one step of a way. Errors say whose it is, if that is said. */
export function lookUp(
  host: string,
  options: ResolveOptions,
  listener: WayListener,
  onResolved: (addresses: readonly string[]) => void,
  owner?: string,
): Resolving | undefined {
  listener.enter('resolving');
  listener.trace('dns-start', { host });
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
  return resolve(host, options, onSettled, owner);
}
