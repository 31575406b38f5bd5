/** Credentials from the user's `.netrc`: the one part of authentication that reads a file. */
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';

import { ClientError, InvalidOption } from '../errors.ts';
import type { Request } from '../request/request.ts';
import { showAsJson } from '../shown-as-json.ts';
import type { AsyncAuthFlow, AuthExchange } from './auth.ts';
import { basicCredentials, userOf } from './basic.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { Netrc, parseNetrc } from './netrc.ts';

/**
 * Basic, with user and password from a netrc file by the host of each request, redirects to other hosts included; a host that is not
 * in it goes without. Of a user whom the URL names (`https://ada@host/`) it is the password, or nothing. The file is read once, before the first
 * request.
 *
 * @example
 * const client = new Client({ auth: new NetrcAuth() });
 */
export class NetrcAuth {
  static {
    showAsJson(this.prototype, 'NetrcAuth');
  }

  readonly #path: string | undefined;
  readonly everyOrigin: boolean = true;
  /** @internal */
  readonly completesUser: boolean = true;
  #netrc: Promise<Netrc> | undefined = undefined;

  /**
   * @param path Default: what the environment variable `NETRC` names, else `.netrc` or `_netrc` in the home directory.
   * @throws {InvalidOption} the path is no string.
   */
  constructor(path?: string) {
    if (path !== undefined && typeof path !== 'string') throw new InvalidOption('auth', 'has a netrc path that is no string');
    this.#path = path;
  }

  /** @throws {ClientError} `NETRC_UNREADABLE`: the file that was named can't be read. The usual ones may be missing. */
  async *authFlow(request: Request, { fields }: AuthExchange): AsyncAuthFlow {
    const present = findHeader(request.rawHeaders, fields.credentials);
    const user = present === undefined || present !== request.urlCredentials ? undefined : userOf(present)?.user;
    const entry = (await this.#load()).find(request.urlParts[1], user);
    if (entry === undefined) yield request;
    else yield request.with({ headers: { [fields.credentials]: basicCredentials(entry.login, entry.password, 'netrc') } });
  }

  async #load(): Promise<Netrc> {
    const loading = (this.#netrc ??= this.#path === undefined ? readUsualNetrc() : readNetrc(this.#path));
    try {
      return await loading;
    } catch (error) {
      // It may be there the next time.
      this.#netrc = undefined;
      throw error;
    }
  }

  /** For logs. */
  toJSON(): Record<string, unknown> {
    return { scheme: 'Basic', from: this.#path ?? 'netrc' };
  }
}

async function readNetrc(path: string): Promise<Netrc> {
  try {
    return parseNetrc(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new ClientError('The netrc file can not be read', { code: 'NETRC_UNREADABLE', cause });
  }
}

/** Nowhere, where neither the environment nor the home directory may be asked for. */
function usualPaths(): readonly string[] {
  try {
    const named = env['NETRC'];
    return named === undefined || named === '' ? [join(homedir(), '.netrc'), join(homedir(), '_netrc')] : [named];
  } catch {
    return [];
  }
}

async function readUsualNetrc(): Promise<Netrc> {
  for (const path of usualPaths()) {
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text !== undefined) return parseNetrc(text);
  }
  return new Netrc(new Map(), []);
}
