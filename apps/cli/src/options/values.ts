/** A value as it was written becomes what its row says, or a word on what would have been right. */
import { UsageError } from '../usage-error.ts';
import type { OptionRow } from './option-row.ts';

export type OptionValue = boolean | number | string | readonly string[];

const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/**
 * @param where Who says it: `--timeout`, `XHTTP_TIMEOUT`, or a place in a file.
 * @throws {UsageError}
 */
export function readValue(row: OptionRow, text: string, where: string): OptionValue {
  switch (row.type) {
    case 'flag':
      return readFlag(text, where);
    case 'text':
      return row.negated !== undefined && text === '' ? false : text;
    case 'texts':
      return [text];
    case 'number':
      return readNumber(row, text, where);
    case 'duration':
      return readDuration(text, where);
    case 'choice':
      if (row.choices?.includes(text) === true) return text;
      throw new UsageError(`${where} must be ${row.choices?.join(', ')}, not ${shown(text)}`);
  }
}

/** Of a file: already of its type, or written as on the command line. @throws {UsageError} */
export function readJsonValue(row: OptionRow, value: unknown, where: string): OptionValue | undefined {
  if (value === null || value === undefined) return undefined;
  if (row.type === 'texts' && Array.isArray(value) && value.every((each) => typeof each === 'string')) return value;
  if (row.type === 'flag' || (row.negated !== undefined && value === false)) {
    if (typeof value === 'boolean') return value;
  }
  if (typeof value === 'string' || typeof value === 'number') return readValue(row, String(value), where);
  throw new UsageError(
    `${where} must be ${row.type === 'texts' ? 'a list of texts' : row.type === 'flag' ? 'true or false' : `a ${row.type}`}`,
  );
}

function readFlag(text: string, where: string): boolean {
  if (/^(?:1|true|yes|on)$/iu.test(text)) return true;
  if (/^(?:0|false|no|off|)$/iu.test(text)) return false;
  throw new UsageError(`${where} must be true or false, not ${shown(text)}`);
}

function readNumber({ least = 0 }: OptionRow, text: string, where: string): number {
  const number = /^\d{1,15}$/u.test(text) ? Number(text) : NaN;
  if (number >= least) return number;
  throw new UsageError(`${where} must be a whole number of at least ${least}, not ${shown(text)}`);
}

function readDuration(text: string, where: string): number {
  const [, figure, unit = 's'] = /^(\d{1,9}(?:\.\d{1,6})?|\.\d{1,6})(ms|s|m|h)?$/u.exec(text) ?? [];
  if (figure !== undefined) return Number(figure) * (units[unit] ?? 0);
  throw new UsageError(`${where} must be a time such as 30 (seconds), 1.5, 250ms or 2m, not ${shown(text)}`);
}

function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
