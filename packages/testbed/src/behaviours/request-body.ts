/** What servers do with a request body: read it whole, or digest it as it comes. */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** The whole body; `undefined` when the client broke off. */
export async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk as Buffer);
  } catch {
    return undefined;
  }
  return Buffer.concat(chunks);
}

export interface BodyDigest {
  readonly bytes: number;
  /** In hexadecimal. */
  readonly sha256: string;
  /** False when the client broke off. */
  readonly complete: boolean;
}

export async function digestBody(request: IncomingMessage): Promise<BodyDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  let complete = true;
  try {
    for await (const chunk of request) {
      hash.update(chunk as Buffer);
      bytes += (chunk as Buffer).length;
    }
  } catch {
    complete = false;
  }
  return { bytes, sha256: hash.digest('hex'), complete };
}

/** Name and value pairs in the order, the case and the number in which they came. */
export function headerPairs(rawHeaders: readonly string[]): [name: string, value: string][] {
  const pairs: [string, string][] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    pairs.push([rawHeaders[index] ?? '', rawHeaders[index + 1] ?? '']);
  }
  return pairs;
}
