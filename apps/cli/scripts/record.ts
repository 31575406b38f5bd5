/**
 * Records a session of the terminal and the picture that belongs to it, on servers of its own, and puts both into the README:
 * `npm --prefix apps/cli run record`.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import { startServer } from '@x/testbed';
import type { Io, Output } from '../src/io.ts';
import { main } from '../src/main.ts';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));
const PICTURE = fileURLToPath(new URL('../../docs/pictures/xhttp-waterfall.svg', import.meta.url));
const COLUMNS = 96;
/** The port of the moment is nobody's business; one of as many digits keeps the columns. */
const HOST = 'localhost:44300';

const cwd = await mkdtemp(join(tmpdir(), 'xhttp-'));
await using server = await startServer('site', { tls: true, http2: true });
await writeFile(join(cwd, 'ca.pem'), server.ca ?? '');
// The first address is one at which nobody listens.
const hidden = ['--cacert', 'ca.pem', '--resolve', `localhost:${server.port}:::1,127.0.0.1`];

const sessions: readonly (readonly string[])[] = [
  [`https://${HOST}/json`],
  ['-L', '--timings', '--svg', 'waterfall.svg', '-q', `https://${HOST}/redirect/1`],
  ['--curl', 'PUT', `https://${HOST}/orders/7`, 'customer[name]=Ada', 'total:=12.50', 'Authorization:Bearer t0k3n'],
  ['doctor', `https://${HOST}/cacheable/60`],
];

const lines: string[] = [];
for (const words of sessions) lines.push(`$ xhttp ${words.map(shellWord).join(' ')}`, (await run(words)).trimEnd(), '');
const readme = await readFile(README, 'utf8');
const marks = /(<!-- session:start -->)[^]*(<!-- session:end -->)/u;
if (!marks.test(readme)) throw new Error('README.md has no place for a session');
const picture = '![Where the time of a redirected request went](apps/docs/pictures/xhttp-waterfall.svg)';
await writeFile(
  README,
  readme.replace(
    marks,
    (_, start: string, end: string) => `${start}\n\n\`\`\`console\n${lines.join('\n').trimEnd()}\n\`\`\`\n\n${picture}\n\n${end}`,
  ),
);
await writeFile(PICTURE, shown(await readFile(join(cwd, 'waterfall.svg'), 'utf8')));
await rm(cwd, { recursive: true });

async function run(words: readonly string[]): Promise<string> {
  let text = '';
  const output: Output = {
    isTTY: true,
    columns: COLUMNS,
    write: (chunk) => ((text += Buffer.from(chunk as Uint8Array).toString()), true),
    once: () => {},
  };
  const io: Io = {
    stdin: (async function* () {})(),
    stdinKind: 'none',
    stdout: output,
    stderr: output,
    env: { TERM: 'xterm' },
    cwd,
    home: cwd,
    platform: process.platform,
    signal: new AbortController().signal,
  };
  const [command, ...rest] = words.map((word) => word.replace(HOST, `localhost:${server.port}`));
  await main(command === 'doctor' ? [command, ...hidden, ...rest] : [...hidden, command ?? '', ...rest], io);
  return shown(stripVTControlCharacters(text))
    .split('\n')
    .filter((line) => !/--cacert|--resolve/u.test(line) || !line.startsWith('  --'))
    .map((line) => line.trimEnd())
    .join('\n')
    .replace(/ \\\s*$/u, '');
}

function shown(text: string): string {
  return text.replaceAll(`:${server.port}`, ':44300');
}

function shellWord(word: string): string {
  return /^[\w./:=,@%+-]+$/u.test(word) ? word : `'${word}'`;
}
