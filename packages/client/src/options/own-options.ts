import { InvalidOption } from '../errors.ts';

/** Every option by name, with nothing set. Reading from a copy of it never reaches `Object.prototype`. */
export type OptionNames<Options extends object> = Readonly<Record<keyof Options, undefined>>;

/**
 * The caller's options as own properties only: what someone planted on `Object.prototype` can't switch anything on, and a
 * misspelt option is told instead of ignored.
 * @throws {InvalidOption} naming the option that is not in `names`.
 */
export function ownOptions<Options extends object>(options: Options, names: OptionNames<Options>, parent?: string): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOption(parent ?? 'options', 'must be an object');
  }
  const own: Record<string, unknown> = { ...names };
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) {
      const known = Object.keys(names).join(', ');
      throw new InvalidOption(parent === undefined ? name : `${parent}.${name}`, `is not known here; known are ${known}`);
    }
    own[name] = options[name as keyof Options];
  }
  return own as Options;
}
