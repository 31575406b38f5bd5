import { describe, expect, it } from 'vitest';

import { HTTPStatusError } from '../../src/response/any-response.ts';
import { StreamResponse } from '../../src/response/stream-response.ts';
import { type Interceptor } from '../../src/call/interceptor.ts';
import { scripted, type DispatchedRequest, type ScriptedAnswer } from '../scripted-dispatcher.ts';

describe('interceptors', () => {
  it('stand around the transport, the network ones next to it', async () => {
    const seen: string[] = [];
    const note =
      (name: string): Interceptor =>
      async (request, _, next) => {
        seen.push(name);
        return next(request);
      };
    const { client } = scripted({ interceptors: [note('a'), note('b')], networkInterceptors: [note('n')] });
    await client.extend({ interceptors: [note('c')], networkInterceptors: [note('m')] }).get('http://a.example/');
    expect(seen).toEqual(['a', 'b', 'c', 'n', 'm']);
    seen.length = 0;
    await client.extend({ interceptors: null }).get('http://a.example/');
    expect(seen).toEqual(['n']);
  });

  it('may read a response that is then read again', async () => {
    const peek: Interceptor = async (request, _, next) => {
      const response = await next(request);
      expect(await response.text()).toBe('body');
      return response.with({ headers: { 'x-seen': '1' } });
    };
    const { client } = scripted({ interceptors: [peek] }, () => ({ body: 'body' }));
    const response = await client.get('http://a.example/');
    expect(response.text()).toBe('body');
    expect(response.headers.get('x-seen')).toBe('1');
    await using streamed = await client.stream('GET', 'http://a.example/');
    expect(await streamed.text()).toBe('body');
  });

  it('may send again: each attempt is told, and what was not returned is closed', async () => {
    const again: Interceptor = async (request, _, next) => {
      const first = await next(request);
      return first.status === 503 ? next(request.with({ headers: { attempt: 2 } })) : first;
    };
    const { client, dispatcher } = scripted({ interceptors: [again] }, (_, index) => ({ status: index === 0 ? 503 : 200, body: 'x' }));
    const response = await client.get('http://a.example/');
    expect(response.attempts.map(({ status }) => status)).toEqual([503, 200]);
    expect(response.request.headers.get('attempt')).toBe('2');
    expect(dispatcher.bodies.map(({ state }) => state)).toEqual(['closed', 'read']);
  });

  it('may send two at once, and end one of them alone', async () => {
    const endedBy: unknown[] = [];
    const raced: Interceptor = async (request, _, next) => {
      const loser = new AbortController();
      const first = next(request.with({ headers: { n: 1 } }), { signal: loser.signal }).catch((error: unknown) => error);
      const second = await next(request.with({ headers: { n: 2 } }), { signal: new AbortController().signal });
      loser.abort('too late');
      endedBy.push(await first);
      return second;
    };
    const { client, dispatcher } = scripted({ networkInterceptors: [raced], timeout: { total: 10_000 } }, ({ context }, index) =>
      index > 0
        ? { body: 'second' }
        : new Promise((_, reject) => context.signal!.addEventListener('abort', () => reject(new Error(String(context.signal!.reason))))),
    );
    const response = await client.get('http://a.example/');
    expect(response.text()).toBe('second');
    expect(endedBy).toEqual([new Error('too late')]);
    expect(response.attempts.map(({ status, error }) => [status, error])).toEqual([
      [undefined, new Error('too late')],
      [200, undefined],
    ]);
    const [first, second] = dispatcher.requests.map(({ context }) => context);
    expect(first!.deadline).toBe(second!.deadline);
    expect(second!.signal!.aborted).toBe(false);
  });

  it('that send with a signal leave the call to be ended by its own', async () => {
    const own: Interceptor = (request, _, next) => next(request, { signal: new AbortController().signal });
    const hanging = ({ context }: DispatchedRequest): Promise<ScriptedAnswer> =>
      new Promise((_, reject) => context.signal!.addEventListener('abort', () => reject(context.signal!.reason as Error)));
    const { client } = scripted({ networkInterceptors: [own] }, hanging);
    const caller = new AbortController();
    const call = client.get('http://a.example/', { signal: caller.signal });
    caller.abort(new Error('enough'));
    await expect(call).rejects.toThrow();
  });

  it('that throw after a response leave no connection taken', async () => {
    const strict: Interceptor = async (request, _, next) => (await next(request)).raiseForStatus();
    const { client, dispatcher } = scripted({ interceptors: [strict] }, () => ({ status: 404, body: 'x' }));
    await expect(client.get('http://a.example/')).rejects.toBeInstanceOf(HTTPStatusError);
    await expect(client.stream('GET', 'http://a.example/')).rejects.toBeInstanceOf(HTTPStatusError);
    // What the server said is in the error, and so it was read to its end.
    expect(dispatcher.bodies.map(({ state }) => state)).toEqual(['read', 'read']);
  });

  it('may answer by themselves', async () => {
    const answer: Interceptor = async (request) => StreamResponse.of(request, { status: 203, headers: { etag: '"1"' }, body: 'cached' });
    const { client, dispatcher } = scripted({ interceptors: [answer] });
    const response = await client.get('http://a.example/');
    expect(response.text()).toBe('cached');
    expect(response.status).toBe(203);
    expect(response.timings.total).toBe(0);
    expect(dispatcher.requests).toHaveLength(0);
  });
});
