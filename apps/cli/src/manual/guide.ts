/** The tables of the guide, in Markdown. */
import { curlRows } from '../curl/curl-table.ts';
import { exitCodes } from '../exit-codes.ts';
import { commandTable, variableOf } from '../options/table.ts';
import { flagsOf, groups, helpOf, itemTable } from './sections.ts';

/** By the names that stand in the marks of the guide. */
export const guideTables: Readonly<Record<string, () => string>> = {
  items: () =>
    table(
      ['Item', 'Meaning'],
      itemTable.map(([item, meaning]) => [code(item), cell(meaning)]),
    ),
  options: () =>
    Array.from(groups(), ([name, rows]) => {
      const lines = rows.map((row) => [code(flagsOf(row)), cell(helpOf(row)), row.here === true ? '' : code(variableOf(row))]);
      return `### ${name}\n\n${table(['Option', 'What it does', 'Variable'], lines)}`;
    }).join('\n\n'),
  commands: () =>
    table(
      ['Command', 'What it does'],
      commandTable.map(({ usage, help }) => [code(usage), cell(help)]),
    ),
  'exit-codes': () =>
    table(
      ['Code', 'Meaning'],
      exitCodes.map(({ code: number, meaning }) => [String(number), cell(meaning)]),
    ),
  curl: () => curlRows.map(({ short, name }) => code(short === undefined ? `--${name}` : `-${short}, --${name}`)).join(', '),
};

/** Puts each table between its marks. @throws {Error} a table has no place. */
export function withTables(guide: string): string {
  let text = guide;
  for (const [name, make] of Object.entries(guideTables)) {
    const marks = new RegExp(`(<!-- ${name}:start -->)[^]*?(<!-- ${name}:end -->)`, 'u');
    if (!marks.test(text)) throw new Error(`The guide has no place for ${name}`);
    text = text.replace(marks, (_, start: string, end: string) => `${start}\n\n${make()}\n\n${end}`);
  }
  return text;
}

/** As the formatter of the repository has it: columns as wide as what is in them. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0), 3));
  const line = (cells: readonly string[]): string => `| ${cells.map((text, column) => text.padEnd(widths[column] ?? 0)).join(' | ')} |`;
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...rows.map(line)].join('\n');
}

function code(text: string): string {
  return `\`${text.replaceAll('|', '\\|')}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('<', '&lt;').replaceAll('*', '\\*').replaceAll('_', '\\_');
}
