/**
 * The data of others that the conformance suites read. `CONFORMANCE_DATA` names its folder; else it is looked for in
 * `../shared/data` beside the checkout. A named folder that is missing fails the suites; otherwise they are skipped, loudly.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const usualPlace = fileURLToPath(new URL('../../../../../shared/data', import.meta.url));

/** A suite over the data. `body` runs while tests are collected, when the data is there; it gets a reader of JSON files. */
export function describeConformance(title: string, body: (json: <Value>(path: string) => Value) => void): void {
  const root = findData();
  describe.skipIf(root === undefined)(root === undefined ? `${title} (SKIPPED: no conformance data)` : title, () => {
    if (root === undefined) it('needs its data', () => expect(findData()).toBeDefined());
    else body((path) => JSON.parse(readFileSync(join(root, path), 'utf8')));
  });
}

function findData(): string | undefined {
  const named = process.env['CONFORMANCE_DATA'];
  if (named !== undefined && named !== '') {
    if (!isFolder(named)) throw new Error(`CONFORMANCE_DATA is ${named}, which is no folder`);
    return named;
  }
  if (isFolder(usualPlace)) return usualPlace;
  console.warn(`No conformance data: CONFORMANCE_DATA is not set and there is no ${usualPlace}. Its suites are SKIPPED.`);
  return undefined;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
