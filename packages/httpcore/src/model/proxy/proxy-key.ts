/** Which proxies are one. The key of a pool is shown in nothing, but it is kept in many places: it must not be a way to a password. */
import { createHmac, randomBytes } from 'node:crypto';

import type { TlsOptions } from '../tls-options.ts';

// Known to this process alone: a key tells proxies apart, and nobody what their passwords are.
const fingerprintKey = randomBytes(32);

/** `open` is what may be read in it. `secret` and the values of `tls` count as well. */
export function proxyKey(open: readonly unknown[], secret: readonly unknown[], tls: TlsOptions): string {
  const settings = Object.entries(tls)
    .filter(([, value]) => value !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  const names = settings.map(([name]) => name);
  const values = settings.map(([, value]) => identityOf(value));
  return `${JSON.stringify([...open, names])}#${fingerprint(JSON.stringify([secret.map(comparable), values]))}`;
}

/** Lists of text as their text, everything else by {@link identityOf}. */
function comparable(value: unknown): unknown {
  return Array.isArray(value) ? value.map(comparable) : identityOf(value);
}

function fingerprint(secret: string): string {
  return createHmac('sha256', fingerprintKey).update(secret).digest('base64url');
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

/** Text and numbers are compared as such; of objects, a certificate in bytes for one, each is its own. */
function identityOf(value: unknown): string {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return JSON.stringify(value) ?? 'undefined';
  const known = identities.get(value);
  if (known !== undefined) return `#${known}`;
  lastIdentity += 1;
  identities.set(value, lastIdentity);
  return `#${lastIdentity}`;
}
