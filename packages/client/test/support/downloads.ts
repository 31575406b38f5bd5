/** A folder for each test of downloads, and the file in it that is asked for. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach } from 'vitest';

import type { Client, SavedFile, SaveOptions } from '../../src/index.ts';
import { content } from './file-origin.ts';

/** Of the test that runs. */
export let folder: string;
export let path: string;

/** To be called once by each file of tests. */
export function useDownloads(): void {
  let root: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'downloads-'));
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(root, 'each-'));
    path = join(folder, 'file.bin');
  });
  afterAll(() => rm(root, { recursive: true }));
}

export async function save(client: Client, url: string, options?: SaveOptions, to: string = path): Promise<SavedFile> {
  await using response = await client.stream('GET', url);
  return await response.saveTo(to, options);
}

export async function isWhole(bytes: Uint8Array = content): Promise<boolean> {
  return Buffer.compare(await readFile(path), bytes) === 0;
}
