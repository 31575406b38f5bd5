/** Suites over the data of others: `@x/testbed/conformance-data` says where that is. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { findConformanceData } from '@x/testbed/conformance-data';
import { describe, expect, it } from 'vitest';

/** A suite over the data. `body` runs while tests are collected, when the data is there; it gets a reader of JSON files. */
export function describeConformance(title: string, body: (json: <Value>(path: string) => Value) => void): void {
  const root = findConformanceData();
  describe.skipIf(root === undefined)(root === undefined ? `${title} (SKIPPED: no conformance data)` : title, () => {
    if (root === undefined) it('needs its data', () => expect(findConformanceData()).toBeDefined());
    else body((path) => JSON.parse(readFileSync(join(root, path), 'utf8')));
  });
}
