/** A call ends when its time is over, and a client when it is closed, whoever does not come back. */
import { getEventListeners } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Aborted, ConnectError, DeadlineExceeded, mockDispatcher } from '@x/httpcore';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { DroppedResponses } from '../../src/call/dropped-responses.ts';
import {
  BearerAuth,
  Client,
  ClientClosed,
  Retries,
  StreamResponse,
  type AsyncAuthFlow,
  type CallOptions,
  type Interceptor,
  type Request,
  type RetryLimits,
} from '../../src/index.ts';
import { scripted, type ScriptedDispatcher } from '../scripted-dispatcher.ts';

const url = 'http://a.example/';
const never = new Promise<never>(() => {});
afterEach(() => {
  vi.restoreAllMocks();
});

const before: Interceptor = () => never;
const after: Interceptor = async (request, _, next) => {
  await next(request);
  return never;
};
const stubborn: Interceptor = async (request, _, next) => next(request).catch(() => never);
const body: Interceptor = (request) => {
  const chunks = (async function* () {
    yield await never;
  })();
  return Promise.resolve(StreamResponse.of(request, { body: chunks }));
};
const silent: RetryLimits = {
  async *retryFlow(request: Request) {
    yield request;
    await never;
  },
};
const flow = async function* (request: Request): AsyncAuthFlow {
  yield request;
  await never;
};

const stuck: [string, () => { client: Client; dispatcher: ScriptedDispatcher }, CallOptions?][] = [
  ['an interceptor that never begins', () => scripted({ interceptors: [before] })],
  ['an interceptor that never comes back', () => scripted({ interceptors: [after] })],
  ['a network interceptor', () => scripted({ networkInterceptors: [after] })],
  ['an interceptor over a failure', () => scripted({ interceptors: [stubborn] }, () => Promise.reject(new ConnectError('down')))],
  ['a body of an interceptor', () => scripted({ interceptors: [body] })],
  ['a token supplier', () => scripted({ auth: new BearerAuth(() => never) })],
  ['an authentication flow', () => scripted({ auth: flow })],
  ['an authentication flow of the call', () => scripted(), { auth: flow }],
  ['a retry flow', () => scripted({ retries: new Retries(1, { limits: [silent] }) })],
];

describe.each(stuck)('a call that is stuck in %s', (_, make, options = {}) => {
  it('ends with its signal', async () => {
    const { client } = make();
    const controller = new AbortController();
    const call = client.get(url, { ...options, signal: controller.signal }).catch((error: unknown) => error);
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort('enough');
    expect(await call).toMatchObject({ name: 'Aborted', cause: 'enough' });
    expect(await client.get(url, { ...options, signal: controller.signal }).catch((error: unknown) => error)).toBeInstanceOf(Aborted);
  });

  it('ends at its deadline', async () => {
    const { client } = make();
    const error = (await client.get(url, { ...options, timeout: 20 }).catch((thrown: unknown) => thrown)) as Error;
    expect(error).toBeInstanceOf(DeadlineExceeded);
    expect(error.message).toMatch(/GET http:\/\/a\.example\/.*of 20 ms/);
  });

  it('ends when the client is destroyed, or is closed and its grace is over', async () => {
    for (const end of [(client: Client) => client.destroy(), (client: Client) => client.close({ grace: 5 })]) {
      const { client } = make();
      const call = client.get(url, options).catch((error: unknown) => error);
      const extended = client
        .extend({})
        .get(url, options)
        .catch((error: unknown) => error);
      await new Promise((resolve) => setImmediate(resolve));
      await end(client);
      for (const error of [await call, await extended]) {
        expect(error).toBeInstanceOf(Aborted);
        expect((error as Error).cause).toBeInstanceOf(ClientClosed);
      }
    }
  });
});

describe('a call that has ended', () => {
  it('closes what comes late, and listens no more', async () => {
    let come: ((response: StreamResponse) => void) | undefined;
    const late: Interceptor = () => new Promise((resolve) => (come = resolve));
    const { client } = scripted({ interceptors: [late] });
    const controller = new AbortController();
    const call = client.stream('GET', url, { signal: controller.signal, timeout: 60_000 });
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(Aborted);
    const response = StreamResponse.of(client.buildRequest('GET', url), { body: 'late' });
    come!(response);
    await new Promise((resolve) => setImmediate(resolve));
    await expect(response.text()).rejects.toMatchObject({ code: 'BODY_CONSUMED' });
    expect(getEventListeners(controller.signal, 'abort')).toHaveLength(0);
  });

  it('says what its dispatcher says, where that knows more', async () => {
    const { client } = scripted({ interceptors: [(request, _, next) => next(request)] }, ({ context }) => {
      return new Promise((_, reject) => {
        context.signal!.addEventListener('abort', () => reject(new Aborted('by the dispatcher', { phase: 'response-head' })));
      });
    });
    const controller = new AbortController();
    const call = client.get(url, { signal: controller.signal });
    await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await expect(call).rejects.toMatchObject({ phase: 'response-head' });
  });
});

describe('a client that is left', () => {
  const dripping = (): AsyncGenerator<Uint8Array> =>
    (async function* () {
      yield Buffer.from('first');
      await never;
    })();
  const open = (): Client => new Client({ dispatcher: mockDispatcher(() => ({ status: 200, body: dripping() })) });

  it('ends what nobody reads, and lets the error out that was thrown', async () => {
    const mistake = new Error('mine');
    for (const leave of ['unread', 'left', 'web stream', 'node stream']) {
      const run = async (): Promise<void> => {
        await using client = open();
        const response = await client.stream('GET', url);
        if (leave === 'web stream') response.toWebStream();
        if (leave === 'node stream') response.toNodeStream();
        if (leave === 'left') for await (const chunk of response) if (chunk.length > 0) throw mistake;
        throw mistake;
      };
      await expect(run(), leave).rejects.toBe(mistake);
    }
  });

  it('waits for what is read, as long as its grace', async () => {
    const client = open();
    const chunks = (await client.stream('GET', url))[Symbol.asyncIterator]();
    expect(Buffer.from((await chunks.next()).value as Uint8Array).toString()).toBe('first');
    const unread = await client.extend({}).stream('GET', url);
    const closed = client[Symbol.asyncDispose]();
    expect(client.state).toBe('closing');
    await expect(unread.text()).rejects.toBeDefined();
    await client.close({ grace: 1 });
    await closed;
    expect(client.state).toBe('closed');
  });

  it('takes the shortest grace, and none that is no number', async () => {
    const client = open();
    await client.stream('GET', url);
    const closing = client.close({ grace: 60_000 });
    void client.close({ grace: Infinity });
    expect(client.close({ grace: 5 })).toBe(closing);
    await closing;
    for (const grace of [-1, 'soon', NaN]) expect(() => client.close({ grace: grace as number })).toThrow(/close\.grace/);
  });
});

describe('a response that is dropped', () => {
  it('is closed by the collector, with a warning that names its call', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    // Those that other tests have dropped in this process are collected as well, and count.
    const [own, { onDropped }] = [DroppedResponses.ofProcess(), DroppedResponses.prototype];
    const counted = vi.spyOn(DroppedResponses.prototype, 'onDropped').mockImplementation((shown) => {
      if (shown().includes('a.example/dropped')) onDropped.call(own, shown);
    });
    const { client, dispatcher } = scripted({}, () => ({ body: 'some' }));
    const drop = async (): Promise<void> => {
      await client.stream('GET', 'http://u:s3cret@a.example/dropped?token=s3cret');
    };
    await drop();
    const kept = await client.stream('GET', 'http://a.example/kept');
    await expect
      .poll(() => {
        collect();
        return dispatcher.bodies[0]!.state;
      })
      .toBe('closed');
    const mine = warned.mock.calls.filter(([text]) => String(text).includes('a.example/dropped'));
    expect(mine).toEqual([
      [
        expect.stringMatching(/GET http:\/\/a\.example\/dropped\?token=\[redacted\] was dropped/),
        { type: 'UnreadResponseWarning', code: 'UNREAD_RESPONSE' },
      ],
    ]);
    expect(dispatcher.bodies[1]!.state).not.toBe('closed');
    counted.mockRestore();
    await kept.close();
    await client.close();
  });
});
