import type { SecureContext, SecureContextOptions } from 'node:tls';

/** Options that narrow whom TLS trusts: taken and not looked at, they would let pass what they were to refuse. */
const narrowing = ['crl', 'sigalgs', 'curves'] as const;
type Narrowing = (typeof narrowing)[number];

let looks: boolean | undefined;

/**
 * Does `createSecureContext` look at what it is given? TLS that is not OpenSSL's may take every curve (Deno's does, with any signatures and lists of revoked
 * certificates). Revocation shows itself in a handshake alone: who takes a curve that does not exist is not trusted with it either.
 */
export function looksAtOptions(createSecureContext: (options: SecureContextOptions) => SecureContext): boolean {
  try {
    createSecureContext({ ecdhCurve: 'a curve that does not exist' });
    return false;
  } catch {
    return true;
  }
}

/** The first of the options said that this runtime would pass over. */
export function passedOver(
  isSaid: (name: Narrowing) => boolean,
  createSecureContext: (options: SecureContextOptions) => SecureContext,
): Narrowing | undefined {
  const said = narrowing.find(isSaid);
  if (said === undefined) return undefined;
  looks ??= looksAtOptions(createSecureContext);
  return looks ? undefined : said;
}
