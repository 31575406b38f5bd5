/** The score of the public cache tests, for a private cache of a client: browser and CDN behaviour is left out. */
import { expect, it } from 'vitest';

import { runCacheTest, type CacheTest, type CacheTestSuite, type TestTime, type Verdict } from './cache-tests.ts';
import { describeConformance } from './data.ts';
import { ourCache } from './our-cache.ts';

/** Optional ones that are not met, each for a reason. */
const unmet: Readonly<Record<string, string>> = {
  'partial-store-partial-complete':
    'Without a strong validator the rest could not be joined to what is stored (RFC 9111 §3.4): it is fetched whole.',
};

function virtualTime(): TestTime {
  let now = Date.now();
  return { now: () => now, pass: (milliseconds) => (now += milliseconds) };
}

describeConformance('Cache tests', (json) => {
  const suites = json<CacheTestSuite[]>('cache/tests.json');
  const tests = suites.flatMap((suite) => suite.tests.map((test) => ({ ...test, suite: suite.id })));
  const applicable = tests.filter((test) => test.cdn_only !== true && test.browser_skip !== true);

  it('has no failure among the required ones, and names the optional ones that it does not meet', async () => {
    const verdicts = new Map<string, Verdict>();
    for (const test of applicable) {
      const time = virtualTime();
      const options = test.suite === 'heuristic' ? { heuristics: true } : {};
      verdicts.set(test.id, await runCacheTest(test, ourCache(time, options), time));
    }
    const dependsOnFailed = ({ depends_on }: CacheTest): boolean => (depends_on ?? []).some((id) => verdicts.get(id)?.result === 'fail');
    const counted = applicable.filter((test) => !dependsOnFailed(test));
    const failed = (kind: string): string[] =>
      counted
        .filter((test) => (test.kind ?? 'required') === kind && verdicts.get(test.id)!.result !== 'pass')
        .map(({ id }) => `${id}: ${(verdicts.get(id) as { because: string }).because}`);
    const total = (kind: string): number => counted.filter((test) => (test.kind ?? 'required') === kind).length;
    const score = (kind: string): string => `${total(kind) - failed(kind).length} of ${total(kind)} ${kind}`;
    console.log(`Cache tests: ${score('required')}, ${score('optimal')}, ${score('check')}`);
    if (process.env['VERBOSE'] === '1') console.log(failed('check').join('\n'));
    expect(failed('required')).toEqual([]);
    expect(failed('optimal').map((line) => line.split(':', 1)[0])).toEqual(Object.keys(unmet));
  });
});
