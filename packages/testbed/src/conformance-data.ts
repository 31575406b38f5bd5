/**
 * Finds the data of others that the conformance suites read. It is no part of this repository: `CONFORMANCE_DATA` names its
 * folder, else it is looked for in `../shared/data` beside the checkout. A folder that was named and is not there is an error; where nobody
 * named one and the usual place is empty, suites are skipped, loudly.
 */
import { statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const usualPlace = fileURLToPath(new URL('../../../../shared/data', import.meta.url));

export function findConformanceData(): string | undefined {
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
