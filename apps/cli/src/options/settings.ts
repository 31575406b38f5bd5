/** What holds for a run, and who said so: the command line, the environment, the profile, the file, in this order. */
import { join } from 'node:path';
import type { Io } from '../io.ts';
import { readOwnJson } from '../files/own-file.ts';
import { UsageError } from '../usage-error.ts';
import type { OptionRow } from './option-row.ts';
import { optionRows, variableOf, type OptionName, type OptionValues } from './table.ts';
import { readJsonValue, readValue, type OptionValue } from './values.ts';

export interface Settings {
  readonly values: OptionValues;
  /** Of each option that was said: `--proxy`, `XHTTP_PROXY`, or the place in the file. */
  readonly origins: Readonly<Partial<Record<OptionName, string>>>;
}

/** Of XDG, or Windows' own. */
export function configFolder({ env, home, platform }: Pick<Io, 'env' | 'home' | 'platform'>): string {
  const stated = env['XDG_CONFIG_HOME'] ?? (platform === 'win32' ? env['APPDATA'] : undefined);
  return join(stated === undefined || stated === '' ? join(home, '.config') : stated, 'xhttp');
}

/** @throws {UsageError} a source says what can not be understood. */
export async function readSettings(given: Readonly<Record<string, OptionValue>>, io: Io): Promise<Settings> {
  const values: Record<string, OptionValue> = {};
  const origins: Record<string, string> = {};
  const say = (row: OptionRow, value: OptionValue | undefined, origin: string): void => {
    if (value === undefined) return;
    // Fields of all requests come before those of this one; anything else is replaced by who is nearer.
    values[row.name] =
      row.name === 'header' ? [...((values['header'] as readonly string[] | undefined) ?? []), ...(value as readonly string[])] : value;
    origins[row.name] = origin;
  };
  const environment = Object.fromEntries(optionRows.flatMap((row) => ofEnvironment(row, io)));
  const file = await readConfig(given, environment, io);
  for (const { where, options } of file) {
    for (const row of optionRows)
      say(row, Object.hasOwn(options, row.name) ? readJsonValue(row, options[row.name], `${row.name} in ${where}`) : undefined, where);
  }
  for (const row of optionRows) say(row, environment[row.name], variableOf(row));
  for (const row of optionRows) say(row, given[row.name], given[row.name] === false ? `--no-${row.name}` : `--${row.name}`);
  return { values, origins };
}

function ofEnvironment(row: OptionRow, { env }: Io): (readonly [string, OptionValue])[] {
  const name = variableOf(row);
  const text = row.here === true || !Object.hasOwn(env, name) ? undefined : env[name];
  return text === undefined || (text === '' && row.negated === undefined) ? [] : [[row.name, readValue(row, text, name)]];
}

interface Layer {
  readonly where: string;
  readonly options: Readonly<Record<string, unknown>>;
}

async function readConfig(
  given: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, unknown>>,
  io: Io,
): Promise<Layer[]> {
  const stated = (given['config'] ?? environment['config']) as string | undefined;
  const path = stated ?? join(configFolder(io), 'config.json');
  const config = await readOwnJson(path, io, holdsSecrets);
  if (config === undefined && stated !== undefined) throw new UsageError(`There is no configuration file ${path}`);
  const { defaults = {}, profiles = {}, ...rest } = asObject(config ?? {}, path);
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined)
    throw new UsageError(`${path} has ${JSON.stringify(unknown)}, which means nothing: it may have "defaults" and "profiles"`);
  const layers: Layer[] = [{ where: `defaults of ${path}`, options: known(defaults, `defaults of ${path}`) }];
  const name = (given['profile'] ?? environment['profile'] ?? (defaults as Record<string, unknown>)['profile']) as string | undefined;
  if (name === undefined) return layers;
  const all = asObject(profiles, `profiles of ${path}`);
  if (!Object.hasOwn(all, name))
    throw new UsageError(`There is no profile ${JSON.stringify(name)} in ${path}; there are: ${Object.keys(all).join(', ') || 'none'}`);
  const where = `profile ${name} of ${path}`;
  return [...layers, { where, options: known(all[name], where) }];
}

function known(options: unknown, where: string): Readonly<Record<string, unknown>> {
  const own = asObject(options, where);
  for (const name of Object.keys(own)) {
    const row = optionRows.find((each) => each.name === name);
    if (row === undefined) throw new UsageError(`There is no option ${JSON.stringify(name)}, as ${where} has it`);
    if (row.here === true) throw new UsageError(`The option ${name} can only be given on the command line, not in ${where}`);
  }
  return own;
}

function asObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new UsageError(`${where} must be an object`);
}

/** Only then does it have to be one that nobody else can read. */
function holdsSecrets(text: string): boolean {
  return /"(?:auth|cookie|key)"|authorization|token|api-?key|:\/\/[^/"\s]*@/iu.test(text);
}
