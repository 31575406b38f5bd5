import { fieldValue } from '../rules/fields.ts';
import { keyByRule, parseNoVarySearch, pathOfKey, type SearchRule } from '../rules/no-vary-search.ts';
import type { HeaderPair } from '@x/httpcore';

/** Paths. */
const most = 1000;
/** What is stored under an earlier rule of a path is still there. */
const mostOfPath = 4;

interface RulesOfPath {
  /** What counts now; `undefined`: everything makes a difference. */
  current: SearchRule | undefined;
  /** By what the field said, the last one last. */
  readonly known: Map<string, SearchRule>;
}

/** What the responses of a path have said last about its queries. It is learnt anew by each process. */
export class SearchRules {
  readonly #rules = new Map<string, RulesOfPath>();

  /** The key that a request's response would be stored under. */
  keyOf(key: string): string {
    if (this.#rules.size === 0) return key;
    const rule = this.#rules.get(pathOfKey(key))?.current;
    return rule === undefined ? key : keyByRule(key, rule);
  }

  /** All keys that responses for it may be stored under. */
  keysOf(key: string): readonly string[] {
    const rules = this.#rules.get(pathOfKey(key));
    if (rules === undefined) return [key];
    return [...new Set([key, ...Array.from(rules.known.values(), (rule) => keyByRule(key, rule))])];
  }

  /** The key that this response is stored under. */
  learn(key: string, fields: readonly HeaderPair[]): string {
    const text = fieldValue(fields, 'no-vary-search');
    const rule = parseNoVarySearch(text);
    const path = pathOfKey(key);
    const rules = this.#rules.get(path) ?? { current: undefined, known: new Map<string, SearchRule>() };
    rules.current = rule;
    if (rule === undefined) return key;
    if (!this.#rules.has(path) && this.#rules.size >= most) this.#rules.delete(this.#rules.keys().next().value!);
    this.#rules.delete(path);
    this.#rules.set(path, rules);
    rules.known.delete(text!);
    if (rules.known.size >= mostOfPath) rules.known.delete(rules.known.keys().next().value!);
    rules.known.set(text!, rule);
    return keyByRule(key, rule);
  }
}
