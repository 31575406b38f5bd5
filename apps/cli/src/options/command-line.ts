/** The words of a command line, read by the table. */
import { Command, CommanderError, Option } from 'commander';
import { UsageError } from '../usage-error.ts';
import type { OptionRow } from './option-row.ts';
import { readValue, type OptionValue } from './values.ts';

export interface ReadWords {
  readonly values: Readonly<Record<string, OptionValue>>;
  /** Which of them were given, in their order, each with its value: what is joined and overruled by order can be told. */
  readonly given: readonly (readonly [name: string, value: OptionValue])[];
  readonly words: readonly string[];
}

/** @throws {UsageError} an option is not known, or its value can not be understood. */
export function readWords(rows: readonly OptionRow[], argv: readonly string[], program = 'xhttp'): ReadWords {
  const values: Record<string, OptionValue> = {};
  const given: (readonly [string, OptionValue])[] = [];
  const command = new Command(program)
    .argument('[words...]')
    .helpOption(false)
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  for (const row of rows)
    declare(command, row, (value) => {
      given.push([row.name, value]);
      values[row.name] =
        row.type === 'texts' ? [...((values[row.name] as readonly string[] | undefined) ?? []), ...(value as readonly string[])] : value;
    });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(told(error), { cause: error });
    throw error;
  }
  return { values, given, words: command.args };
}

/** The library finds the options and what belongs to them; what they mean is ours. */
function declare(command: Command, row: OptionRow, take: (value: OptionValue) => void): void {
  const short = row.short === undefined ? '' : `-${row.short}, `;
  if (row.type === 'flag') command.addOption(new Option(`${short}--${row.name}`));
  else {
    const read = (text: string): string => {
      take(readValue(row, text, `--${row.name}`));
      return text;
    };
    command.addOption(new Option(`${short}--${row.name} <${row.value ?? 'value'}>`).argParser(read));
  }
  if (row.type === 'flag') command.on(`option:${row.name}`, () => take(true));
  if (row.negated !== undefined) {
    command.addOption(new Option(`--no-${row.name}`));
    command.on(`option:no-${row.name}`, () => take(false));
  }
}

function told({ message }: CommanderError): string {
  const text = message.replace(/^error: /u, '');
  return text.charAt(0).toUpperCase() + text.slice(1);
}
