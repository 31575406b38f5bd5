/** A stored response as text, for stores that outlive the process. What is not exactly what was written is nothing. */
import { hash } from 'node:crypto';

import type { StoredResponse } from './store.ts';

/** What a store keeps of a response beside its body. */
export interface StoreRecord {
  readonly key: string;
  readonly response: StoredResponse;
  /** Of the parts of its body: see `PartDigests`. */
  readonly digests: string;
}

// Of another make: not read. The number goes up with every change of what is written.
const make = 'x-cache/2';

export function encodeRecord(record: StoreRecord): string {
  const json = JSON.stringify(record);
  return `${make} ${checksum(json)}\n${json}`;
}

/** `undefined` for what is broken, of another make, or about another key. */
export function decodeRecord(text: unknown, key: string): StoreRecord | undefined {
  if (typeof text !== 'string') return undefined;
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
