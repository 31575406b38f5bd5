/** Every ```ts block of the README, of the packages' and of the guides runs, against a local server in the place of the one it names. */
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startProxy, startServer, type LocalProxy } from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const scratch = fileURLToPath(new URL('../.snippets', import.meta.url));

interface Snippet {
  readonly file: string;
  readonly line: number;
  readonly code: string;
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
    join(root, 'packages/interop/README.md'),
    join(root, 'packages/cache/README.md'),
    join(root, 'packages/otel/README.md'),
    join(root, 'packages/pac/README.md'),
    ...guides.flat(),
  ];
}

function snippetsOf(file: string, markdown: string): Snippet[] {
  return Array.from(markdown.matchAll(/^```ts\n([\s\S]*?)^```$/gm), (match) => ({
    file: relative(root, file),
    line: markdown.slice(0, match.index).split('\n').length,
    code: match[1] ?? '',
  }));
}

const files = await markdownFiles();
const snippets = (await Promise.all(files.map(async (file) => snippetsOf(file, await readFile(file, 'utf8'))))).flat();

describe('snippets', () => {
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

  for (const [index, { file, line, code }] of snippets.entries()) {
    it(`${file}:${line} runs`, async () => {
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
      const path = join(scratch, `snippet-${index}.ts`);
      await writeFile(path, local);
      const log = vi.spyOn(console, 'log').mockImplementation(() => {});
      try {
        await import(/* @vite-ignore */ path);
        // A snippet that prints nothing shows nothing.
        expect(log).toHaveBeenCalled();
      } finally {
        log.mockRestore();
      }
    });
  }
});
