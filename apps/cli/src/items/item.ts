/** What stands behind the URL: `name=value`, `name:=json`, `Header:value`, `q==param`, `field@file`, each also from a file. */
import { UsageError } from '../usage-error.ts';

export type ItemKind = 'header' | 'param' | 'text' | 'json' | 'upload';

export interface Item {
  readonly kind: ItemKind;
  /** Escapes of separators are undone; those of brackets are left to whoever reads the path. */
  readonly key: string;
  /** A value, or the path of the file that has it. */
  readonly value: string;
  readonly isPath: boolean;
  /** As it was written, for messages: of a secret, no more than its name. */
  readonly word: string;
}

/** Longer ones first: of those that begin at the same place, the longest is meant. */
const separators: readonly (readonly [text: string, kind: ItemKind, isPath: boolean])[] = [
  [':=@', 'json', true],
  ['==@', 'param', true],
  ['=@', 'text', true],
  [':@', 'header', true],
  [':=', 'json', false],
  ['==', 'param', false],
  ['@', 'upload', true],
  ['=', 'text', false],
  [':', 'header', false],
];

/**
 * The first separator that is not escaped divides the word; what is behind it is taken as it is.
 * @throws {UsageError} there is none.
 */
export function readItem(word: string): Item {
  let key = '';
  for (let at = 0; at < word.length; at += 1) {
    const found = separators.find(([text]) => word.startsWith(text, at));
    if (found !== undefined) {
      const [text, kind, isPath] = found;
      return made(kind, key, word.slice(at + text.length), isPath);
    }
    const next = word[at + 1] ?? '';
    if (word[at] === '\\' && /[:=@;]/u.test(next)) {
      key += next;
      at += 1;
    } else if (word[at] === '\\' && /[\\[\]]/u.test(next)) {
      key += `\\${next}`;
      at += 1;
    } else key += word[at] ?? '';
  }
  // `Name;` is a field with an empty value, since `Name:` takes one away.
  if (/^[^\s;]+;$/u.test(word)) return { kind: 'header', key: word.slice(0, -1), value: '', isPath: false, word };
  throw new UsageError(
    `${JSON.stringify(shown(word))} is no item: it needs one of  name=value  name:=json  Header:value  query==value  field@file  (or a URL that begins with http)`,
  );
}

function made(kind: ItemKind, key: string, value: string, isPath: boolean): Item {
  const word = `${key}…`;
  if (key === '' && kind !== 'upload') throw new UsageError(`An item needs a name before ${JSON.stringify(shown(value))}`);
  // Of a header, nothing behind the colon means: not this field.
  return { kind, key, value, isPath, word };
}

function shown(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
