/** Checks of options that say one thing: each gives the value back, or names the option and what it must be. */
import { InvalidOption } from '../errors.ts';

/** How the words of a check go on, such as `null for no limit`. */
interface Words {
  readonly or?: string;
}

/** @throws {InvalidOption} */
export function boolean(option: string, value: unknown): boolean {
  if (typeof value !== 'boolean') throw new InvalidOption(option, 'must be a boolean');
  return value;
}

/** @throws {InvalidOption} */
export function count(option: string, value: unknown, { least, of, or }: Words & { readonly least: number; readonly of?: string }): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= least) return value;
  throw new InvalidOption(option, `must be a whole number${of === undefined ? '' : ` of ${of}`}, ${least} or more${otherwise(or)}`);
}

/** `Infinity` passes. @throws {InvalidOption} */
export function milliseconds(option: string, value: unknown, { or }: Words = {}): number {
  if (typeof value === 'number' && value >= 0) return value;
  throw new InvalidOption(option, `must be a number of milliseconds, 0 or more${otherwise(or)}`);
}

function otherwise(or: string | undefined): string {
  return or === undefined ? '' : `, or ${or}`;
}
