import type { HeaderPair } from '@x/httpcore';

import { headerPair, readHeaderChanges, type HeadersInput } from './header-input.ts';
import { shownHeaderValue } from '../../redact.ts';
import { showAsJson } from '../../shown-as-json.ts';

/**
 * Header fields with the methods of the standard class, but as they are on the wire: in their order, in their letter case,
 * and each duplicate by itself. Names are compared without regard to case (RFC 9110 §5.1).
 *
 * Those of a request or a response can't be changed; `request.with({ headers })` makes a new request.
 *
 * @example
 * const headers = new Headers({ Accept: 'text/html' });
 * headers.append('Accept', 'text/plain');
 * headers.get('accept'); // 'text/html, text/plain'
 * headers.getAll('accept'); // ['text/html', 'text/plain']
 */
export class Headers implements Iterable<[name: string, value: string]> {
  static {
    showAsJson(this.prototype, 'Headers');
  }

  #pairs: readonly HeaderPair[];
  #immutable = false;

  /**
   * @throws {InvalidOption} a value is neither a string nor a number.
   * @throws {LocalProtocolError} a name or a value holds what no header may hold.
   */
  constructor(init?: HeadersInput) {
    this.#pairs = init === undefined ? [] : readHeaderChanges(init).pairs;
  }

  /** @internal Fields of a message: checked elsewhere, shared, and not to be changed. */
  static view(pairs: readonly HeaderPair[]): Headers {
    const headers = new Headers();
    headers.#pairs = pairs;
    headers.#immutable = true;
    return headers;
  }

  /** How many fields there are, each duplicate counted. */
  get size(): number {
    return this.#pairs.length;
  }

  /** All values of the field, joined by `, ` (RFC 9110 §5.3); `null` without one. `Set-Cookie` needs {@link getSetCookie}. */
  get(name: string): string | null {
    const values = this.getAll(name);
    return values.length === 0 ? null : values.join(', ');
  }

  /** Each value of the field, in order. */
  getAll(name: string): string[] {
    const wanted = String(name).toLowerCase();
    const values: string[] = [];
    for (const [candidate, value] of this.#pairs) {
      if (candidate.length === wanted.length && candidate.toLowerCase() === wanted) values.push(value);
    }
    return values;
  }

  /** Each `Set-Cookie`, which is never joined (RFC 6265 §3). */
  getSetCookie(): string[] {
    return this.getAll('set-cookie');
  }

  has(name: string): boolean {
    return this.getAll(name).length > 0;
  }

  /** Replaces every field of that name, in the place of the first one. */
  set(name: string, value: string | number): void {
    this.#assertMutable();
    const pair = headerPair(name, value);
    const wanted = pair[0].toLowerCase();
    const at = this.#pairs.findIndex(([candidate]) => candidate.toLowerCase() === wanted);
    if (at === -1) {
      this.#pairs = [...this.#pairs, pair];
      return;
    }
    this.#pairs = this.#pairs
      .map((candidate, index) => (index === at ? pair : candidate))
      .filter((candidate, index) => index === at || candidate[0].toLowerCase() !== wanted);
  }

  append(name: string, value: string | number): void {
    this.#assertMutable();
    this.#pairs = [...this.#pairs, headerPair(name, value)];
  }

  delete(name: string): void {
    this.#assertMutable();
    const wanted = String(name).toLowerCase();
    this.#pairs = this.#pairs.filter(([candidate]) => candidate.toLowerCase() !== wanted);
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void): void {
    for (const [name, value] of this.#pairs) callback(value, name, this);
  }

  *entries(): IterableIterator<[name: string, value: string]> {
    for (const [name, value] of this.#pairs) yield [name, value];
  }

  *keys(): IterableIterator<string> {
    for (const [name] of this.#pairs) yield name;
  }

  *values(): IterableIterator<string> {
    for (const [, value] of this.#pairs) yield value;
  }

  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.entries();
  }

  get [Symbol.toStringTag](): string {
    return 'Headers';
  }

  /** For logs: names in lower case, duplicates as arrays, credentials and cookies masked. `Object.fromEntries(headers)` shows all. */
  toJSON(): Record<string, string | string[]> {
    const shown = new Map<string, string | string[]>();
    for (const [name, value] of this.#pairs) {
      const key = name.toLowerCase();
      const text = shownHeaderValue(name, value);
      const earlier = shown.get(key);
      if (earlier === undefined) shown.set(key, text);
      else if (Array.isArray(earlier)) earlier.push(text);
      else shown.set(key, [earlier, text]);
    }
    return Object.fromEntries(shown);
  }

  #assertMutable(): void {
    if (this.#immutable) throw new TypeError('The headers of a message can not be changed; use with({ headers }) to make a new message');
  }
}
