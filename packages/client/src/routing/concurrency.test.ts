import { Aborted, DeadlineExceeded, PoolTimeout, type DispatchContext, type UrlParts } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { ScriptedDispatcher } from '../../test/scripted-dispatcher.ts';
import { ConcurrencyLimit } from './concurrency.ts';

const at = (host: string): UrlParts => ['http', host, null, '/'];
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function limited(
  all: number,
  perOrigin: number,
): {
  readonly dispatcher: ScriptedDispatcher;
  readonly send: (host: string, context?: DispatchContext, pool?: number) => ReturnType<ConcurrencyLimit['dispatch']>;
  readonly limit: ConcurrencyLimit;
} {
  const dispatcher = new ScriptedDispatcher(({ url }) => {
    if (url[1] === 'broken') throw new Error('broken');
    return { body: 'x' };
  });
  const limit = new ConcurrencyLimit(dispatcher, { all, perOrigin });
  return {
    dispatcher,
    limit,
    send: (host, context, pool) => limit.dispatch('GET', at(host), [], null, [null, null, null, pool ?? null], context),
  };
}

describe('a limit on requests that run at once', () => {
  it('holds until a response has been read, closed, or left', async () => {
    const { dispatcher, send } = limited(Infinity, 1);
    const hosts = (): string[] => dispatcher.requests.map(({ url }) => url[1]);
    const [first, second, third, other] = [send('a'), send('a'), send('a'), send('b')];
    await other;
    expect(hosts()).toEqual(['a', 'b']);
    await (await first)[4].bytes();
    await turn();
    expect(hosts()).toEqual(['a', 'b', 'a']);
    await (await second)[4].close();
    await (await second)[4].close();
    for await (const chunk of (await third)[4]) if (chunk.length > 0) break;
    await (await send('a'))[4].close();
    expect(hosts()).toEqual(['a', 'b', 'a', 'a', 'a']);
  });

  it('serves in order, past those whose origin is full', async () => {
    const { dispatcher, send } = limited(2, 1);
    const [a1, b1] = [await send('a'), await send('b')];
    const waiting = [send('a'), send('c'), send('b')];
    await b1[4].close();
    await turn();
    await a1[4].close();
    await turn();
    expect(dispatcher.requests.map(({ url }) => url[1])).toEqual(['a', 'b', 'c', 'a']);
    await (await waiting[1]!)[4].close();
    await (await waiting[2]!)[4].close();
    await (await waiting[0]!)[4].close();
  });

  it('is given back by what fails', async () => {
    const { send } = limited(1, Infinity);
    await expect(send('broken')).rejects.toThrow('broken');
    await Promise.allSettled([send('broken'), send('broken')]);
    expect((await send('a'))[1]).toBe(200);
  });

  it('is waited for no longer than the call may take, and takes nothing then', async () => {
    const { dispatcher, send, limit } = limited(1, Infinity);
    const first = await send('a');
    const controller = new AbortController();
    const aborted = send('a', { signal: controller.signal });
    const late = send('a', { deadline: performance.now() + 5 });
    const impatient = send('a', {}, 5);
    controller.abort('enough');
    await expect(aborted).rejects.toBeInstanceOf(Aborted);
    await expect(late).rejects.toBeInstanceOf(DeadlineExceeded);
    await expect(impatient).rejects.toBeInstanceOf(PoolTimeout);
    await expect(impatient).rejects.toMatchObject({ message: expect.stringContaining('maxConcurrency') as string, requestSent: false });
    // Aborted in the turn in which it is served.
    const both = new AbortController();
    const served = send('a', { signal: both.signal });
    void first[4].close();
    both.abort();
    await Promise.allSettled([served]);
    await (await send('a'))[4].close();
    const last = await send('a');
    const refused = send('a');
    limit.refuse(new Aborted('closed'));
    await expect(refused).rejects.toThrow('closed');
    await last[4].close();
    expect(dispatcher.requests.length).toBeGreaterThanOrEqual(3);
  });

  it('serves ten thousand who wait in order', async () => {
    const { dispatcher, send } = limited(10, 5);
    await Promise.all(Array.from({ length: 10_000 }, async (_, index) => (await send(`h${index % 7}`))[4].bytes()));
    expect(dispatcher.requests).toHaveLength(10_000);
  });
});
