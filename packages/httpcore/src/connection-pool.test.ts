import { describe, expect, it } from 'vitest';

import { LocalProtocolError, PoolClosed } from './contract/errors.ts';
import { ConnectionPool } from './connection-pool.ts';

describe('preconnect', () => {
  it('refuses what is no URL', async () => {
    await using pool = new ConnectionPool();
    await expect(pool.preconnect('a.example')).rejects.toThrow(LocalProtocolError);
    await expect(pool.preconnect('')).rejects.toMatchObject({ code: 'INVALID_TARGET' });
  });

  // `URL.canParse` of Node 20 and 22 takes letters of Latin-1 for half of a character in UTF-8 as soon as its caller is compiled.
  it('takes a host with letters of Latin-1, however often it is asked for', async () => {
    const pool = new ConnectionPool();
    await pool.close();
    const { stackTraceLimit } = Error;
    // It is not the stacks of twenty thousand errors that this waits for.
    Error.stackTraceLimit = 0;
    const others: unknown[] = [];
    try {
      for (let round = 1; round <= 20_000; round += 1) {
        const refusal: unknown = await pool.preconnect('http://münchen.example').catch((error: unknown) => error);
        if (!(refusal instanceof PoolClosed)) others.push(refusal);
      }
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    expect(others).toEqual([]);
  });
});
