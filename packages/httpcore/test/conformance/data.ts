/**
 * Finds the data of others that the conformance suites read. It is no part of this repository: `CONFORMANCE_DATA` names its
 * folder, else it is looked for in `../shared/data` beside the checkout.
 *
 * A folder that was named and is not there fails the suites; so does a file that is missing in it. Where nobody named one and
 * the usual place is empty, they are skipped, and say so, as `.ci/run` does.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { describe, expect, it } from 'vitest';

const usualPlace = fileURLToPath(new URL('../../../../../shared/data', import.meta.url));

export interface ConformanceData {
  /** The value of a JSON file, by its path in the folder. Its shape is taken on trust. */
  json<Value>(path: string): Value;
  /** The names in a folder, sorted. */
  names(path: string): string[];
}

/** A suite over the data. `body` is called while tests are collected, and only when the data is there. */
export function describeConformance(title: string, body: (data: ConformanceData) => void): void {
  const root = findData();
  describe.skipIf(root === undefined)(root === undefined ? `${title} (SKIPPED: no conformance data)` : title, () => {
    if (root === undefined) it('needs its data', () => expect(findData()).toBeDefined());
    else body(openData(root));
  });
}

/** The data where it is there, for suites that have input of their own as well. */
export function conformanceData(): ConformanceData | undefined {
  const root = findData();
  return root === undefined ? undefined : openData(root);
}

function openData(root: string): ConformanceData {
  return {
    json: (path) => JSON.parse(readFileSync(join(root, path), 'utf8')),
    names: (path) => readdirSync(join(root, path)).sort(),
  };
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
