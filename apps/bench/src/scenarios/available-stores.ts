/** Which stores of a cache this machine has: the others are left out, and said to be. */
import { spawnSync } from 'node:child_process';

let found: readonly string[] | undefined;

/** Contenders of the scenario `cache` whose store is here. */
export function contendersWithStores(): readonly string[] {
  return (found ??= [
    ...ifThere('client-cache-sqlite', process.getBuiltinModule('node:sqlite') !== undefined, `Node ${process.version} has no node:sqlite`),
    ...ifThere('client-cache-redis', spawnSync('redis-server', ['--version']).status === 0, 'there is no redis-server'),
  ]);
}

function ifThere(contender: string, isThere: boolean, whyNot: string): readonly string[] {
  if (isThere) return [contender];
  console.warn(`SKIPPED: ${contender} of the scenario "cache", since ${whyNot}.`);
  return [];
}
