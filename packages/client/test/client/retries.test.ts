import { getEventListeners } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';

import { Aborted, ConnectError, ReadError, ReadTimeout } from '@x/httpcore';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  Client,
  Request,
  Retries,
  RetryOnStatus,
  TooManyRetries,
  type Interceptor,
  type Response,
  type RetryLimits,
} from '../../src/index.ts';
import { bodyText, scripted, type Script, type ScriptedAnswer } from '../scripted-dispatcher.ts';

const url = 'http://a.example/';
afterEach(() => {
  vi.restoreAllMocks();
});

const patient = new Retries(3, { limits: [new RetryOnStatus()], jitter: false });

/** Fails so often, then answers. */
function failing(times: number): Script {
  return (_, index) => {
    if (index < times) throw new ConnectError('down');
    return { body: 'up' };
  };
}

describe('a client with retries', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('sends again', async () => {
    const { client, dispatcher } = scripted({ retries: patient }, failing(2));
    const pending = client.post(url, { json: { a: 1 } });
    await vi.runAllTimersAsync();
    const response = await pending;
    expect(response.text()).toBe('up');
    expect(response.attempts.map(({ status, error }) => status ?? (error as Error).name)).toEqual(['ConnectError', 'ConnectError', 200]);
    expect(await Promise.all(dispatcher.requests.map(({ body }) => bodyText(body)))).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has none by default, and none where a call has none', async () => {
    const { client } = scripted({}, failing(1));
    await expect(client.get(url)).rejects.toThrow('down');
    const patientClient = scripted({ retries: patient }, failing(5));
    await expect(patientClient.client.get(url, { retries: null })).rejects.toThrow('down');
    await expect(patientClient.client.get(url, { retries: 0 })).rejects.toThrow('down');
    expect(patientClient.dispatcher.requests).toHaveLength(2);
  });

  it('has as many as a call says, and its extensions have', async () => {
    const { client, dispatcher } = scripted({}, failing(Infinity));
    const calls = Promise.allSettled([client.get(url, { retries: 1 }), client.extend({ retries: patient }).get(url)]);
    await vi.runAllTimersAsync();
    for (const call of await calls) expect(call).toMatchObject({ reason: { code: 'TOO_MANY_RETRIES' } });
    expect(dispatcher.requests).toHaveLength(2 + 4);
  });

  it('shares its budget with the clients that extend it', async () => {
    const { client, dispatcher } = scripted({ retries: new Retries(1000, { jitter: false, backoffFactor: 0 }) }, () => {
      throw new ReadError('gone', { requestSent: true });
    });
    const calls = Promise.allSettled([client.get(url), client.extend({}).get(url)]);
    await vi.runAllTimersAsync();
    for (const call of await calls) expect(call).toMatchObject({ reason: { code: 'RETRY_BUDGET_SPENT' } });
    // 100 for the window, and 0.2 for each of the two requests.
    expect(dispatcher.requests).toHaveLength(2 + 100);
  });

  it('sends only the hop again that failed', async () => {
    const { client, dispatcher } = scripted({ retries: patient }, ({ url: [, , , target] }, index) => {
      if (target === '/') return { status: 302, headers: [['location', '/b']] };
      return index === 1 ? { status: 503 } : { body: 'there' };
    });
    const pending = client.get(url);
    await vi.runAllTimersAsync();
    const response = await pending;
    expect(dispatcher.requests.map(({ url: [, , , target] }) => target)).toEqual(['/', '/b', '/b']);
    expect(response.history.map(({ status }) => status)).toEqual([302]);
    expect(response.attempts.map(({ status }) => status)).toEqual([302, 503, 200]);
  });

  it('has its outer interceptors see one call, and the inner ones each attempt', async () => {
    const seen: string[] = [];
    const note =
      (name: string): Interceptor =>
      (request, _, next) => {
        seen.push(name);
        return next(request);
      };
    const { client } = scripted({ retries: patient, interceptors: [note('outer')], networkInterceptors: [note('inner')] }, failing(1));
    const pending = client.get(url);
    await vi.runAllTimersAsync();
    await pending;
    expect(seen).toEqual(['outer', 'inner', 'inner']);
  });

  it('lets a stream be read after retries', async () => {
    const { client } = scripted({ retries: patient }, failing(1));
    const pending = client.stream('GET', url);
    await vi.runAllTimersAsync();
    await using response = await pending;
    expect(await response.text()).toBe('up');
  });

  it('decodes what a limit reads', async () => {
    const later: RetryLimits = {
      async *retryFlow(request) {
        const response = yield request;
        if ((await response.text()) === 'later') yield request;
      },
    };
    const { client } = scripted({ retries: new Retries(1, { limits: [later] }) }, (_, index) => ({
      headers: [['content-encoding', 'gzip']],
      body: gzipSync(index === 0 ? 'later' : 'now'),
    }));
    const pending = client.get(url);
    await vi.runAllTimersAsync();
    expect((await pending).text()).toBe('now');
  });

  describe('over a body that breaks off', () => {
    const broken = new ReadError('gone', { requestSent: true });
    /** So often in the middle of the body; then all of it. */
    const breaking =
      (times: number, error: Error = broken): Script =>
      (_, index) =>
        index < times ? { body: 'u', bodyError: error } : { body: 'up', trailers: [['x-sum', '1']] };

    const elsewhere = new ConnectError('elsewhere');
    function* failingFlow(): Generator<Request, void> {
      yield new Request('GET', url);
      throw elsewhere;
    }

    async function run(call: Promise<Response>): Promise<Response> {
      const settled = call.then(
        (response) => () => response,
        (error: unknown) => () => {
          throw error;
        },
      );
      await vi.runAllTimersAsync();
      return (await settled)();
    }

    it('sends again what is read whole', async () => {
      const { client, dispatcher } = scripted({ retries: patient.with({ backoffFactor: 30_000 }) }, breaking(2));
      const response = await run(client.get(url));
      expect(response.text()).toBe('up');
      expect(response.trailers.get('x-sum')).toBe('1');
      expect(dispatcher.requests).toHaveLength(3);
      expect(response.attempts.map(({ status, error }) => [status, error])).toEqual([
        [200, broken],
        [200, broken],
        [200, undefined],
      ]);
      // The wait belongs to neither.
      expect(response.attempts[0]!.timings.total).toBeLessThan(30_000);
      expect(dispatcher.bodies.map(({ state }) => state)).toEqual(['closed', 'closed', 'read']);
    });

    it('as often as it may', async () => {
      const { client } = scripted({ retries: new Retries(1) }, breaking(Infinity));
      const error = (await run(client.get(url)).catch((error: unknown) => error)) as TooManyRetries;
      expect(error).toMatchObject({ code: 'TOO_MANY_RETRIES', cause: broken });
      expect(error.attempts.map(({ error }) => error)).toEqual([broken, broken]);
    });

    it('leaves it to whoever reads a stream', async () => {
      const { client, dispatcher } = scripted({ retries: patient }, breaking(1));
      await using response = await client.stream('GET', url);
      await expect(response.text()).rejects.toBe(broken);
      expect(dispatcher.requests).toHaveLength(1);
    });

    it('sends again only what does no harm', async () => {
      const { client, dispatcher } = scripted({ retries: patient }, breaking(1));
      await expect(run(client.post(url))).rejects.toBe(broken);
      expect(dispatcher.requests).toHaveLength(1);
      const keyed = scripted({ retries: patient }, breaking(1));
      expect((await run(keyed.client.post(url, { headers: { 'idempotency-key': 'k' } }))).text()).toBe('up');
    });

    it.each<[string, Error]>([
      ['a limit in time', new ReadTimeout('silent', { requestSent: true })],
      ['an abort', new Aborted('enough')],
      ['what an interceptor throws', new TypeError('mine')],
    ])('does not take %s for a broken connection', async (_, error) => {
      const { client, dispatcher } = scripted({ retries: patient }, breaking(1, error));
      await expect(run(client.get(url))).rejects.toBe(error);
      expect(dispatcher.requests).toHaveLength(1);
    });

    it('has its limits see the failure', async () => {
      const silent = new ReadTimeout('silent', { requestSent: true });
      const seen: unknown[] = [];
      const onSilence: RetryLimits = {
        *retryFlow(request) {
          for (;;) {
            try {
              yield request;
              return;
            } catch (error) {
              seen.push(error);
            }
          }
        },
      };
      const { client } = scripted({ retries: new Retries(1, { limits: [onSilence] }) }, breaking(1, silent));
      expect((await run(client.get(url))).text()).toBe('up');
      expect(seen).toEqual([silent]);
    });

    it('has it for a failure, too, when a limit comes upon it first', async () => {
      const asking: RetryLimits = {
        async *retryFlow(request) {
          for (;;) {
            const response = yield request;
            if ((await response.text()) !== 'later') return;
          }
        },
      };
      const retries = new Retries(2, { limits: [asking], jitter: false });
      const { client, dispatcher } = scripted({ retries }, (request, index) =>
        index === 1 ? { body: 'later' } : breaking(1)(request, index),
      );
      const response = await run(client.get(url));
      expect(response.text()).toBe('up');
      expect(response.attempts.map(({ error }) => error)).toEqual([broken, undefined, undefined]);
      expect(dispatcher.requests).toHaveLength(3);
      const own = scripted({ retries: new Retries(2, { limits: [{ retryFlow: () => failingFlow() }] }) }, breaking(0));
      await expect(run(own.client.get(url))).rejects.toBe(elsewhere);
      expect(own.dispatcher.requests).toHaveLength(1);
    });

    it('does not send again what is corrupt or too large, unless for its status', async () => {
      const corrupt: ScriptedAnswer = { headers: [['content-encoding', 'gzip']], body: 'no gzip' };
      const first = scripted({ retries: patient }, () => corrupt);
      await expect(run(first.client.get(url))).rejects.toMatchObject({ code: 'CORRUPT_CODING' });
      expect(first.dispatcher.requests).toHaveLength(1);
      const large = scripted({ retries: patient, maxResponseBytes: 1 }, breaking(0));
      await expect(run(large.client.get(url))).rejects.toMatchObject({ code: 'RESPONSE_TOO_LARGE' });
      expect(large.dispatcher.requests).toHaveLength(1);
      const busy = scripted({ retries: patient }, (_, index) => (index === 0 ? { ...corrupt, status: 503 } : { body: 'up' }));
      expect((await run(busy.client.get(url))).text()).toBe('up');
    });

    it('does not read what only leads on', async () => {
      const { client, dispatcher } = scripted({ retries: patient }, ({ url: [, , , target] }, index) =>
        target === '/' ? { status: 302, headers: [['location', '/b']], bodyError: broken } : breaking(2)(dispatcher.last, index),
      );
      const response = await run(client.get(url));
      expect(response.text()).toBe('up');
      expect(response.attempts.map(({ status, error }) => [status, error])).toEqual([
        [302, undefined],
        [200, broken],
        [200, undefined],
      ]);
      const reader = scripted({ retries: patient, followRedirects: false }, (_, index) => ({
        status: 302,
        headers: [['location', '/b']],
        ...(index === 0 ? { bodyError: broken } : {}),
      }));
      expect((await run(reader.client.get(url))).nextRequest?.url).toBe(`${url}b`);
      expect(reader.dispatcher.requests).toHaveLength(2);
    });

    it('lets outer interceptors have the body in every way', async () => {
      const doubled: Interceptor = async (request, _, next) => {
        const response = await next(request);
        const { body } = response;
        return response.with({
          body: (async function* () {
            for await (const chunk of body) yield* [chunk, chunk];
          })(),
        });
      };
      const { client } = scripted({ retries: patient, interceptors: [doubled] }, breaking(1));
      expect((await run(client.get(url))).text()).toBe('upup');
    });
  });

  describe('that waits', () => {
    it('stops when its signal aborts, and leaves no timer and no listener behind', async () => {
      const controller = new AbortController();
      const { client } = scripted({ retries: patient }, failing(Infinity));
      const pending = client.get(url, { signal: controller.signal });
      await vi.advanceTimersByTimeAsync(100);
      expect(vi.getTimerCount()).toBe(1);
      const reason = new Error('enough');
      controller.abort(reason);
      await expect(pending).rejects.toMatchObject({ code: 'ABORTED', cause: reason });
      expect(vi.getTimerCount()).toBe(0);
      expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    });

    it('stops when it, or a client that it extends, is destroyed', async () => {
      const { client } = scripted({ retries: patient }, failing(Infinity));
      const own = client.extend({});
      const calls = Promise.allSettled([client.get(url), own.get(url)]);
      await vi.advanceTimersByTimeAsync(100);
      await client.destroy();
      for (const call of await calls) expect(call).toMatchObject({ reason: { code: 'ABORTED', cause: { code: 'CLIENT_CLOSED' } } });
      expect(vi.getTimerCount()).toBe(0);
    });

    it('is waited for when it is closed', async () => {
      const { client } = scripted({ retries: patient }, failing(1));
      const pending = client.get(url);
      await vi.advanceTimersByTimeAsync(100);
      const closing = client.close();
      await vi.runAllTimersAsync();
      expect((await pending).text()).toBe('up');
      await closing;
    });
  });

  it('fails with everything that it has tried', async () => {
    const { client, dispatcher } = scripted({ retries: patient }, () => ({ status: 503, headers: [['x-reason', 'busy']], body: 'busy' }));
    const settled = client.get(url).catch((error: unknown) => error);
    await vi.runAllTimersAsync();
    const error = (await settled) as TooManyRetries;
    expect(error).toBeInstanceOf(TooManyRetries);
    expect(error.attempts.map(({ status }) => status)).toEqual([503, 503, 503, 503]);
    expect(error.attempts.every(({ timings }) => timings.total >= 0)).toBe(true);
    expect(error.response?.headers.get('x-reason')).toBe('busy');
    expect(await error.response?.text()).toBe('busy');
    expect(dispatcher.bodies.map(({ state }) => state)).toEqual(['closed', 'closed', 'closed', 'read']);
  });
});

describe('ten thousand calls that wait to be sent again', () => {
  it('cost a timer each, no connection, and nothing once they are over', async () => {
    const count = 10_000;
    const delay = 600_000;
    const set = vi.spyOn(globalThis, 'setTimeout');
    const cleared = vi.spyOn(globalThis, 'clearTimeout');
    const timers = (): unknown[] =>
      set.mock.results.filter((_, index) => set.mock.calls[index]![1] === delay).map(({ value }) => value as unknown);
    const retries = new Retries(1, { limits: [new RetryOnStatus()], backoffFactor: delay, maxDelay: delay, jitter: false, budget: false });
    const { client, dispatcher } = scripted({ retries }, () => ({ status: 503, body: 'x' }));
    const calls = Promise.allSettled(Array.from({ length: count }, () => client.get(url)));
    while (timers().length < count) await setImmediate();
    expect(dispatcher.requests).toHaveLength(count);
    expect(dispatcher.bodies.filter(({ state }) => state === 'closed')).toHaveLength(count);
    await client.destroy();
    expect((await calls).filter(({ status }) => status === 'rejected')).toHaveLength(count);
    const gone = new Set<unknown>(cleared.mock.calls.map(([timer]) => timer));
    expect(timers()).toHaveLength(count);
    expect(timers().every((timer) => gone.has(timer))).toBe(true);
  });

  it('are small while they wait, and all over at once when their signal aborts', async () => {
    const count = 10_000;
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const active = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const heap = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const retries = new Retries(1, { backoffFactor: 600_000, maxDelay: 600_000, jitter: false, budget: false });
    const client = new Client({
      retries,
      dispatcher: {
        dispatch: () => Promise.reject(new ConnectError('down')),
        close: () => Promise.resolve(),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      },
    });
    const controller = new AbortController();
    const [timersBefore, heapBefore] = [active(), heap()];
    const calls = Promise.allSettled(Array.from({ length: count }, () => client.get(url, { signal: controller.signal })));
    // Those before are of the test's surroundings, and may have gone.
    while (active() < count) await setImmediate();
    expect(active()).toBeLessThanOrEqual(timersBefore + count);
    expect((heap() - heapBefore) / count).toBeLessThan(16 * 1024);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(1);
    controller.abort(new Error('enough'));
    expect(active()).toBeLessThanOrEqual(timersBefore);
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
    const outcomes = await calls;
    expect(outcomes.filter((call) => call.status === 'rejected' && call.reason instanceof Aborted)).toHaveLength(count);
  });
});
