/** The digest that a `fetch` wants its content to have (Subresource Integrity). */
import { createHash } from 'node:crypto';

const algorithms = ['sha256', 'sha384', 'sha512'] as const;
type Algorithm = (typeof algorithms)[number];

/** The digests of the strongest algorithm that was named; `undefined` where none is known, and everything matches (SRI §3.3). */
export function parseIntegrity(metadata: string): { readonly algorithm: Algorithm; readonly digests: readonly string[] } | undefined {
  const byAlgorithm = new Map<Algorithm, string[]>();
  for (const item of metadata.split(/[\t\n\f\r ]+/u)) {
    const [, name, digest] = /^(sha(?:256|384|512))-([A-Za-z\d+/_-]+={0,2})(?:\?[\x21-\x7e]*)?$/iu.exec(item) ?? [];
    const algorithm = algorithms.find((known) => known === name?.toLowerCase());
    if (algorithm === undefined || digest === undefined) continue;
    byAlgorithm.set(algorithm, [...(byAlgorithm.get(algorithm) ?? []), digest]);
  }
  const algorithm = algorithms.findLast((known) => byAlgorithm.has(known));
  return algorithm === undefined ? undefined : { algorithm, digests: byAlgorithm.get(algorithm)! };
}

export function hasIntegrity(content: Uint8Array, metadata: string): boolean {
  const wanted = parseIntegrity(metadata);
  if (wanted === undefined) return true;
  const actual = createHash(wanted.algorithm).update(content).digest('base64');
  return wanted.digests.some((digest) => withoutPadding(digest) === withoutPadding(actual));
}

function withoutPadding(digest: string): string {
  return digest.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/u, '');
}
