import { AsyncLocalStorage } from 'node:async_hooks';

import { startServer } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import type { DispatchResponse } from './contract/dispatcher.ts';
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

type Answer = Awaited<ReturnType<ConnectionPool['openRequest']>['response']>;

function final(answer: Answer): DispatchResponse {
  if (answer[0] === null) throw new Error(`${answer[1]} is no final answer`);
  return answer;
}

describe('openRequest', () => {
  it.each(['queued', 'sent', 'answered', 'over'])('is ended by a call when it is %s', async (moment) => {
    await using server = await startServer('slow', { pieces: ['a', 'b'] });
    await using pool = new ConnectionPool({ maxConnectionsPerOrigin: 1 });
    const open = (): ReturnType<ConnectionPool['openRequest']> =>
      pool.openRequest('GET', ['http', '127.0.0.1', server.port, '/'], [], null);
    const reason = new Error('enough');
    const ended = { name: 'Aborted', cause: reason };
    const first = open();
    if (moment === 'queued') {
      const second = open();
      second.abort(reason);
      await expect(second.response).rejects.toMatchObject(ended);
      server.release();
      await final(await first.response)[4].close();
      return;
    }
    await server.connections.until(({ requests }) => requests === 1);
    if (moment === 'sent') {
      first.abort(reason);
      await expect(first.response).rejects.toMatchObject(ended);
    } else {
      server.head.open();
      server.pieces[0]?.open();
      const [, , , , body] = final(await first.response);
      const reading = body.bytes();
      if (moment === 'over') {
        server.release();
        expect(Buffer.from(await reading).toString()).toBe('ab');
      }
      first.abort(reason);
      first.abort(new Error('again'));
      if (moment === 'answered') await expect(reading).rejects.toMatchObject(ended);
    }
    await server.connections.until(({ open: alive }) => alive === (moment === 'over' ? 1 : 0));
  });

  it('goes by the dispatch of who has one of his own', async () => {
    await using server = await startServer('slow');
    const asked: string[] = [];
    class Asking extends ConnectionPool {
      override dispatch(...request: Parameters<ConnectionPool['dispatch']>): ReturnType<ConnectionPool['dispatch']> {
        asked.push(request[0]);
        return super.dispatch(...request);
      }
    }
    await using pool = new Asking();
    const { response, abort } = pool.openRequest('GET', ['http', '127.0.0.1', server.port, '/'], [], null);
    await server.connections.until(({ requests }) => requests === 1);
    abort(new Error('enough'));
    await expect(response).rejects.toMatchObject({ name: 'Aborted' });
    expect(asked).toEqual(['GET']);
  });

  it('gives interim heads from the promise, each in the async context of who waits for it, and calls an observer where there is one', async () => {
    await using server = await startServer('informational');
    await using pool = new ConnectionPool({ maxConnectionsPerOrigin: 1 });
    const store = new AsyncLocalStorage<string>();
    const heads = async (): Promise<string[]> => {
      const seen: string[] = [];
      let answer = await pool.openRequest('GET', ['http', '127.0.0.1', server.port, '/'], [], null).response;
      while (answer[0] === null) {
        seen.push(`${answer[1]} ${store.getStore()}`);
        answer = await answer[4];
      }
      await answer[4].bytes();
      return [...seen, `${answer[1]} ${store.getStore()}`];
    };
    const [first, second] = await Promise.all([store.run('a', heads), store.run('b', heads)]);
    expect(first).toContain('103 a');
    expect(first.at(-1)).toBe('200 a');
    expect(second).toEqual(first.map((head) => head.replace('a', 'b')));
    const told: number[] = [];
    const observed = pool.openRequest('GET', ['http', '127.0.0.1', server.port, '/'], [], null, undefined, {
      onInformational: (status) => void told.push(status),
    });
    const [, status, , , body] = final(await observed.response);
    await body.close();
    expect([...told, status].map(String)).toEqual(first.map((head) => head.split(' ')[0]));
  });

  it('fails as a promise does, and can be ended all the same', async () => {
    const pool = new ConnectionPool();
    await pool.close();
    const { response, abort } = pool.openRequest('GET', ['http', 'a.example', null, '/'], [], null);
    abort(new Error('enough'));
    await expect(response).rejects.toBeInstanceOf(PoolClosed);
  });
});
