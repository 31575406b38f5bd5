/** A session: what one call leaves for the next. Credentials and added fields go to the origin that they were given for, cookies where they belong. */
import { readdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { SerializedCookies } from '@x/client';
import type { Io } from '../io.ts';
import { configFolder } from '../options/settings.ts';
import type { OptionValues } from '../options/table.ts';
import type { FieldPlan } from '../plan/plan.ts';
import { UsageError } from '../usage-error.ts';
import { readOwnJson, writeOwnJson } from '../files/own-file.ts';

export interface SessionContent {
  readonly version: 1;
  readonly baseUrl?: string | undefined;
  /** Whom credentials and fields are for. */
  readonly origin?: string | undefined;
  readonly auth?: { readonly type: string; readonly value: string } | undefined;
  readonly headers?: readonly FieldPlan[] | undefined;
  readonly cookies?: SerializedCookies | undefined;
}

export interface Session {
  readonly path: string;
  readonly content: SessionContent;
  readonly isReadOnly: boolean;
}

type Place = Pick<Io, 'env' | 'home' | 'platform' | 'cwd'>;

export function sessionFolder(io: Pick<Io, 'env' | 'home' | 'platform'>): string {
  return join(configFolder(io), 'sessions');
}

/** A name is a file in the folder of sessions; what has a slash is a path. @throws {UsageError} */
export function sessionPath(name: string, io: Place): string {
  if (/[/\\]/u.test(name)) return resolve(io.cwd, name.replace(/^~(?=[/\\])/u, io.home));
  if (!/^[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,99}$/u.test(name))
    throw new UsageError(`${JSON.stringify(name)} is no name for a session: letters, digits, "_", "-" and "." are, or a path with a slash`);
  return join(sessionFolder(io), `${name}.json`);
}

/** @throws {UsageError} it can not be read, or is none. */
export async function openSession(options: OptionValues, io: Place): Promise<Session | undefined> {
  const name = options.session ?? options['session-read-only'];
  if (name === undefined) return undefined;
  const path = sessionPath(name, io);
  const read = await readOwnJson(path, io, () => true);
  return { path, content: read === undefined ? { version: 1 } : contentOf(read, path), isReadOnly: options.session === undefined };
}

export async function saveSession({ path, isReadOnly }: Session, content: SessionContent): Promise<void> {
  if (!isReadOnly) await writeOwnJson(path, content);
}

export async function listSessions(io: Place): Promise<string[]> {
  try {
    const files = await readdir(sessionFolder(io));
    return files
      .filter((file) => file.endsWith('.json'))
      .map((file) => file.slice(0, -'.json'.length))
      .sort();
  } catch {
    return [];
  }
}

/** Was there one? */
export async function forgetSession(name: string, io: Place): Promise<boolean> {
  try {
    await rm(sessionPath(name, io));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

function contentOf(read: unknown, path: string): SessionContent {
  const content = read as Partial<SessionContent> | null;
  if (typeof content !== 'object' || content === null || content.version !== 1)
    throw new UsageError(`${path} is no session of this program`);
  const { headers, auth, baseUrl, origin } = content;
  const isText = (value: unknown): boolean => value === undefined || typeof value === 'string';
  const isRight =
    isText(baseUrl) &&
    isText(origin) &&
    (auth === undefined || (typeof auth.type === 'string' && typeof auth.value === 'string')) &&
    (headers === undefined || (Array.isArray(headers) && headers.every((pair) => Array.isArray(pair) && pair.length === 2)));
  if (!isRight) throw new UsageError(`${path} is damaged: mend it, or say  xhttp session forget NAME`);
  return content as SessionContent;
}
