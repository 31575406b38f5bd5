import { InvalidOption } from '../errors.ts';

/**
 * Names and values from a record (own properties only) or from pairs in their order.
 * @throws {InvalidOption} naming `option`.
 */
export function* readEntries(input: unknown, option: string): Generator<readonly [name: string, value: unknown]> {
  if (typeof input !== 'object' || input === null) throw new InvalidOption(option, 'must be an object, or pairs of a name and a value');
  if (!isIterable(input)) {
    for (const name of Object.keys(input)) yield [name, (input as Record<string, unknown>)[name]];
    return;
  }
  for (const entry of input) {
    if (!Array.isArray(entry) || entry.length !== 2) throw new InvalidOption(option, 'must hold pairs of a name and a value');
    const [name, value] = entry as [unknown, unknown];
    yield [String(name), value];
  }
}

function isIterable(value: object): value is Iterable<unknown> {
  return typeof (value as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function';
}
