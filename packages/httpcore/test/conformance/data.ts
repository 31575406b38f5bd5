/** Suites over the data of others: `@x/testbed/conformance-data` says where that is. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { findConformanceData } from '@x/testbed/conformance-data';
import { describe, expect, it } from 'vitest';

export interface ConformanceData {
  /** The value of a JSON file, by its path in the folder. Its shape is taken on trust. */
  json<Value>(path: string): Value;
  /** The names in a folder, sorted. */
  names(path: string): string[];
}

/** A suite over the data. `body` is called while tests are collected, and only when the data is there. */
export function describeConformance(title: string, body: (data: ConformanceData) => void): void {
  const root = findConformanceData();
  describe.skipIf(root === undefined)(root === undefined ? `${title} (SKIPPED: no conformance data)` : title, () => {
    if (root === undefined) it('needs its data', () => expect(findConformanceData()).toBeDefined());
    else body(openData(root));
  });
}

/** The data where it is there, for suites that have input of their own as well. */
export function conformanceData(): ConformanceData | undefined {
  const root = findConformanceData();
  return root === undefined ? undefined : openData(root);
}

function openData(root: string): ConformanceData {
  return {
    json: (path) => JSON.parse(readFileSync(join(root, path), 'utf8')),
    names: (path) => readdirSync(join(root, path)).sort(),
  };
}
