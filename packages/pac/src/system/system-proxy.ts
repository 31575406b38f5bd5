/** The proxy settings of the operating system, read again now and then. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { pac, type Pac, type PacOptions } from '../pac.ts';
import { parseGnome, parseKde, parseMacos, parseSysconfig, parseWindows } from './parsers.ts';
import { noProxies, proxyFor, type ProxySettings } from './settings.ts';

/** What `systemProxy()` may be told. */
export interface SystemProxyOptions {
  /** For how long what was read holds, in milliseconds. Default 30,000. */
  readonly refreshAfter?: number | undefined;
  /** For the PAC script that the settings may name. */
  readonly pac?: PacOptions | undefined;
}

/** Fits `proxy` of a `Client`. */
export interface SystemProxy {
  (url: URL): Promise<string | null | readonly (string | null)[]>;
  /** Gives the interpreter of a PAC script back. */
  close(): void;
}

/** What is read, and how. */
export interface SystemReader {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The content of a file. */
  file(path: string): Promise<string>;
  /** What a command prints. */
  command(name: string, args: readonly string[]): Promise<string>;
}

const commandTimeout = 3_000;
const internetSettings = String.raw`HKCU\Software\Microsoft\Windows\CurrentVersion\Internet Settings`;

/**
 * By the settings of the user's desktop: macOS (`scutil --proxy`), Windows (its registry), KDE (`kioslaverc`), GNOME and what is built on it (`gsettings`), else
 * `/etc/sysconfig/proxy`. Where none of them can be read there is no proxy. A PAC script that they name is followed; none is looked for in the network (WPAD).
 * The variables of the environment are the client's `trustEnv`, not these.
 *
 * @throws {TypeError} an option is not usable. The function rejects with {@link PacError} where a PAC script gives no answer.
 * @example
 * const client = new Client({ proxy: systemProxy() });
 */
export function systemProxy(options: SystemProxyOptions = {}): SystemProxy {
  return systemProxyBy(systemReader, options, () => performance.now());
}

export function systemProxyBy(reader: SystemReader, options: SystemProxyOptions, clock: () => number): SystemProxy {
  const { refreshAfter = 30_000, pac: pacOptions, ...unknown } = options;
  if (Object.keys(unknown).length > 0) throw new TypeError(`The option ${JSON.stringify(Object.keys(unknown)[0])} is not known`);
  if (typeof refreshAfter !== 'number' || !(refreshAfter >= 0))
    throw new TypeError('The option "refreshAfter" must be a number of milliseconds');
  let known: { readonly until: number; readonly settings: Promise<ProxySettings> } | undefined;
  let script: { readonly url: string; readonly find: Pac } | undefined;
  const scriptAt = (url: string): Pac => {
    if (script?.url !== url) {
      script?.find.close();
      script = { url, find: pac(url, pacOptions) };
    }
    return script.find;
  };
  const find = async (url: URL): Promise<string | null | readonly (string | null)[]> => {
    const now = clock();
    if (known === undefined || known.until <= now) known = { until: now + refreshAfter, settings: readSettings(reader) };
    const settings = await known.settings;
    return settings.script === undefined ? proxyFor(settings, url) : scriptAt(settings.script)(url);
  };
  return Object.assign(find, {
    close() {
      script?.find.close();
      script = undefined;
    },
  });
}

/** Never rejects: what can't be read says nothing. */
export async function readSettings({ platform, environment, file, command }: SystemReader): Promise<ProxySettings> {
  const ways: (() => Promise<ProxySettings>)[] = [];
  if (platform === 'darwin') ways.push(async () => parseMacos(await command('scutil', ['--proxy'])));
  else if (platform === 'win32') ways.push(async () => parseWindows(await command('reg', ['query', internetSettings])));
  else {
    const desktop = (environment['XDG_CURRENT_DESKTOP'] ?? '').toLowerCase();
    const configuration = environment['XDG_CONFIG_HOME'] ?? join(environment['HOME'] ?? homedir(), '.config');
    if (desktop.includes('kde')) ways.push(async () => parseKde(await file(join(configuration, 'kioslaverc'))));
    else if (desktop !== '') ways.push(async () => parseGnome(await command('gsettings', ['list-recursively', 'org.gnome.system.proxy'])));
    ways.push(async () => parseSysconfig(await file('/etc/sysconfig/proxy')));
  }
  for (const way of ways) {
    try {
      const settings = await way();
      if (settings !== noProxies) return settings;
    } catch {
      // It is not there, or no concern of ours.
    }
  }
  return noProxies;
}

const run = promisify(execFile);

const systemReader: SystemReader = {
  platform: process.platform,
  environment: process.env,
  file: (path) => readFile(path, 'utf8'),
  async command(name, args) {
    const { stdout } = await run(name, args, { timeout: commandTimeout, windowsHide: true });
    return stdout;
  },
};
