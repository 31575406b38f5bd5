import { describe, expect, test } from 'vitest';
import { DOWNLOAD_RESULT, measurementsOf, SMALL_RESULT, speedOf } from './sample-report.ts';
import { medianCpuMicros, summarise, type Figures } from './summary.ts';
import type { SpeedResult } from './report.ts';

function figuresOf(result: SpeedResult, id: string): Figures | null {
  return summarise(result).find(({ contender }) => contender.id === id)?.figures ?? null;
}

describe('the rows of a result', () => {
  test('have medians of CPU time and rate', () => {
    expect(figuresOf(SMALL_RESULT, 'raw-socket')).toMatchObject({ cpu: 10, rate: 200_000 });
    expect(figuresOf(SMALL_RESULT, 'dispatch')).toMatchObject({ cpu: 12, spread: 0.25 });
  });

  test('compare each level with its own reference, and all with the floor', () => {
    expect(figuresOf(SMALL_RESULT, 'dispatch')).toMatchObject({ floorRatio: 1.2, referenceRatio: 12 / 20 });
    expect(figuresOf(SMALL_RESULT, 'client')).toMatchObject({ floorRatio: 1.8, referenceRatio: 18 / 30 });
    expect(figuresOf(SMALL_RESULT, 'undici-request')).toMatchObject({ referenceRatio: 1 });
  });

  test('compare the floor with nothing', () => {
    expect(figuresOf(SMALL_RESULT, 'raw-socket')).toMatchObject({ floorRatio: null, referenceRatio: null });
  });

  test('have no ratio to what was not measured', () => {
    const alone: SpeedResult = { ...SMALL_RESULT, contenders: [speedOf('dispatch', 12)] };
    expect(figuresOf(alone, 'dispatch')).toMatchObject({ cpu: 12, floorRatio: null, referenceRatio: null });
  });

  test('keep a contender that failed', () => {
    const row = summarise(SMALL_RESULT).find(({ contender }) => contender.id === 'got');
    expect(row).toMatchObject({ figures: null, failure: expect.stringContaining('500') as string });
  });

  test('are in milliseconds and MiB per second where the scenario says so', () => {
    expect(figuresOf(DOWNLOAD_RESULT, 'dispatch')).toMatchObject({ cpu: 50, rate: 4000 });
  });

  test('have the time that passed where the scenario says so', () => {
    const imports: SpeedResult = { ...SMALL_RESULT, units: { cpu: 'ms', rate: 'wall ms' } };
    expect(figuresOf(imports, 'undici-dispatch')).toMatchObject({ cpu: 0.02, rate: 0.01 });
  });
});

test('the median of a contender that was not measured is null', () => {
  expect(medianCpuMicros(SMALL_RESULT, 'axios')).toBeNull();
  expect(medianCpuMicros(SMALL_RESULT, 'got')).toBeNull();
  expect(measurementsOf(1)[0]).toMatchObject({ requests: 1000 });
});
