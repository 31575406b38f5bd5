/** `@x/interop/undici`: undici's dispatcher over a client, and a client under global `fetch`. */
import type { ClientLike, DispatcherLike } from '../carrier/carrier.ts';
import { UndiciDispatcher } from './undici-dispatcher.ts';

export type { ClientLike, DispatcherLike } from '../carrier/carrier.ts';
export { install, installFor, type InstallOptions, type Uninstall } from './install.ts';
export { UndiciDispatcher };

/**
 * A dispatcher of undici over a client, or over a dispatcher of `@x/httpcore`.
 *
 * @throws {TypeError} `carrier` is neither.
 * @example
 * const dispatcher = undiciDispatcher(client);
 * await fetch('https://example.com/', { dispatcher });
 * await undici.request('https://example.com/', { dispatcher });
 */
export function undiciDispatcher(carrier: ClientLike | DispatcherLike): UndiciDispatcher {
  return new UndiciDispatcher(carrier);
}
