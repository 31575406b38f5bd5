import { describe, expect, it } from 'vitest';

import { defaultTimeouts, mergeTimeouts, type TimeoutInput } from './timeout.ts';

const merged = (...inputs: (TimeoutInput | undefined)[]) => inputs.reduce(mergeTimeouts, defaultTimeouts);

describe('timeouts', () => {
  it('have defaults for the phases and none for the total', () => {
    expect(merged()).toMatchObject({ phases: [10_000, 120_000, 60_000, 30_000], total: null });
  });

  it('as a number are the total, which no hidden default undercuts', () => {
    expect(merged(600_000)).toMatchObject({ phases: [null, null, null, null], total: 600_000 });
    expect(merged({ total: 600_000 })).toMatchObject({ phases: [null, null, null, null], total: 600_000 });
    expect(merged(Infinity)).toMatchObject({ phases: [null, null, null, null], total: null });
  });

  it('keep the phases that were stated beside a total', () => {
    expect(merged({ connect: 2_000, total: 600_000 })).toMatchObject({ phases: [2_000, null, null, null], total: 600_000 });
    expect(merged({ connect: 2_000 }, 600_000)).toMatchObject({ phases: [2_000, null, null, null], total: 600_000 });
    expect(merged(600_000, { read: 5_000 })).toMatchObject({ phases: [null, 5_000, null, null], total: 600_000 });
  });

  it('by phase leave the other phases at their defaults', () => {
    expect(merged({ read: 300_000 })).toMatchObject({ phases: [10_000, 300_000, 60_000, 30_000], total: null });
    expect(merged({ pool: Infinity, write: null })).toMatchObject({ phases: [10_000, 120_000, null, null], total: null });
  });

  it('inherit with undefined and switch off with null', () => {
    expect(merged(5_000, undefined)).toMatchObject({ total: 5_000 });
    expect(merged({ connect: 1 }, { connect: undefined, read: 2 })).toMatchObject({ phases: [1, 2, 60_000, 30_000] });
    expect(merged(5_000, null)).toMatchObject({ phases: [null, null, null, null], total: null });
    expect(merged(5_000, { total: null })).toMatchObject({ phases: [10_000, 120_000, 60_000, 30_000], total: null });
    expect(merged(null, { connect: 5 })).toMatchObject({ phases: [5, null, null, null], total: null });
  });

  it.each([0, -1, NaN, '5' as unknown as number, true as unknown as number])('refuse %s', (input) => {
    expect(() => merged(input)).toThrow(/"timeout" must be a number of milliseconds above 0/);
    expect(() => merged({ read: input })).toThrow(/"timeout.read"/);
  });

  it('refuse a limit that nobody knows', () => {
    expect(() => merged({ conect: 5 } as TimeoutInput)).toThrow(
      /"timeout.conect" is not known here; did you mean "connect"\? Known are connect, read, write, pool, total/,
    );
  });
});
