import { describe, expect, it } from 'vitest';

import { decideDials, type DialSituation } from './decide.ts';

const situation = (changes: Partial<DialSituation>): DialSituation => ({
  sharing: 'exclusive',
  waiting: 0,
  dialing: 0,
  expecting: 0,
  connections: 0,
  maxConnectionsPerOrigin: 64,
  poolRoom: 256,
  ...changes,
});

describe('decideDials', () => {
  it.each([
    ['nobody waits', {}, { dial: 0, wantsRoom: false }],
    ['exclusive: one for each that waits', { waiting: 5 }, { dial: 5, wantsRoom: false }],
    ['exclusive: less those under way', { waiting: 5, dialing: 3 }, { dial: 2, wantsRoom: false }],
    ['exclusive: not more than the origin may have', { waiting: 100, connections: 60, dialing: 2 }, { dial: 2, wantsRoom: false }],
    ['exclusive: not more than the pool has room for, and it says so', { waiting: 5, poolRoom: 2 }, { dial: 2, wantsRoom: true }],
    ['exclusive: no room at all', { waiting: 1, poolRoom: 0 }, { dial: 0, wantsRoom: true }],
    ['exclusive: the origin is full, so room would not help', { waiting: 1, connections: 64, poolRoom: 0 }, { dial: 0, wantsRoom: false }],
    ['unknown: one for all', { sharing: 'unknown', waiting: 1_000 }, { dial: 1, wantsRoom: false }],
    ['unknown: none while one is under way', { sharing: 'unknown', waiting: 1_000, dialing: 1 }, { dial: 0, wantsRoom: false }],
    ['shared: another when all are full', { sharing: 'shared', waiting: 900, connections: 1 }, { dial: 1, wantsRoom: false }],
    [
      'shared: none while a peer still has to say how much it takes',
      { sharing: 'shared', waiting: 900, connections: 1, expecting: 1 },
      { dial: 0, wantsRoom: false },
    ],
  ] satisfies [string, Partial<DialSituation>, ReturnType<typeof decideDials>][])('%s', (_name, changes, decision) => {
    expect(decideDials(situation(changes))).toEqual(decision);
  });
});
