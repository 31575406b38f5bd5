// Prints `N passed, N failed` (and `, N skipped`) from vitest's JSON report: node .ci/count-tests.mjs <report> <exit code of the run>

import { readFileSync } from 'node:fs';

const [file, exitCode] = process.argv.slice(2);

function read() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

const report = read();
let passed = 0;
let failed = 0;
let skipped = 0;
if (report !== undefined) {
  passed = report.numPassedTests;
  // A file that does not load has no tests to count.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
  );
  failed = report.numFailedTests + brokenFiles.length;
  skipped = report.numPendingTests + report.numTodoTests;
}
// A run that failed without a failed test (an error outside of every test, a crash, no report) is a failure, too.
if (failed === 0 && exitCode !== '0') failed = 1;

console.log(`${passed} passed, ${failed} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`);
