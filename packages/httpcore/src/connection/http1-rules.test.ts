import { describe, expect, it } from 'vitest';

import { resolvePoolOptions } from '../model/pool-options.ts';
import { idleTimeoutOf } from './http1-rules.ts';

describe('how long a connection is kept idle', () => {
  it.each([
    [undefined, Infinity, undefined],
    [60_000, Infinity, 59_000],
    [500, Infinity, 0],
    [3_600_000, Infinity, 600_000],
    [60_000, 5_000, 5_000],
    [3_000, 5_000, 2_000],
    [60_000, 0, 0],
  ])('is by the word of the server, %j ms, and %j ms of our own at most: %j', (server, longest, expected) => {
    expect(idleTimeoutOf(server, longest)).toBe(expected);
  });

  it('is limited by an option that was given, and not by a default', () => {
    expect(resolvePoolOptions().longestKeepAlive).toBe(Infinity);
    expect(resolvePoolOptions({ keepAliveTimeout: undefined }).longestKeepAlive).toBe(Infinity);
    expect(resolvePoolOptions({ keepAliveTimeout: 5_000 }).longestKeepAlive).toBe(5_000);
    expect(() => resolvePoolOptions({ longestKeepAlive: 7 } as object)).toThrow(/longestKeepAlive/);
  });
});
