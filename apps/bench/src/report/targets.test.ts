import { describe, expect, test } from 'vitest';
import { contendersWithStores } from '../scenarios/available-stores.ts';
import { allScenarios } from '../scenarios/registry.ts';
import { MEMORY_RESULT, SAMPLE_REPORT, SMALL_RESULT, speedOf } from './sample-report.ts';
import { judge, passes, TARGETS, type Target } from './targets.ts';

const target: Target = { scenario: 'h1-small', contender: 'dispatch', atMost: 0.85, versus: 'undici-dispatch' };

function verdictAt(cpu: number): ReturnType<typeof judge>[number] | undefined {
  const result = { ...SMALL_RESULT, contenders: [speedOf('dispatch', cpu), speedOf('undici-dispatch', 100)] };
  return judge({ ...SAMPLE_REPORT, scenarios: [result] }, [target])[0];
}

describe('a target', () => {
  test('is reached at its limit and missed above it', () => {
    expect(verdictAt(85)).toMatchObject({ reached: true, text: 'h1-small: dispatch ≤ 0.85 × undici-dispatch, is 0.85' });
    expect(verdictAt(86)).toMatchObject({ reached: false });
  });

  test('is neither when one side was not measured', () => {
    const report = { ...SAMPLE_REPORT, scenarios: [{ ...SMALL_RESULT, contenders: [speedOf('dispatch', 10)] }] };
    expect(judge(report, [target])[0]).toMatchObject({ reached: null });
    expect(judge({ ...SAMPLE_REPORT, scenarios: [] }, [target])[0]).toMatchObject({ reached: null });
  });

  test('may compare two scenarios', () => {
    const across: Target = { scenario: 'download', contender: 'dispatch', atMost: 1, versus: 'dispatch', versusScenario: 'h1-small' };
    expect(judge(SAMPLE_REPORT, [across])[0]).toMatchObject({ reached: false, text: expect.stringContaining('in h1-small') as string });
  });

  test('may be of the time that passes', () => {
    // Everybody in the sample takes half of the CPU time.
    const ofTime: Target = { ...target, of: 'time' };
    const report = {
      ...SAMPLE_REPORT,
      scenarios: [{ ...SMALL_RESULT, contenders: [speedOf('dispatch', 80), speedOf('undici-dispatch', 100)] }],
    };
    expect(judge(report, [ofTime])[0]).toEqual({ reached: true, text: 'h1-small: dispatch ≤ 0.85 × undici-dispatch in time, is 0.80' });
  });

  test('may be of a rate', () => {
    // 50 ms of CPU, 25 of time for 100 MiB: 4,000 MiB/s.
    const atLeast = (ofRate: number): Target => ({ scenario: 'download', contender: 'dispatch', atLeast: 0.8, ofRate });
    expect(judge(SAMPLE_REPORT, [atLeast(5_000)])[0]).toEqual({
      reached: true,
      text: "download: dispatch ≥ 80 % of the line's rate, is 80 %",
    });
    expect(judge(SAMPLE_REPORT, [atLeast(5_100)])[0]).toMatchObject({ reached: false });
    expect(judge({ ...SAMPLE_REPORT, scenarios: [] }, [atLeast(1)])[0]).toMatchObject({ reached: null });
  });

  /** Not every Node has SQLite, and not every machine Redis. */
  const needsStore = new Set(['client-cache-sqlite', 'client-cache-redis']);
  const isMissing = ({ contender }: Target): boolean => needsStore.has(contender) && !contendersWithStores().includes(contender);

  test.each(
    TARGETS.filter((entry) => !isMissing(entry)).map((entry) => ({ versus: entry.contender, versusScenario: entry.scenario, ...entry })),
  )('of $scenario names contenders that run there: $contender, $versus', ({ scenario, contender, versus, versusScenario }) => {
    const ids = (id: string): readonly string[] =>
      allScenarios()
        .find((entry) => entry.id === id)
        ?.contenders.map((entry) => entry.id) ?? [];
    expect(ids(scenario)).toContain(contender);
    expect(ids(versusScenario ?? scenario)).toContain(versus);
  });
});

describe('a check', () => {
  test('passes when all that was measured is reached', () => {
    expect(
      passes([
        { text: '', reached: true },
        { text: '', reached: null },
      ]),
    ).toBe(true);
  });

  test('fails when one target is missed, and when nothing was measured', () => {
    expect(
      passes([
        { text: '', reached: true },
        { text: '', reached: false },
      ]),
    ).toBe(false);
    expect(passes([{ text: '', reached: null }])).toBe(false);
    expect(passes([])).toBe(false);
  });

  test('includes the memory of our own', () => {
    const verdicts = judge({ ...SAMPLE_REPORT, scenarios: [MEMORY_RESULT] }, []);
    expect(verdicts).toEqual([{ text: 'memory: memory of @x/client is flat', reached: true }]);
  });
});
