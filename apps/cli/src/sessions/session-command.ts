/** `xhttp session`: what is kept, and how to be rid of it. */
import { write, type Io } from '../io.ts';
import { oneLine } from '../output/printable.ts';
import { UsageError } from '../usage-error.ts';
import { forgetSession, listSessions, openSession, sessionPath } from './session.ts';

export async function runSessionCommand([what = 'list', name, ...more]: readonly string[], io: Io): Promise<number> {
  if (more.length > 0 || !['list', 'show', 'forget'].includes(what) || (what === 'list') !== (name === undefined)) {
    throw new UsageError('xhttp session list, xhttp session show NAME, xhttp session forget NAME');
  }
  if (name === undefined) await write(io, io.stdout, (await listSessions(io)).map((each) => `${each}\n`).join(''));
  else if (what === 'show') await write(io, io.stdout, await shown(name, io));
  else if (!(await forgetSession(name, io))) throw new UsageError(`There is no session ${JSON.stringify(name)}`);
  return 0;
}

/** What it is for, and no value of it. */
async function shown(name: string, io: Io): Promise<string> {
  const session = await openSession({ 'session-read-only': name }, io);
  const { origin, baseUrl, auth, headers = [], cookies } = session?.content ?? {};
  const lines = [
    `file         ${sessionPath(name, io)}`,
    ...(baseUrl === undefined ? [] : [`base URL     ${baseUrl.replace(/\/\/[^/@]*@/u, '//')}`]),
    ...(origin === undefined ? [] : [`origin       ${origin}`]),
    ...(auth === undefined ? [] : [`credentials  ${auth.type}`]),
    ...headers.map(([field]) => `header       ${field}`),
    ...(cookies?.cookies ?? []).map(({ key, domain, path }) => `cookie       ${key} for ${domain}${path}`),
  ];
  return lines.map((line) => `${oneLine(line)}\n`).join('');
}
