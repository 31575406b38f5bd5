/** The algorithms of Digest and what is computed with them (RFC 7616 §3.4). Text is hashed octet by octet, as it travels. */
import { createHash } from 'node:crypto';

/** As challenges name it (RFC 7616 §3.3). */
export type DigestAlgorithmName = 'MD5' | 'MD5-sess' | 'SHA-256' | 'SHA-256-sess' | 'SHA-512-256' | 'SHA-512-256-sess';

export interface DigestAlgorithm {
  readonly name: DigestAlgorithmName;
  /** Are the credentials hashed anew for each session, so that a server need not keep the hash that stands for them? */
  readonly isSession: boolean;
  /** The larger one is preferred. */
  readonly strength: number;
  readonly hash: 'md5' | 'sha256' | 'sha512-256';
}

const algorithms: readonly DigestAlgorithm[] = [
  { name: 'MD5', isSession: false, strength: 1, hash: 'md5' },
  { name: 'MD5-sess', isSession: true, strength: 1, hash: 'md5' },
  { name: 'SHA-256', isSession: false, strength: 2, hash: 'sha256' },
  { name: 'SHA-256-sess', isSession: true, strength: 2, hash: 'sha256' },
  { name: 'SHA-512-256', isSession: false, strength: 3, hash: 'sha512-256' },
  { name: 'SHA-512-256-sess', isSession: true, strength: 3, hash: 'sha512-256' },
];

/** Names are compared without regard to case. `undefined` for what nobody knows, or what this build of Node has not (MD5 under FIPS). */
export function findAlgorithm(name: string): DigestAlgorithm | undefined {
  const found = algorithms.find((algorithm) => algorithm.name.toLowerCase() === name.toLowerCase());
  return found !== undefined && isAvailable(found) ? found : undefined;
}

/** H(user ":" realm ":" password), which is A1, or what A1 of a session is made of. The realm is octets from the wire. */
export function credentialsHash(algorithm: DigestAlgorithm, user: string, realm: string, password: string): string {
  return createHash(algorithm.hash).update(`${user}:`, 'utf8').update(`${realm}:`, 'latin1').update(password, 'utf8').digest('hex');
}

/** H(A1) of a `-sess` algorithm: bound to the nonces with which the session began. */
export function sessionHash(algorithm: DigestAlgorithm, credentials: string, nonce: string, cnonce: string): string {
  return digest(algorithm, `${credentials}:${nonce}:${cnonce}`);
}

/** RFC 7616 §3.4.4. */
export function userHash(algorithm: DigestAlgorithm, user: string, realm: string): string {
  return createHash(algorithm.hash).update(`${user}:`, 'utf8').update(realm, 'latin1').digest('hex');
}

export interface DigestQuestion {
  readonly method: string;
  /** As in the request line. */
  readonly target: string;
  /** H(body), which `auth-int` signs; see {@link contentHash}. */
  readonly contentHash: string | undefined;
}

/** What proves freshness: with a quality of protection, a count and a nonce of ours go in as well. */
export interface DigestFreshness {
  readonly nonce: string;
  readonly quality: { readonly name: 'auth' | 'auth-int'; readonly count: string; readonly cnonce: string } | undefined;
}

/** The `response` (RFC 7616 §3.4.1); without a quality, that of RFC 2069. */
export function digestResponse(algorithm: DigestAlgorithm, a1: string, question: DigestQuestion, freshness: DigestFreshness): string {
  const { nonce, quality } = freshness;
  const { method, target, contentHash: hashedContent } = question;
  const integrity = quality?.name === 'auth-int' ? `:${hashedContent}` : '';
  const a2 = digest(algorithm, `${method}:${target}${integrity}`);
  const middle = quality === undefined ? nonce : `${nonce}:${quality.count}:${quality.cnonce}:${quality.name}`;
  return digest(algorithm, `${a1}:${middle}:${a2}`);
}

/** H(entity-body), without holding it in memory. */
export async function contentHash({ hash }: DigestAlgorithm, chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
  const hashing = createHash(hash);
  for await (const chunk of chunks) hashing.update(chunk);
  return hashing.digest('hex');
}

function digest({ hash }: DigestAlgorithm, text: string): string {
  return createHash(hash).update(text, 'latin1').digest('hex');
}

function isAvailable({ hash }: DigestAlgorithm): boolean {
  try {
    createHash(hash);
    return true;
  } catch {
    return false;
  }
}
