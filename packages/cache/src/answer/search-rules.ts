import { fieldValue } from '../rules/fields.ts';
import { keyByRule, parseNoVarySearch, pathOfKey, type SearchRule } from '../rules/no-vary-search.ts';
import type { HeaderPair } from '@x/httpcore';

const most = 1000;

/** What the responses of a path have said last about its queries. It is learnt anew by each process. */
export class SearchRules {
  readonly #rules = new Map<string, SearchRule>();

  /** The key that a request's response would be stored under. */
  keyOf(key: string): string {
    if (this.#rules.size === 0) return key;
    const rule = this.#rules.get(pathOfKey(key));
    return rule === undefined ? key : keyByRule(key, rule);
  }

  /** The key that this response is stored under. */
  learn(key: string, fields: readonly HeaderPair[]): string {
    const rule = parseNoVarySearch(fieldValue(fields, 'no-vary-search'));
    const path = pathOfKey(key);
    this.#rules.delete(path);
    if (rule === undefined) return key;
    if (this.#rules.size >= most) this.#rules.delete(this.#rules.keys().next().value!);
    this.#rules.set(path, rule);
    return keyByRule(key, rule);
  }
}
