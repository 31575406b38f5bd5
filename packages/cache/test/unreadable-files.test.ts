/** A folder of responses some of whose files can't be read for a moment, as where a program has too many open. */
import { mkdtemp, readdir, rename, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { FileStore } from '../src/files/index.ts';
import { answer, cachedOrigin } from './cached-origin.ts';

let folder: string;
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'cache-unreadable-'))));
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A link to itself can't be opened, by whatever user: ELOOP. Gives how it becomes readable again. */
async function unreadable(ending: string): Promise<() => Promise<void>> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(ending));
  const paths = names.map((name) => join(folder, name));
  expect(paths).not.toEqual([]);
  for (const path of paths) {
    await rename(path, `${path}.aside`);
    await symlink(path, path);
  }
  return async () => {
    for (const path of paths) await rename(`${path}.aside`, path);
  };
}

function originOver(store: FileStore) {
  const told: string[] = [];
  const origin = cachedOrigin(({ url }) => answer('x'.repeat(Number(url[3].slice(1))), { 'cache-control': 'max-age=60', tag: 'all' }), {
    store,
    storeTimeout: 10_000,
    tagField: 'tag',
    onEvent: (event) => told.push(event.type === 'store-failed' ? event.operation : event.type),
  });
  return { ...origin, told };
}

describe.each([
  ['.head', 'find', '/1000'],
  ['.body', 'open', '/1000'],
  ['.body', 'open', '/1500000'],
])('what cannot be read for a moment: %s', (ending, operation, path) => {
  it(`is a miss that is told of (${operation} of ${path}), and is not removed`, async () => {
    const first = originOver(new FileStore(folder));
    await first.ask(path);
    await first.dispatcher.cache.close();
    const { ask, told, dispatcher } = originOver(new FileStore(folder));
    const again = await unreadable(ending);
    // What comes from the origin would take the place of what is there.
    expect(await ask(path, { context: { cacheMode: 'only-if-cached' } })).toMatchObject({ status: 504, outcome: { state: 'miss' } });
    expect(told).toEqual([operation]);
    await again();
    expect((await ask(path)).outcome.state).toBe('hit');
    await dispatcher.cache.close();
  });
});

it('a look around leaves what it cannot read where it is', async () => {
  const first = originOver(new FileStore(folder));
  await first.ask('/1000');
  await first.dispatcher.cache.close();
  const again = await unreadable('.head');
  const store = new FileStore(folder);
  expect(await store.size()).toEqual({ entries: 0, bytes: 0 });
  expect(await store.deleteTagged('all')).toBe(0);
  await again();
  expect(await store.deleteTagged('all')).toBe(1);
});

it('of several responses of a URL, those that can be read are found', async () => {
  const store = new FileStore(folder);
  const first = cachedOrigin(({ headers }) => answer(String(headers), { 'cache-control': 'max-age=60', vary: 'x' }), { store });
  for (const x of ['a', 'b']) await first.ask('/', { headers: { x } });
  await first.dispatcher.cache.close();
  const [name] = (await readdir(folder, { recursive: true })).filter((each) => each.endsWith('.head'));
  const path = join(folder, name!);
  await rename(path, `${path}.aside`);
  await symlink(path, path);
  expect(await store.find('http://origin.test/')).toHaveLength(1);
  await rename(`${path}.aside`, path);
  expect(await store.find('http://origin.test/')).toHaveLength(2);
});
