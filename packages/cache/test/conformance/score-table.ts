/**
 * The table of scores in the guide, which is not written by hand: `UPDATE_SCORES=1 npm test -- packages/cache/test/conformance` writes it anew, and without that it
 * has to be what was measured. It is about the tests that the repository is given: a run over others does not look at it.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const guide = new URL('../../../../apps/docs/cache.md', import.meta.url);

/** How many of how many. */
export type Share = readonly [passed: number, all: number];

/** Why the row of `name` in the guide is wrong; `undefined`: it is right, or of other tests. */
export function whyRowIsWrong(name: string, required: Share, optional: Share): string | undefined {
  const text = readFileSync(guide, 'utf8');
  const row = text.split('\n').find((line) => line.startsWith('|') && line.split('|')[1]!.trim() === name);
  if (row === undefined) return `There is no row for ${name} in apps/docs/cache.md`;
  const cells = [required, optional].map(([passed, all]) => `${passed} of ${all}`);
  const found = row
    .split('|')
    .slice(2, 4)
    .map((cell) => cell.trim());
  const isOfOtherTests = found.some((cell, index) => cell.split(' of ')[1] !== String([required, optional][index]![1]));
  if (process.env['UPDATE_SCORES'] === '1') writeFileSync(guide, text.replace(row, `| ${name} | ${cells.join(' | ')} |`));
  else if (!isOfOtherTests && String(found) !== String(cells))
    return `apps/docs/cache.md says ${found.join(', ')} of ${name}, and it is ${cells.join(', ')}`;
  return undefined;
}
