import { describe, expect, test, vi } from 'vitest';

import type { DispatchResponse, DuplexBody } from '../contract/dispatcher.ts';
import type { HeaderPair } from '../contract/values.ts';
import { ConnectError, LocalProtocolError, ReadError, ReadTimeout, RemoteProtocolError } from '../contract/errors.ts';
import type { TraceObserver } from '../contract/trace.ts';
import type { ApplicationAnswer, ApplicationRequest } from './application.ts';
import { mockDispatcher } from './mock.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = async ([, , , , body]: DispatchResponse): Promise<string> => new TextDecoder().decode(await body.bytes());

describe('the request', () => {
  test('is what was given to dispatch, with nothing added', async () => {
    let seen: ApplicationRequest | undefined;
    await using dispatcher = mockDispatcher((request) => {
      seen = request;
      return { status: 200 };
    });
    const context = { servername: 'other.example' };
    await dispatcher.dispatch(
      'POST',
      ['https', 'EXAMPLE.com', 443, '/a?b'],
      [['X-One', '1']],
      [bytesOf('body')],
      [1_000, 2_000, 3_000, null],
      context,
    );
    expect(seen).toMatchObject({
      method: 'POST',
      url: ['https', 'example.com', null, '/a?b'],
      headers: [['X-One', '1']],
      timeouts: [1_000, 2_000, 3_000, null],
      context,
    });
  });

  test('tells a port that is not the default, and IPv6 without brackets', async () => {
    const seen: unknown[] = [];
    await using dispatcher = mockDispatcher(({ url }) => {
      seen.push(url);
      return { status: 200 };
    });
    await dispatcher.dispatch('GET', ['http', '[::1]', 443, '/'], [], null);
    await dispatcher.dispatch('GET', ['https', '::1', 8443, '/'], [], null);
    expect(seen).toEqual([
      ['http', '::1', 443, '/'],
      ['https', '::1', 8443, '/'],
    ]);
  });

  test('has the default limits, or those of the dispatcher', async () => {
    const seen: unknown[] = [];
    const application = ({ timeouts }: ApplicationRequest): ApplicationAnswer => {
      seen.push(timeouts);
      return { status: 200 };
    };
    await mockDispatcher(application).dispatch('GET', ['http', 'a', null, '/'], [], null);
    await mockDispatcher(application, { timeouts: [1, 2, 3, 4] }).dispatch('GET', ['http', 'a', null, '/'], [], null);
    expect(seen).toEqual([
      [10_000, 120_000, 60_000, 30_000],
      [1, 2, 3, 4],
    ]);
    expect(() => mockDispatcher(application, { timeouts: [1] as never })).toThrow(LocalProtocolError);
  });

  test('has a body that is read once, as bytes, text or chunks', async () => {
    const errors: unknown[] = [];
    await using dispatcher = mockDispatcher(async ({ body, url }) => {
      expect(body.trailers).toBeUndefined();
      let text = '';
      if (url[3] === '/text') text = await body.text();
      else for await (const chunk of body) text += new TextDecoder().decode(chunk);
      await body.bytes().catch((error: unknown) => errors.push(error));
      return { status: 200, body: `${text} ${JSON.stringify(body.trailers)}` };
    });
    for (const target of ['/text', '/chunks']) {
      const answer = await dispatcher.dispatch('PUT', ['http', 'a', null, target], [], [bytesOf('a'), bytesOf('b')], undefined, {
        trailers: [['x', 'y']],
      });
      expect(await textOf(answer)).toBe('ab [["x","y"]]');
    }
    expect(errors).toEqual([
      expect.objectContaining({ code: 'BODY_ALREADY_READ' }),
      expect.objectContaining({ code: 'BODY_ALREADY_READ' }),
    ]);
  });

  test('has a body of which the rest can be left', async () => {
    let returned = 0;
    await using dispatcher = mockDispatcher(async ({ body }) => {
      for await (const chunk of body) return { status: 200, body: chunk };
      return { status: 500 };
    });
    const endless = (async function* () {
      try {
        for (;;) yield bytesOf('x');
      } finally {
        returned += 1;
      }
    })();
    expect(await textOf(await dispatcher.dispatch('PUT', ['http', 'a', null, '/'], [], endless))).toBe('x');
    expect(returned).toBe(1);
  });

  test('keeps its bytes when the caller fills the same memory again', async () => {
    await using dispatcher = mockDispatcher(async ({ body }) => ({ status: 200, body: await body.bytes() }));
    const memory = new Uint8Array(1);
    const again = (function* () {
      for (const value of [1, 2, 3]) {
        memory[0] = value;
        yield memory;
      }
    })();
    const [, , , , body] = await dispatcher.dispatch('PUT', ['http', 'a', null, '/'], [], again);
    expect([...(await body.bytes())]).toEqual([1, 2, 3]);
  });

  test('has a signal whose reason is the error that the caller gets', async () => {
    let reason: unknown;
    await using dispatcher = mockDispatcher(
      ({ signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            reason = signal.reason;
            resolve({ status: 200 });
          });
        }),
    );
    const sending = dispatcher.dispatch('GET', ['http', 'a', null, '/'], [], null, [null, 5, null, null]);
    await expect(sending).rejects.toBeInstanceOf(ReadTimeout);
    expect(reason).toMatchObject({ code: 'READ_TIMEOUT' });
  });
});

describe('the response', () => {
  const answering = async (answer: ApplicationAnswer, method = 'GET', headers: HeaderPair[] = []): Promise<DispatchResponse> =>
    mockDispatcher(() => answer).dispatch(method, ['http', 'a', null, '/'], headers, null);

  test('has nothing but what was given', async () => {
    const [version, status, reason, headers, body] = await answering({ status: 418 });
    expect([version, status, reason, headers]).toEqual(['1.1', 418, '', []]);
    expect(await body.bytes()).toEqual(new Uint8Array(0));
    expect(body.trailers).toEqual([]);
  });

  test.each([
    ['text', 'gr\u00fcn'],
    ['bytes', bytesOf('gr\u00fcn')],
    ['an array', [bytesOf('gr'), bytesOf('\u00fcn')]],
    [
      'a generator',
      (function* () {
        yield bytesOf('gr');
        yield bytesOf('\u00fcn');
      })(),
    ],
    ['a stream', new Blob(['gr\u00fcn']).stream() as unknown as AsyncIterable<Uint8Array>],
  ])('may have %s for a body', async (_, body) => {
    expect(await textOf(await answering({ status: 200, body }))).toBe('gr\u00fcn');
  });

  test('may be a tuple, and so the answer of another dispatcher', async () => {
    const inner = mockDispatcher(() => ({
      status: 203,
      reason: 'Inner',
      headers: [['X-A', '1']],
      body: 'inner',
      trailers: [['x-t', '2']],
    }));
    await using outer = mockDispatcher(({ method, url, headers }) => inner.dispatch(method, url, headers, null));
    const [version, status, reason, headers, body] = await outer.dispatch('GET', ['http', 'a', null, '/'], [], null);
    expect([version, status, reason, headers]).toEqual(['1.1', 203, 'Inner', [['X-A', '1']]]);
    expect(await textOf([version, status, reason, headers, body])).toBe('inner');
    expect(body.trailers).toEqual([['x-t', '2']]);
    const plain = await answering(['2', 200, '', [], 'plain']);
    expect(plain[0]).toBe('2');
    expect(await textOf(plain)).toBe('plain');
  });

  test('to HEAD leaves the body alone, and lets go of it', async () => {
    let returned = 0;
    const stream = new ReadableStream<Uint8Array>({
      cancel: () => {
        returned += 1;
      },
    });
    const answer = await answering(
      { status: 200, headers: [['content-length', '9']], body: stream as unknown as AsyncIterable<Uint8Array> },
      'HEAD',
    );
    expect(await textOf(answer)).toBe('');
    expect(returned).toBe(1);
  });

  test('whose stream hangs is cancelled when the caller leaves', async () => {
    let reason: unknown = 'not cancelled';
    const controller = new AbortController();
    const stream = new ReadableStream<Uint8Array>({
      start: (control) => control.enqueue(bytesOf('first')),
      cancel: (given: unknown) => {
        reason = given;
      },
    });
    const dispatcher = mockDispatcher(() => ({ status: 200, body: stream as unknown as AsyncIterable<Uint8Array> }));
    const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'a', null, '/'], [], null, undefined, { signal: controller.signal });
    const chunks = body[Symbol.asyncIterator]();
    await chunks.next();
    const reading = chunks.next();
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: 'ABORTED' });
    expect(reason).toBeUndefined();
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a number', 200],
    ['no status', {}],
    ['a status of text', { status: '200' }],
    ['an informational status', { status: 100 }],
    ['a status that was not asked for', { status: 101 }],
    ['a status too large', { status: 1_000 }],
    ['a reason with a line in it', { status: 200, reason: 'a\r\nb' }],
    ['a header with a line in it', { status: 200, headers: [['x', 'a\nb']] }],
    ['headers that are an object', { status: 200, headers: { a: 'b' } }],
    ['a body that is an object', { status: 200, body: {} }],
    ['a chunk that is text', { status: 200, body: ['text'] }],
    [
      'two lengths',
      {
        status: 200,
        headers: [
          ['content-length', '1'],
          ['content-length', '2'],
        ],
        body: 'a',
      },
    ],
    ['a body longer than announced', { status: 200, headers: [['content-length', '1']], body: 'ab' }],
    ['a body shorter than announced', { status: 200, headers: [['content-length', '3']], body: 'ab' }],
    ['a trailer that frames', { status: 200, body: 'ab', trailers: [['content-length', '2']] }],
    ['a tuple without a version', [undefined, 200, '', [], null]],
  ])('that is wrong is the mistake of the peer: %s', async (_, answer) => {
    const reading = answering(answer as ApplicationAnswer).then(([, , , , body]) => body.bytes());
    await expect(reading).rejects.toSatisfy((error) => error instanceof RemoteProtocolError);
  });
});

describe('failures', () => {
  test.each<[string, () => ApplicationAnswer | Promise<ApplicationAnswer>]>([
    ['returned', () => new ConnectError('no route', { code: 'DNS_FAILED', phase: 'dns' })],
    [
      'thrown',
      () => {
        throw new ConnectError('no route', { code: 'DNS_FAILED', phase: 'dns' });
      },
    ],
    ['rejected', () => Promise.reject(new ConnectError('no route', { code: 'DNS_FAILED', phase: 'dns' }))],
  ])('an error of the core is what the caller gets: %s', async (_, application) => {
    const sending = mockDispatcher(application).dispatch('GET', ['http', 'a', null, '/'], [], null);
    await expect(sending).rejects.toSatisfy((error) => error instanceof ConnectError);
    await expect(sending).rejects.toMatchObject({ code: 'DNS_FAILED', phase: 'dns', origin: 'http://a:80', method: 'GET' });
  });

  test('anything else is the cause of a ReadError', async () => {
    const cause = new TypeError('x is undefined');
    const sending = mockDispatcher(() => {
      throw cause;
    }).dispatch('GET', ['http', 'a', null, '/'], [], null);
    await expect(sending).rejects.toSatisfy((error) => error instanceof ReadError && error.cause === cause);
    await expect(sending).rejects.toMatchObject({ code: 'HANDLER_FAILED', message: 'The application failed: x is undefined' });
  });

  test('an application that answers after its caller has left is not listened to', async () => {
    const controller = new AbortController();
    let answer!: (response: ApplicationAnswer) => void;
    let returned = 0;
    await using dispatcher = mockDispatcher(() => {
      controller.abort();
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const sending = dispatcher.dispatch('GET', ['http', 'a', null, '/'], [], null, undefined, { signal: controller.signal });
    await expect(sending).rejects.toMatchObject({ code: 'ABORTED' });
    const body = {
      [Symbol.iterator]: () => ({
        next: () => ({ done: false as const, value: bytesOf('x') }),
        return: () => ({ done: true as const, value: (returned += 1) }),
      }),
    };
    answer({ status: 200, body: body as unknown as Iterable<Uint8Array> });
    await expect.poll(() => returned).toBe(1);
  });
});

describe('around the response', () => {
  test('inform() refuses what is no informational response', async () => {
    const errors: unknown[] = [];
    await using dispatcher = mockDispatcher(({ inform }) => {
      for (const bad of [() => inform(200), () => inform(101), () => inform(103, [['x', 'a\r\nb']])]) {
        try {
          bad();
        } catch (error) {
          errors.push(error);
        }
      }
      return { status: 204 };
    });
    await dispatcher.dispatch('GET', ['http', 'a', null, '/'], [], null);
    expect(errors.map((error) => (error as RemoteProtocolError).code)).toEqual([
      'INVALID_RESPONSE',
      'INVALID_RESPONSE',
      'INVALID_RESPONSE',
    ]);
  });

  test('CONNECT opens a tunnel', async () => {
    await using dispatcher = mockDispatcher(() => ({
      status: 200,
      tunnel: async function* (incoming) {
        for await (const chunk of incoming) yield new Uint8Array(chunk).reverse();
      },
    }));
    const [, , , , body] = await dispatcher.dispatch('CONNECT', ['http', 'proxy', null, 'a.example:443'], [], null);
    const tunnel = body as DuplexBody;
    await tunnel.write(Uint8Array.of(1, 2, 3));
    const chunks = tunnel[Symbol.asyncIterator]();
    expect([...((await chunks.next()).value as Uint8Array)]).toEqual([3, 2, 1]);
    await tunnel.end();
    expect((await chunks.next()).done).toBe(true);
  });

  test('the trace has the steps of a network', async () => {
    const names: string[] = [];
    const trace: TraceObserver = (name) => void names.push(name);
    await using dispatcher = mockDispatcher(async ({ inform, body }) => {
      await body.bytes();
      inform(103);
      return { status: 200, body: 'x' };
    });
    const [, , , , body] = await dispatcher.dispatch('POST', ['http', 'a', null, '/'], [], new Set([bytesOf('x')]), undefined, { trace });
    await body.bytes();
    expect(names).toEqual(['queued', 'assigned', 'head-sent', 'body-sent', 'informational', 'first-byte', 'head-received', 'body-end']);
  });

  test('an endless body in memory leaves timers their turn', async () => {
    await using dispatcher = mockDispatcher(() => ({
      status: 200,
      body: (function* () {
        for (;;) yield bytesOf('x');
      })(),
    }));
    const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'a', null, '/'], [], null);
    let over = false;
    setTimeout(() => {
      over = true;
    }, 1);
    let count = 0;
    for await (const chunk of body) {
      count += chunk.length;
      if (over) break;
    }
    expect(count).toBeGreaterThan(0);
  });

  test('under replaced timers answers come and limits pass all the same', async () => {
    vi.useFakeTimers();
    try {
      await using dispatcher = mockDispatcher(({ url }) =>
        url[3] === '/never' ? new Promise(() => {}) : { status: 200, body: [bytesOf('a'), bytesOf('b')] },
      );
      expect(await textOf(await dispatcher.dispatch('GET', ['http', 'a', null, '/'], [], null))).toBe('ab');
      const never = dispatcher.dispatch('GET', ['http', 'a', null, '/never'], [], null, [null, 10, null, null]);
      await expect(never).rejects.toMatchObject({ code: 'READ_TIMEOUT' });
    } finally {
      vi.useRealTimers();
    }
  });
});
