/** What --help shows. */
import { commandTable } from '../options/table.ts';
import { examples, flagsOf, groups, helpOf, itemTable, summary, synopsis } from './sections.ts';

const WIDTH = 100;
const COLUMN = 32;

export function helpText(): string {
  return [
    summary,
    '',
    ...synopsis.map((line) => `  ${line}`),
    '',
    'Items:',
    ...itemTable.flatMap(([item, meaning]) => entry(item, meaning)),
    ...Array.from(groups(), ([name, rows]) => ['', `${name}:`, ...rows.flatMap((row) => entry(flagsOf(row), helpOf(row)))]).flat(),
    '',
    'Commands:',
    ...commandTable.flatMap(({ name, help }) => entry(name, help)),
    '',
    'Examples:',
    ...examples.flatMap(([command, meaning]) => [`  ${command}`, `      ${meaning}`]),
    '',
    'Most options can be said by a variable XHTTP_NAME, too, and in the configuration file.',
    'Exit codes: xhttp man.',
    '',
  ].join('\n');
}

/** The name on the left, what it does on the right; one that is too long has a line of its own. */
function entry(name: string, text: string): string[] {
  const lines = wrapped(text, WIDTH - COLUMN);
  const left = `  ${name}`;
  if (left.length > COLUMN - 2) return [left, ...lines.map((line) => ' '.repeat(COLUMN) + line)];
  return lines.map((line, index) => (index === 0 ? left.padEnd(COLUMN) : ' '.repeat(COLUMN)) + line);
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
