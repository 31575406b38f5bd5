import { describe, expect, it } from 'vitest';

import { evict } from './eviction.ts';

describe('evict', () => {
  it('names what is too old by its own measure, and when to look again', () => {
    const fresh = { idleSince: 900, idleTimeout: undefined };
    const old = { idleSince: 100, idleTimeout: undefined };
    const hinted = { idleSince: 900, idleTimeout: 50 };
    const patient = { idleSince: 0, idleTimeout: 90_000 };
    expect(evict([fresh, old, hinted, patient], 500, 1_000)).toEqual({ expired: [old, hinted], lookAgainAt: 1_400 });
  });

  it('does not ask to look again at nothing', () => {
    expect(evict([], 500, 1_000)).toEqual({ expired: [], lookAgainAt: Infinity });
    expect(evict([{ idleSince: 0, idleTimeout: undefined }], Infinity, 1_000).lookAgainAt).toBe(Infinity);
  });
});
