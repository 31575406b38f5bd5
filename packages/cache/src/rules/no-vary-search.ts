/** `No-Vary-Search`: URLs that differ in their query, and not in their response (draft-ietf-httpbis-no-vary-search). */
import { listMembers } from './fields.ts';

/** What of a query makes no difference. */
export interface SearchRule {
  /** Does the order of the parameters not matter? */
  readonly anyOrder: boolean;
  /** Do none matter, but for those in `names`? Else all do, but for those in `names`. */
  readonly noneMatters: boolean;
  readonly names: ReadonlySet<string>;
}

/** `undefined` where everything makes a difference, and for what is no such field. */
export function parseNoVarySearch(value: string | undefined): SearchRule | undefined {
  if (value === undefined) return undefined;
  let anyOrder = false;
  let params: boolean | readonly string[] = false;
  let except: readonly string[] | undefined;
  for (const member of listMembers(value)) {
    const [, key, given] = /^([a-z*][\w\-.*]*)(?:=(.*))?$/s.exec(member) ?? [];
    if (key === undefined) return undefined;
    const argument = given === undefined || given === '?1' ? true : given === '?0' ? false : innerList(given);
    if (argument === undefined) return undefined;
    if (key === 'key-order' && typeof argument === 'boolean') anyOrder = argument;
    else if (key === 'params') params = argument;
    else if (key === 'except' && typeof argument !== 'boolean') except = argument;
    else if (key === 'key-order' || key === 'except') return undefined;
  }
  // Exceptions are from a rule for all.
  if (except !== undefined && params !== true) return undefined;
  if (params === true) return { anyOrder, noneMatters: true, names: new Set(except) };
  const names = new Set(params === false ? [] : params);
  return anyOrder || names.size > 0 ? { anyOrder, noneMatters: false, names } : undefined;
}

/** `("a" "b")`. */
function innerList(text: string): readonly string[] | undefined {
  if (!/^\([ ]*(?:"(?:[^"\\]|\\["\\])*"(?:[ ]+|(?=\))))*\)$/.test(text)) return undefined;
  return Array.from(text.matchAll(/"((?:[^"\\]|\\["\\])*)"/g), ([, name]) => name!.replaceAll(/\\(.)/g, '$1'));
}

/** The key that all URLs have which are the same by this rule. */
export function keyByRule(key: string, rule: SearchRule): string {
  const query = key.indexOf('?');
  if (query === -1) return key;
  const alias = key.indexOf(' ', query);
  const search = new URLSearchParams(alias === -1 ? key.slice(query + 1) : key.slice(query + 1, alias));
  const kept = new URLSearchParams([...search].filter(([name]) => rule.names.has(name) === rule.noneMatters));
  if (rule.anyOrder) kept.sort();
  const text = kept.toString();
  return `${key.slice(0, query)}${text === '' ? '' : `?${text}`}${alias === -1 ? '' : key.slice(alias)}`;
}

/** What a rule holds for: the path. */
export function pathOfKey(key: string): string {
  const end = key.search(/[? ]/);
  return end === -1 ? key : key.slice(0, end);
}
