/** The score of the public cache tests, for a private cache of a client: browser and CDN behaviour is left out. */
import { expect, it, vi } from 'vitest';

import { runCacheTest, type CacheTest, type CacheTestSuite, type Subject, type TestTime, type Verdict } from './cache-tests.ts';
import { describeConformance } from './data.ts';
import { ourCache } from './our-cache.ts';
import { whyRowIsWrong, type Share } from './score-table.ts';
import { undiciCache } from './undici-cache.ts';

/** Optional ones that are not met, each for a reason. */
const unmet: Readonly<Record<string, string>> = {
  'partial-store-partial-complete':
    'Without a strong validator the rest could not be joined to what is stored (RFC 9111 §3.4): it is fetched whole.',
  'cc-resp-immutable-fresh': 'It asks with the mode no-cache of fetch, which is to have the origin asked, whatever the response says.',
};

function virtualTime(): TestTime {
  let now = Date.now();
  return { now: () => now, pass: (milliseconds) => (now += milliseconds) };
}

type NamedTest = CacheTest & { readonly suite: string };
type SubjectOf = (test: NamedTest, time: TestTime) => Subject;

interface Score {
  readonly text: string;
  failed(kind: string): readonly string[];
  share(kind: string): Share;
}

async function scoreOf(name: string, tests: readonly NamedTest[], subjectOf: SubjectOf, time: () => TestTime): Promise<Score> {
  const verdicts = new Map<string, Verdict>();
  for (const test of tests) {
    const passing = time();
    verdicts.set(test.id, await runCacheTest(test, subjectOf(test, passing), passing));
  }
  // What a failed test was to show first says nothing of those that depend on it.
  const counted = tests.filter(({ depends_on = [] }) => !depends_on.some((id) => verdicts.get(id)?.result === 'fail'));
  const ofKind = (kind: string): readonly NamedTest[] => counted.filter((test) => (test.kind ?? 'required') === kind);
  const failed = (kind: string): readonly string[] => ofKind(kind).flatMap(({ id }) => (verdicts.get(id)!.result === 'pass' ? [] : [id]));
  const share = (kind: string): Share => [ofKind(kind).length - failed(kind).length, ofKind(kind).length];
  const shown = ['required', 'optimal', 'check'].map((kind) => `${share(kind).join(' of ')} ${kind}`);
  return { text: `${name}: ${shown.join(', ')}`, failed, share };
}

describeConformance('Cache tests', (json) => {
  const suites = json<CacheTestSuite[]>('cache/tests.json');
  const tests = suites.flatMap((suite) => suite.tests.map((test): NamedTest => ({ ...test, suite: suite.id })));
  const applicable = tests.filter((test) => test.cdn_only !== true && test.browser_skip !== true);

  it('are passed: every required one, and every optional one but those that are named', async () => {
    const heuristics = ({ suite }: NamedTest): object => (suite === 'heuristic' ? { heuristics: true } : {});
    const score = await scoreOf('@x/cache', applicable, (test, time) => ourCache(time, heuristics(test)), virtualTime);
    console.log(score.text);
    expect(score.failed('required')).toEqual([]);
    expect(whyRowIsWrong('`@x/cache`', score.share('required'), score.share('optimal'))).toBeUndefined();
    expect(score.failed('optimal').filter((id) => !Object.hasOwn(unmet, id))).toEqual([]);
  });

  it('for shared caches are passed with their field as a target', async () => {
    const options = { shared: true, targetedFields: ['CDN-Cache-Control'] };
    const score = await scoreOf(
      '@x/cache, shared',
      tests.filter((test) => test.cdn_only === true),
      (_, time) => ourCache(time, options),
      virtualTime,
    );
    console.log(score.text);
    expect([...score.failed('required'), ...score.failed('optimal')]).toEqual([]);
  });

  it('are run against undici by the same runner', async () => {
    const started = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: started });
    try {
      const time: TestTime = { now: () => Date.now(), pass: (milliseconds) => void vi.setSystemTime(Date.now() + milliseconds) };
      const score = await scoreOf(
        'undici',
        applicable,
        () => undiciCache,
        () => time,
      );
      console.log(score.text);
      expect(whyRowIsWrong('undici 7.30.2', score.share('required'), score.share('optimal'))).toBeUndefined();
    } finally {
      vi.useRealTimers();
    }
  });
});
