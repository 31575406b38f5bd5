/** Who reads and writes JSON: what the caller says, and what follows. */
import { InvalidOption } from '../errors.ts';

/** From the text of a body to a value. What it throws becomes the cause of `DecodingError` (`INVALID_JSON`). */
export type JsonParser = (text: string) => unknown;
/** From the value of `json` to text. What it throws becomes the cause of `InvalidOption`. */
export type JsonSerializer = (value: unknown) => string;

/** Who makes JSON of values, and values of JSON, in the place of the platform. */
export interface JsonHooks {
  /**
   * Reads what `json()` gives, in place of `JSON.parse`: big integers, dates, a guard against `__proto__`.
   * @example
   * const client = new Client({ parseJson: (text) => JSON.parse(text, revive) });
   */
  readonly parseJson?: JsonParser | null | undefined;
  /** Writes the `json` of a request, in place of `JSON.stringify`. */
  readonly stringifyJson?: JsonSerializer | null | undefined;
}

/** `undefined`: those of JavaScript. */
export interface JsonSettings {
  readonly parse: JsonParser | undefined;
  readonly stringify: JsonSerializer | undefined;
}

export const plainJson: JsonSettings = Object.freeze({ parse: undefined, stringify: undefined });

/** @throws {InvalidOption} one of them is no function. */
export function mergeJsonHooks(inherited: JsonSettings, { parseJson, stringifyJson }: JsonHooks): JsonSettings {
  if (parseJson === undefined && stringifyJson === undefined) return inherited;
  return Object.freeze({
    parse: hook('parseJson', parseJson, inherited.parse),
    stringify: hook('stringifyJson', stringifyJson, inherited.stringify),
  });
}

function hook<Hook extends JsonParser | JsonSerializer>(
  option: string,
  own: Hook | null | undefined,
  inherited: Hook | undefined,
): Hook | undefined {
  if (own === undefined) return inherited;
  if (own === null) return undefined;
  if (typeof own !== 'function') throw new InvalidOption(option, 'must be a function, or null');
  return own;
}
