/**
 * Every ```ts block of the README and of the guides runs, and every ```js block of the packages' READMEs, against a local server in the place of the one it names. Blocks that have a label
 * (```ts [axios]) and follow one another tell the same side by side: they print the same.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { format, promisify } from 'node:util';
import { fileURLToPath } from 'node:url';

import { installedProgram, startProxy, startServer, type LocalProxy } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const scratch = fileURLToPath(new URL('../.snippets', import.meta.url));

interface Snippet {
  readonly file: string;
  readonly line: number;
  readonly code: string;
  readonly language: string;
  readonly label: string | undefined;
  /** What it prints is what this one has printed. */
  readonly like: number | undefined;
}

async function markdownFiles(): Promise<string[]> {
  const guides = await Promise.all(
    ['apps/docs', 'apps/docs/client', 'apps/docs/interop'].map(async (folder) => {
      const names = await readdir(join(root, folder));
      return names.filter((name) => name.endsWith('.md')).map((name) => join(root, folder, name));
    }),
  );
  return [
    join(root, 'README.md'),
    join(root, 'packages/client/README.md'),
    join(root, 'packages/httpcore/README.md'),
    join(root, 'packages/interop/README.md'),
    join(root, 'packages/cache/README.md'),
    join(root, 'packages/otel/README.md'),
    join(root, 'packages/pac/README.md'),
    ...guides.flat(),
  ];
}

function snippetsOf(file: string, markdown: string): Snippet[] {
  const found: Snippet[] = [];
  let end = -1;
  for (const match of markdown.matchAll(/^```(ts|js|python)(?: \[(.+)\])?\n([\s\S]*?)^```\n?/gm)) {
    const [whole, language = '', label, code = ''] = match;
    const line = markdown.slice(0, match.index).split('\n').length;
    const follows = label !== undefined && end >= 0 && markdown.slice(end, match.index).trim() === '';
    const previous = found.at(-1);
    const like = follows && previous?.label !== undefined ? (previous.like ?? previous.line) : undefined;
    if (language === 'ts' || label !== undefined || (language === 'js' && file.endsWith('README.md')))
      found.push({ file: relative(root, file), line, code, language, label, like });
    end = match.index + whole.length;
  }
  return found;
}

/** Debian's program, whose first line names the Python that has the library. */
async function pythonOf(program: string): Promise<string | undefined> {
  const script = installedProgram(program);
  return script === undefined ? undefined : /^#!(\S+)/.exec(await readFile(script, 'utf8'))?.[1];
}

const python = await pythonOf('httpx');
const printed = new Map<string, string>();
const files = await markdownFiles();
const snippets = (await Promise.all(files.map(async (file) => snippetsOf(file, await readFile(file, 'utf8'))))).flat();

// In their order: one may leave a subscriber to what those after it do, and some are compared with those before.
describe('snippets', { shuffle: false }, () => {
  let proxies: { http: LocalProxy; socks: LocalProxy };
  beforeAll(async () => {
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true });
    // At port 3128 and 1080. They want no credentials, and take any.
    proxies = { http: await startProxy('http'), socks: await startProxy('socks') };
  });
  afterAll(async () => {
    await proxies.http.stop();
    await proxies.socks.stop();
    await rm(scratch, { recursive: true, force: true });
  });

  it('are found', () => {
    expect(snippets.length).toBeGreaterThan(4);
    expect(snippets.filter(({ file }) => file === 'README.md')).toHaveLength(2);
  });

  it('the recipe for Kerberos is the one that the compiler has looked at', async () => {
    const [recipe, guide] = await Promise.all(
      ['apps/docs/test/kerberos.test-d.ts', 'apps/docs/proxies.md'].map((file) => readFile(join(root, file), 'utf8')),
    );
    const [, scheme, auth] = /(\/\*\* As the package[^]*\n)\nexport (const auth[^]*)/.exec(recipe!)!;
    expect(guide).toContain(scheme);
    expect(guide).toContain(`import kerberos from 'kerberos';\n\n${auth}`);
  });

  for (const [index, { file, line, code, language, like }] of snippets.entries()) {
    it.skipIf(language === 'python' && python === undefined)(
      `${file}:${line} runs`,
      async () => {
        await using server = await startServer('site', {});
        // What speaks nothing but HTTP/2 is at port 8082.
        await using http2 = await startServer('site', { http2: true });
        const local = code
          .replaceAll('http://localhost:8080', server.origin)
          .replaceAll("'localhost', 8080", `'127.0.0.1', ${server.port}`)
          .replaceAll("'localhost', 8082", `'127.0.0.1', ${http2.port}`)
          .replaceAll("'recordings/", `'${scratch}/recordings-${index}/`)
          .replaceAll('localhost:3128', `127.0.0.1:${proxies.http.port}`)
          .replaceAll('localhost:1080', `127.0.0.1:${proxies.socks.port}`);
        const ending = code.includes('require(') ? 'cjs' : language;
        const path = join(scratch, `snippet-${index}.${ending}`);
        await writeFile(path, local);
        const said = ending === 'ts' || ending === 'js' ? await saidBy(path) : await printedBy(path);
        // A snippet that prints nothing shows nothing.
        expect(said).not.toBe('');
        const before = like === undefined ? undefined : printed.get(`${file}:${like}`);
        if (before !== undefined) expect(said).toBe(before);
        printed.set(`${file}:${line}`, said);
        // The first one loads all of the sources.
      },
      60_000,
    );
  }
});

/** What has a process of its own: another language, or another kind of modules. */
async function printedBy(path: string): Promise<string> {
  const isPython = path.endsWith('.python');
  const { stdout } = await promisify(execFile)(isPython ? python! : process.execPath, isPython ? [path] : ['--import', 'tsx', path]);
  return stdout.trimEnd();
}

async function saidBy(path: string): Promise<string> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  try {
    await import(/* @vite-ignore */ path);
    expect(log).toHaveBeenCalled();
    return log.mock.calls.map((words) => format(...words)).join('\n');
  } finally {
    log.mockRestore();
  }
}
