/** What a Digest challenge asks for, and which of several to answer (RFC 7616 §3.3, §3.7). */
import { parseChallenges, type Challenge } from '../challenge.ts';
import { findAlgorithm, type DigestAlgorithm, type DigestAlgorithmName } from './digest-algorithm.ts';

/** The quality of protection: `auth`, or `auth-int`, which covers the body too (RFC 7616 §3.4). */
export type DigestQuality = 'auth' | 'auth-int';

export interface DigestChallenge {
  readonly realm: string;
  readonly nonce: string;
  /** To be given back as it is. */
  readonly opaque: string | undefined;
  readonly algorithm: DigestAlgorithm;
  /** Did the server name the algorithm? One that did not may not know the parameter. */
  readonly namesAlgorithm: boolean;
  /** `undefined` is what servers of RFC 2069 ask for. */
  readonly quality: DigestQuality | undefined;
  /** Were the credentials right and only the nonce too old? */
  readonly stale: boolean;
  /** Does the server want the hash of the user, and not its name? */
  readonly userhash: boolean;
  /** Has the server said that it reads UTF-8? */
  readonly utf8: boolean;
  /** URIs for which the credentials are good; none means the whole server. */
  readonly domain: readonly string[];
}

export interface DigestPreferences {
  /** What may be answered at all. */
  readonly algorithms: readonly DigestAlgorithmName[] | undefined;
  /** The one to take when the server offers both. */
  readonly quality: DigestQuality;
}

/** The strongest of those that can be answered; of equals, the one that the server has first. */
export function chooseChallenge(fields: readonly string[], preferences: DigestPreferences): DigestChallenge | undefined {
  let chosen: DigestChallenge | undefined;
  for (const challenge of parseChallenges(fields)) {
    const read = readChallenge(challenge, preferences);
    if (read !== undefined && (chosen === undefined || read.algorithm.strength > chosen.algorithm.strength)) chosen = read;
  }
  return chosen;
}

function readChallenge({ scheme, parameters }: Challenge, preferences: DigestPreferences): DigestChallenge | undefined {
  const realm = parameters.get('realm');
  const nonce = parameters.get('nonce');
  if (scheme !== 'digest' || realm === undefined || nonce === undefined) return undefined;
  const algorithm = findAlgorithm(parameters.get('algorithm') ?? 'MD5');
  if (algorithm === undefined || preferences.algorithms?.includes(algorithm.name) === false) return undefined;
  const offered = words(parameters.get('qop') ?? '', /[\s,]+/);
  const quality = chooseQuality(offered, preferences.quality);
  // RFC 7616 §3.3: a server that names qualities takes none but these.
  if (quality === undefined && offered.length > 0) return undefined;
  return {
    realm,
    nonce,
    opaque: parameters.get('opaque'),
    algorithm,
    namesAlgorithm: parameters.has('algorithm'),
    quality,
    stale: isTrue(parameters.get('stale')),
    userhash: isTrue(parameters.get('userhash')),
    utf8: parameters.get('charset')?.toLowerCase() === 'utf-8',
    domain: words(parameters.get('domain') ?? '', /\s+/),
  };
}

function chooseQuality(offered: readonly string[], preferred: DigestQuality): DigestQuality | undefined {
  const known = new Set(offered.map((name) => name.toLowerCase()));
  if (known.has(preferred)) return preferred;
  return known.has('auth') ? 'auth' : known.has('auth-int') ? 'auth-int' : undefined;
}

function isTrue(text: string | undefined): boolean {
  return text?.toLowerCase() === 'true';
}

function words(text: string, separator: RegExp): string[] {
  return text.split(separator).filter((word) => word !== '');
}
