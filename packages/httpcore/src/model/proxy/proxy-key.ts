/** Which proxies are one. The key of a pool is shown in nothing, but it is kept in many places: it must not be a way to a password. */
import { fingerprint } from '../fingerprint.ts';
import type { TlsOptions, TlsSource } from '../../contract/tls-options.ts';

/** `open` is what may be read in it. `secret` and the values of `tls` count as well; where these may change, who says so. */
export function proxyKey(open: readonly unknown[], secret: readonly unknown[], tls: TlsOptions | TlsSource): string {
  if (typeof tls === 'function') return `${JSON.stringify([...open, 'renewed'])}#${fingerprint([secret, tls])}`;
  const names = Object.entries(tls)
    .filter(([, value]) => value !== undefined)
    .map(([name]) => name)
    .toSorted();
  return `${JSON.stringify([...open, names])}#${fingerprint([secret, tls])}`;
}
