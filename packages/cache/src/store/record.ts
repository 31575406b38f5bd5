/** A stored response as text, for stores that outlive the process. What is not exactly what was written is nothing. */
import { createHash, hash } from 'node:crypto';

import type { StoredResponse } from './store.ts';

/** What a store keeps of a response beside its body. */
export interface StoreRecord {
  readonly key: string;
  readonly response: StoredResponse;
  /** SHA-256 of the body, in base64url. */
  readonly digest: string;
}

// Of another make: not read. The number goes up with every change of what is written.
const make = 'x-cache/1';

export function encodeRecord(record: StoreRecord): string {
  const json = JSON.stringify(record);
  return `${make} ${checksum(json)}\n${json}`;
}

/** `undefined` for what is broken, of another make, or about another key. */
export function decodeRecord(text: string, key: string): StoreRecord | undefined {
  const [head, sum] = [text.slice(0, make.length), text.slice(make.length + 1, make.length + 23)];
  const json = text.slice(make.length + 24);
  if (head !== make || sum !== checksum(json)) return undefined;
  try {
    const record = JSON.parse(json) as StoreRecord;
    return record.key === key && isId(record.response.id) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** A name that is safe in a path, for what may be anything. */
export function hashedKey(key: string): string {
  return hash('sha256', key, 'hex').slice(0, 40);
}

/** Names of files and keys are made of it. */
export function isId(id: unknown): id is string {
  return typeof id === 'string' && /^[\w-]{1,64}$/.test(id);
}

function checksum(text: string): string {
  return hash('sha256', text, 'base64url').slice(0, 22);
}

/** The digest of a body that comes in chunks. */
export class BodyDigest {
  readonly #hash = createHash('sha256');

  add(chunk: Uint8Array): void {
    this.#hash.update(chunk);
  }

  end(): string {
    return this.#hash.digest('base64url');
  }
}

export function digestOf(body: Uint8Array): string {
  return hash('sha256', body, 'base64url');
}

/** The chunks of a whole body, which throws at its end where they are not what was written. */
export async function* checkedChunks(
  chunks: AsyncIterable<Uint8Array>,
  { digest, response }: StoreRecord,
  onBroken: () => void | Promise<void>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const actual = new BodyDigest();
  let length = 0;
  for await (const chunk of chunks) {
    actual.add(chunk);
    length += chunk.length;
    yield chunk;
  }
  if (length === response.length && actual.end() === digest) return;
  await onBroken();
  throw new Error(`The stored body of ${response.url} is broken; it has been removed`);
}
