/** The fields of requests, read once where they come again: a program says the same ones with most of its requests. */
import type { HeaderPair } from '../carrier/carrier.ts';

/** What became of them. */
export interface ReadFields {
  /** Nobody changes it. */
  readonly pairs: readonly HeaderPair[];
  /** As the fields say; `undefined` where they do not. */
  readonly contentLength: number | undefined;
  readonly contentType: string | undefined;
}

interface Known {
  /** Names and values in turn, as they were given. */
  readonly given: readonly string[];
  readonly read: ReadFields;
  isFrozen: boolean;
}

const most = 4;

export class KnownFields {
  /** The latest last. */
  readonly #known: Known[] = [];

  /** `read` is asked where they are not known. What is given otherwise than by name, with one text for each, is read each time. */
  of(headers: unknown, read: (headers: unknown) => ReadFields): ReadFields {
    if (typeof headers !== 'object' || headers === null || Symbol.iterator in headers) return read(headers);
    const fields = headers as Readonly<Record<string, unknown>>;
    const names = Object.keys(fields);
    for (let index = this.#known.length - 1; index >= 0; index--) {
      const known = this.#known[index]!;
      if (!isSame(known.given, names, fields)) continue;
      // What is frozen is checked once below; what comes but once is not worth it.
      if (!known.isFrozen) freezePairs(known.read.pairs);
      known.isFrozen = true;
      return known.read;
    }
    return this.#learn(names, fields, read);
  }

  #learn(names: readonly string[], fields: Readonly<Record<string, unknown>>, read: (headers: unknown) => ReadFields): ReadFields {
    const given: string[] = [];
    for (const name of names) {
      const value = fields[name];
      if (typeof value !== 'string') return read(fields);
      given.push(name, value);
    }
    // Of what was looked at, and not of what it may say the next time that it is asked.
    const known: Known = { given, read: read(given), isFrozen: false };
    // Lengths differ: what comes with a body would take the places of what comes again.
    if (known.read.contentLength === undefined && this.#known.push(known) > most) this.#known.shift();
    return known.read;
  }
}

function freezePairs(pairs: readonly HeaderPair[]): void {
  for (const pair of pairs) Object.freeze(pair);
  Object.freeze(pairs);
}

function isSame(given: readonly string[], names: readonly string[], fields: Readonly<Record<string, unknown>>): boolean {
  if (given.length !== names.length * 2) return false;
  for (let index = 0; index < names.length; index++) {
    const name = names[index]!;
    if (given[index * 2] !== name || given[index * 2 + 1] !== fields[name]) return false;
  }
  return true;
}
