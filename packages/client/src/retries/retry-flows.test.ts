import { describe, expect, it } from 'vitest';

import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import { RetryFlows } from './retry-flows.ts';
import type { RetryLimits } from './retry-limits.ts';

const request = new Request('GET', 'http://a.example/');
const answer = (status: number): StreamResponse => StreamResponse.of(request, { status });

/** Wants another try for these statuses and errors, and notes what becomes of its flow. */
function limit(name: string, notes: string[], statuses: readonly number[], errors: readonly string[] = []): RetryLimits {
  return {
    *retryFlow(given) {
      notes.push(`${name} begins`);
      try {
        for (;;) {
          try {
            const response = yield given;
            if (!statuses.includes(response.status)) return;
          } catch (error) {
            if (!errors.includes((error as Error).message)) throw error;
          }
          notes.push(`${name} again`);
        }
      } finally {
        notes.push(`${name} ends`);
      }
    },
  };
}

describe('a run of retry flows', () => {
  it('asks one after the other, and begins anew those that have ended', async () => {
    const notes: string[] = [];
    const run = new RetryFlows([limit('a', notes, [503]), limit('b', notes, [429], ['down'])]);
    expect(await run.begin(request)).toBe(request);
    expect(await run.afterResponse(answer(429))).toBe(request);
    await run.begin(request);
    expect(await run.afterError(new Error('down'))).toBe(request);
    await run.begin(request);
    expect(await run.afterResponse(answer(503))).toBe(request);
    await run.begin(request);
    expect(await run.afterResponse(answer(200))).toBeUndefined();
    expect(notes.join(', ')).toBe('a begins, b begins, a ends, b again, a begins, a ends, b again, a begins, a again, a ends, b ends');
  });

  it('ends those that were not asked', async () => {
    const notes: string[] = [];
    const run = new RetryFlows([limit('a', notes, [503]), limit('b', notes, [])]);
    await run.begin(request);
    await run.afterResponse(answer(503));
    await run.end();
    await run.end();
    expect(notes).toEqual(['a begins', 'b begins', 'a again', 'a ends', 'b ends']);
  });

  it('lets a flow change the request, at first and later', async () => {
    const run = new RetryFlows([
      {
        *retryFlow(given) {
          for (let attempt = 1; ; attempt++) yield given.with({ headers: { attempt } });
        },
      },
    ]);
    expect((await run.begin(request)).headers.get('attempt')).toBe('1');
    expect((await run.afterResponse(answer(200)))?.headers.get('attempt')).toBe('2');
  });

  it('lets an async flow read the response', async () => {
    const run = new RetryFlows([
      {
        async *retryFlow(given) {
          const response = yield given;
          if ((await response.text()) === 'later') yield given;
        },
      },
    ]);
    await run.begin(request);
    expect(await run.afterResponse(StreamResponse.of(request, { body: 'later' }))).toBe(request);
    await run.begin(request);
    expect(await run.afterResponse(StreamResponse.of(request, { body: 'now' }))).toBeUndefined();
  });

  it('fails with an error of a flow itself, not with the one that was thrown into it', async () => {
    const own = new RetryFlows([
      {
        *retryFlow(given) {
          try {
            yield given;
          } catch (cause) {
            throw new Error('mine', { cause });
          }
        },
      },
    ]);
    await own.begin(request);
    await expect(own.afterError(new Error('theirs'))).rejects.toThrow('mine');

    const swallowing = new RetryFlows([
      {
        *retryFlow(given) {
          try {
            yield given;
          } catch {
            // Has nothing to say.
          }
        },
      },
    ]);
    await swallowing.begin(request);
    expect(await swallowing.afterError(new Error('theirs'))).toBeUndefined();
  });

  it('takes a flow that yields nothing for one that wants nothing, and refuses one that yields no request', async () => {
    const silent = new RetryFlows([{ *retryFlow() {} }]);
    expect(await silent.begin(request)).toBe(request);
    expect(await silent.afterResponse(answer(503))).toBeUndefined();
    const confused = new RetryFlows([
      {
        *retryFlow() {
          yield 'again' as unknown as Request;
        },
      },
    ]);
    await expect(confused.begin(request)).rejects.toMatchObject({ code: 'INVALID_RETRY_FLOW' });
  });
});
