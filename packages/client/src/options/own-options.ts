import { InvalidOption } from '../errors.ts';
import { likelyName } from './likely-name.ts';

/** Every option by name, with nothing set. Reading from a copy of it never reaches `Object.prototype`. */
export type OptionNames<Options extends object> = Readonly<Record<keyof Options, undefined>>;

/**
 * The caller's options as own properties only: what someone planted on `Object.prototype` can't switch anything on, and a
 * misspelt option is told instead of ignored.
 * @throws {InvalidOption} naming the option that is not in `names`.
 */
export function ownOptions<Options extends object>(options: Options, names: OptionNames<Options>, parent?: string): Options {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new InvalidOption(parent ?? 'options', `must be an object, not ${kindOf(options)}${Object.hasOwn(names, 'json') ? asBody : ''}`);
  }
  const own: Record<string, unknown> = { ...names };
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(names, name)) {
      throw new InvalidOption(parent === undefined ? name : `${parent}.${name}`, unknown(name, Object.keys(names)));
    }
    own[name] = options[name as keyof Options];
  }
  return own as Options;
}

/** `post(url, data)`, as others have it. */
export const asBody = '. What is sent is an option: post(url, { json: … }), or form, files, body';

function unknown(name: string, known: readonly string[]): string {
  const likely = likelyName(name, known);
  const hint = likely ?? (known.includes('json') ? `what is sent is an option: { json: … }, or form, files, body` : undefined);
  return `is not known here${hint === undefined ? '' : `; ${hint}`}${likely?.startsWith('did') === true ? ' Known' : '; known'} are ${known.join(', ')}`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`;
}
