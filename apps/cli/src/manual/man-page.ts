/** The manual page, in the macros of man(7). */
import { exitCodes } from '../exit-codes.ts';
import { commandTable, variableOf } from '../options/table.ts';
import { version } from '../version.ts';
import { examples, flagsOf, groups, helpOf, itemTable, summary, synopsis } from './sections.ts';

export function manPage(): string {
  return `${[
    `.TH XHTTP 1 "" "xhttp ${version}" "User Commands"`,
    '.SH NAME',
    `xhttp \\- ${escaped(summary)}`,
    '.SH SYNOPSIS',
    ...synopsis.flatMap((line) => [`.B ${escaped(line)}`, '.br']),
    '.SH ITEMS',
    ...itemTable.flatMap(([item, meaning]) => entry(item, meaning)),
    '.SH OPTIONS',
    ...Array.from(groups(), ([name, rows]) => [`.SS ${escaped(name)}`, ...rows.flatMap((row) => entry(flagsOf(row), helpOf(row)))]).flat(),
    '.SH COMMANDS',
    ...commandTable.flatMap(({ usage, help }) => entry(usage, help)),
    '.SH EXAMPLES',
    ...examples.flatMap(([command, meaning]) => entry(command, meaning)),
    '.SH ENVIRONMENT',
    ...Array.from(groups().values(), (rows) => rows.filter(({ here }) => here !== true))
      .flat()
      .flatMap((row) => entry(variableOf(row), `As --${row.name}.`)),
    ...entry('NO_COLOR, FORCE_COLOR', 'No colours, or colours in a pipe too; --color is nearer.'),
    ...entry('http_proxy, https_proxy, all_proxy, no_proxy', 'The proxy, and the exceptions to it.'),
    ...entry('SSL_CERT_FILE, NODE_EXTRA_CA_CERTS', 'Authorities to trust.'),
    '.SH FILES',
    ...entry(
      '~/.config/xhttp/config.json',
      'The configuration: {"defaults": {…}, "profiles": {"name": {…}}}, with the long names of options.',
    ),
    ...entry('~/.config/xhttp/sessions/NAME.json', 'Sessions, mode 0600.'),
    '.SH EXIT STATUS',
    ...exitCodes.flatMap(({ code, meaning }) => entry(String(code), meaning)),
  ].join('\n')}\n`;
}

function entry(name: string, text: string): string[] {
  return ['.TP', `.B ${escaped(name)}`, escaped(text)];
}

/** A dot or a quote at the beginning of a line would be a request, and a hyphen is no minus. */
function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replace(/^(?=[.'])/gmu, '\\&');
}
