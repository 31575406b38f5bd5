/**
 * Bodies in parts, each with a digest of its own: none of it is handed out before it is known to be what was written, whatever is asked for, and however
 * large it is.
 */
import { createHash, hash } from 'node:crypto';

import { StoreError } from '../errors.ts';
import type { StoreRecord } from './record.ts';
import type { Awaitable, StoredBytes } from './store.ts';

/** Bytes of every part but the last. */
export const partSize: number = 256 * 1024;

// Of SHA-256 in base64url: 132 bits.
const digestLength = 22;

/** The digests of a body that comes in chunks, one behind the other. */
export class PartDigests {
  #hash = createHash('sha256');
  #inPart = 0;
  #digests = '';

  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) {
      const piece = chunk.subarray(at, at + partSize - this.#inPart);
      this.#hash.update(piece);
      at += piece.length;
      this.#inPart += piece.length;
      if (this.#inPart === partSize) this.#finish();
    }
  }

  end(): string {
    if (this.#inPart > 0) this.#finish();
    return this.#digests;
  }

  #finish(): void {
    this.#digests += this.#hash.digest('base64url').slice(0, digestLength);
    this.#hash = createHash('sha256');
    this.#inPart = 0;
  }
}

export function partsOf(length: number): number {
  return Math.ceil(length / partSize);
}

/** Is it this part, whole and as it was written? */
export function isPart(bytes: Uint8Array, number: number, { digests, response }: StoreRecord): boolean {
  const length = Math.min(partSize, response.length - number * partSize);
  const at = number * digestLength;
  return (
    bytes instanceof Uint8Array &&
    bytes.length === length &&
    hash('sha256', bytes, 'base64url').slice(0, digestLength) === digests.slice(at, at + digestLength)
  );
}

/** Is it the whole body, as it was written? What somebody else has put into a store may be anything. */
export function isWholeBody(bytes: unknown, record: StoreRecord): boolean {
  if (!(bytes instanceof Uint8Array) || bytes.length !== record.response.length) return false;
  for (let number = 0; number < partsOf(bytes.length); number += 1) {
    if (!isPart(bytes.subarray(number * partSize, (number + 1) * partSize), number, record)) return false;
  }
  return true;
}

export interface PartSource {
  readonly record: StoreRecord;
  /** `undefined` or `null`: it is gone. */
  read(number: number): Awaitable<Uint8Array | undefined | null>;
  /** A part is broken or gone: nobody is to find the response any more. */
  onBroken(): Awaitable<unknown>;
  /** Nothing more is read, or nothing for a while. */
  close?(): Awaitable<void>;
}

/**
 * Bytes of a body from `start` to before `end`. `undefined` where the first part of them is not what was written; if that turns out later, there is an error
 * in the place of the first part that is not.
 */
export async function openParts(source: PartSource, start: number, end: number): Promise<StoredBytes | undefined> {
  const first = Math.floor(start / partSize);
  const last = Math.floor((end - 1) / partSize);
  let part: Uint8Array | undefined;
  try {
    part = await checked(source, first);
  } finally {
    // Nothing is left open for a reader that may never come.
    await source.close?.();
  }
  if (part === undefined) {
    await source.onBroken();
    return undefined;
  }
  const at = first * partSize;
  if (first < last) return parts(source, part, first, last, start, end);
  return part.subarray(start - at, end - at);
}

async function* parts(
  source: PartSource,
  firstPart: Uint8Array,
  first: number,
  last: number,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield firstPart.subarray(start - first * partSize);
    let next = checked(source, first + 1);
    for (let number = first + 1; number <= last; number += 1) {
      const part = await next;
      if (part === undefined) {
        await source.onBroken();
        const { url } = source.record.response;
        throw new StoreError(
          `The stored body of ${url.split('?', 1)[0]} is broken behind ${number * partSize} bytes; it has been removed`,
          'STORE_BROKEN',
        );
      }
      // The next one is on its way while this one is used.
      if (number < last) {
        next = checked(source, number + 1);
        next.catch(() => {});
      }
      yield part.subarray(0, end - number * partSize);
    }
  } finally {
    await source.close?.();
  }
}

async function checked(source: PartSource, number: number): Promise<Uint8Array | undefined> {
  const bytes = await source.read(number);
  return bytes !== undefined && bytes !== null && isPart(bytes, number, source.record) ? bytes : undefined;
}
