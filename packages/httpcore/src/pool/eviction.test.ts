import { describe, expect, it } from 'vitest';

import { evict, expiryOf, surplus } from './eviction.ts';

describe('expiryOf', () => {
  it.each([
    [{ idleSince: 900, idleTimeout: undefined, retiresAt: Infinity }, 1_400],
    [{ idleSince: 900, idleTimeout: 50, retiresAt: Infinity }, 950],
    [{ idleSince: 0, idleTimeout: 90_000, retiresAt: Infinity }, 90_000],
    [{ idleSince: 900, idleTimeout: undefined, retiresAt: 1_000 }, 1_000],
  ])('goes by the own measure of a connection, or the common one, and by its age: %j at %d', (connection, expiry) => {
    expect(expiryOf(connection, 500)).toBe(expiry);
  });
});

describe('evict', () => {
  it('names what has expired, and when to look again', () => {
    const [fresh, old, patient] = [1_400, 600, 90_000].map((expiresAt) => ({ idleSince: 0, expiresAt }));
    expect(evict([fresh!, old!, patient!], 1_000)).toEqual({ expired: [old], lookAgainAt: 1_400 });
  });

  it('does not ask to look again at nothing', () => {
    expect(evict([], 1_000)).toEqual({ expired: [], lookAgainAt: Infinity });
    expect(evict([{ idleSince: 0, expiresAt: Infinity }], 1_000).lookAgainAt).toBe(Infinity);
  });
});

describe('surplus', () => {
  const idle = [30, 10, 40, 20].map((idleSince) => ({ idleSince, expiresAt: Infinity }));

  it('is what has been idle for longest, as far as there is too much', () => {
    expect(surplus(idle, 2).map(({ idleSince }) => idleSince)).toEqual([10, 20]);
    expect(surplus(idle, 4)).toEqual([]);
    expect(surplus(idle, 0)).toHaveLength(4);
  });
});
