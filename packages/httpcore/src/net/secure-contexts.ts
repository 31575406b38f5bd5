/**
 * What OpenSSL makes of certificates and keys, made once for all that ask with equal ones: reading the hundred and fifty roots of a bundle takes a tenth of
 * a second, and each pool, proxy and request with options of its own would do it again.
 */
import type { SecureContext, SecureContextOptions } from 'node:tls';

import { fingerprint } from '../model/fingerprint.ts';
import { RecentMap } from '../model/recent-map.ts';
import { nodeTls } from './node-tls.ts';

/** The roots of a bundle take up to two mebibytes. */
const mostKept = 16;
const recent = new RecentMap<{ deref(): SecureContext | undefined }>(mostKept);

/**
 * Those without authorities are made anew: it costs little, since Node reads its own once, and which these are may have changed (`processDefaults`).
 *
 * @throws what Node says of options that it does not take.
 */
export function secureContext(options: SecureContextOptions): SecureContext {
  if (options.ca === undefined) return nodeTls().createSecureContext(options);
  const key = fingerprint(options);
  const known = recent.get(key)?.deref();
  if (known !== undefined) return known;
  const context = nodeTls().createSecureContext(options);
  // A private key is kept for no longer than somebody has use for it.
  const isSecret = options.key !== undefined || options.pfx !== undefined;
  recent.set(key, isSecret ? new WeakRef(context) : { deref: () => context });
  return context;
}
