import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { build, type Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const importsOf = ({ outputs }: Metafile): string[] => Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path));

describe('a program in one file', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'cache-bundle-'))));
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function bundle(contents: string): Promise<{ readonly file: string; readonly metafile: Metafile }> {
    const file = join(folder, 'program.mjs');
    const { metafile } = await build({
      stdin: { contents, resolveDir: import.meta.dirname },
      outfile: file,
      bundle: true,
      platform: 'node',
      target: 'node20',
      format: 'esm',
      metafile: true,
    });
    return { file, metafile };
  }

  it('that caches in memory has nothing of the other stores', async () => {
    const { metafile } = await bundle("import { HttpCache, MemoryStore } from '@x/cache'; new HttpCache({ store: new MemoryStore() });");
    const [output] = Object.values(metafile.outputs);
    expect(Object.keys(output!.inputs).filter((path) => /redis|sqlite|files|testing/.test(path))).toEqual([]);
    expect(importsOf(metafile)).not.toContain('node:sqlite');
  });

  it('that could cache in SQLite starts where Node has none, and says so when it is wanted', async () => {
    const { file, metafile } = await bundle(`
      import { HttpCache } from '@x/cache';
      import { RedisStore } from '@x/cache/redis';
      import { SqliteStore } from '@x/cache/sqlite';
      new HttpCache();
      process.getBuiltinModule = () => undefined;
      try {
        new SqliteStore(':memory:');
      } catch (error) {
        console.log(error.name, error.code, typeof RedisStore);
      }`);
    expect(Object.keys(metafile.inputs).filter((path) => path.includes('node_modules/'))).toEqual([]);
    expect(importsOf(metafile)).not.toContain('node:sqlite');
    const { stdout } = await promisify(execFile)(process.execPath, [file]);
    expect(stdout).toBe('StoreError SQLITE_MISSING function\n');
  });
});
