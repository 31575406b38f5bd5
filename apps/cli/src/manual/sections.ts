/** What help, manual and guide have in common, made of the tables. */
import type { OptionRow } from '../options/option-row.ts';
import { optionRows } from '../options/table.ts';

export const summary = 'An HTTP client for the terminal, on @x/client.';

export const synopsis: readonly string[] = [
  'xhttp [OPTIONS] [METHOD] URL [URL…] [ITEM…]',
  'xhttp curl …',
  'xhttp doctor URL',
  'xhttp completion bash|zsh|fish',
  'xhttp session [list|show NAME|forget NAME]',
  'xhttp man',
];

export const itemTable: readonly (readonly [item: string, meaning: string])[] = [
  ['name=value', 'A field of the body: of a JSON object, or of a form with --form.'],
  ['name:=json', 'The same with JSON: count:=3, list:=[1,2]. Numbers stay as they are written.'],
  ['a[b]=x a[list][]=y', 'Nested: objects, and lists by index or one more at the end.'],
  ['Name:value', 'A header field. "Name:" takes it away, "Name;" sends it empty.'],
  ['name==value', 'A parameter of the query.'],
  ['field@file', 'A file to upload, as multipart; ;type=… and ;filename=… may follow.'],
  ['@file, @-', 'A file, or standard input, as the whole body.'],
  ['=@ :=@ ==@ :@', 'The value is in the file that follows.'],
];

export const examples: readonly (readonly [command: string, meaning: string])[] = [
  ['xhttp api.example.com/users', 'GET, formatted.'],
  ['xhttp api.example.com/users name=Ada age:=36 tags[]=math', 'POST, as JSON.'],
  ['xhttp -f :8080/login user=ada password=@secret.txt', 'A form, to this machine.'],
  ['xhttp --timings -L example.com', 'Where the time goes.'],
  ['xhttp -D --resume https://example.com/big.iso', 'A download that goes on.'],
  ['xhttp doctor https://example.com', 'Why it does not work here.'],
  ["xhttp curl -sSL -H 'Accept: text/csv' https://example.com", 'What was written for curl.'],
];

export function flagsOf({ short, name, value, negated }: OptionRow): string {
  const long = `--${name}${value === undefined ? '' : ` ${value}`}`;
  return [...(short === undefined ? [] : [`-${short}`]), long, ...(negated === undefined ? [] : [`--no-${name}`])].join(', ');
}

export function helpOf({ help, otherwise, choices, negated, name }: OptionRow): string {
  return [
    help,
    ...(choices === undefined ? [] : [`One of ${choices.join(', ')}.`]),
    ...(negated === undefined ? [] : [`--no-${name}: ${negated.charAt(0).toLowerCase()}${negated.slice(1)}`]),
    ...(otherwise === undefined ? [] : [`Otherwise: ${otherwise}.`]),
  ].join(' ');
}

export function groups(): Map<string, OptionRow[]> {
  const found = new Map<string, OptionRow[]>();
  for (const row of optionRows) found.set(row.group, [...(found.get(row.group) ?? []), row]);
  return found;
}
