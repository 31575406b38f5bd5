import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, test } from 'vitest';

import type { DispatchResponse } from '../contract/dispatcher.ts';
import type { HeaderPair } from '../contract/values.ts';
import { LocalProtocolError, ReadError, RemoteProtocolError } from '../contract/errors.ts';
import { fetchHandlerDispatcher, type FetchHandler } from './fetch-handler.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = async ([, , , , body]: DispatchResponse): Promise<string> => new TextDecoder().decode(await body.bytes());

const get = (handler: FetchHandler, target = '/', headers: HeaderPair[] = []): Promise<DispatchResponse> =>
  fetchHandlerDispatcher(handler).dispatch('GET', ['https', 'app.test', null, target], headers, null);

describe('the request', () => {
  async function seenBy(dispatch: (dispatcher: ReturnType<typeof fetchHandlerDispatcher>) => Promise<unknown>): Promise<Request> {
    let seen: Request | undefined;
    await using dispatcher = fetchHandlerDispatcher((request) => {
      seen = request;
      return new Response();
    });
    await dispatch(dispatcher);
    return seen!;
  }

  test('has a URL of the parts', async () => {
    const urls: string[] = [];
    await using dispatcher = fetchHandlerDispatcher((request) => {
      urls.push(request.url);
      return new Response();
    });
    const given = [
      [['https', 'App.test', null, '/a%2Fb?c=1&c=2'], []],
      [['http', 'app.test', 8080, '//b'], []],
      [['http', '::1', null, '/'], []],
      [['http', '127.0.0.1', 9, '/'], [['Host', 'named.test']]],
      [['http', '127.0.0.1', 9, '/'], [['host', 'not a host']]],
      [['http', '127.0.0.1', 9, 'http://absolute.test/x'], []],
    ] as const;
    for (const [url, headers] of given) await dispatcher.dispatch('GET', url, headers, null);
    expect(urls).toEqual([
      'https://app.test/a%2Fb?c=1&c=2',
      'http://app.test:8080//b',
      'http://[::1]/',
      'http://named.test/',
      'http://127.0.0.1:9/',
      'http://absolute.test/x',
    ]);
  });

  test('has the fields that a server would show, and no transfer coding', async () => {
    const listed = await seenBy((dispatcher) =>
      dispatcher.dispatch(
        'PUT',
        ['http', 'a.test', 81, '/'],
        [
          ['X-A', '1'],
          ['x-a', '2'],
        ],
        [bytesOf('body')],
      ),
    );
    expect(Object.fromEntries(listed.headers)).toEqual({ host: 'a.test:81', 'content-length': '4', 'x-a': '1, 2' });
    const streamed = await seenBy((dispatcher) =>
      dispatcher.dispatch('PUT', ['http', 'a.test', null, '/'], [], new Set([bytesOf('body')])),
    );
    expect(Object.fromEntries(streamed.headers)).toEqual({ host: 'a.test' });
  });

  test('has no body where none was given', async () => {
    expect((await seenBy((dispatcher) => dispatcher.dispatch('GET', ['http', 'a.test', null, '/'], [], null))).body).toBeNull();
    expect((await seenBy((dispatcher) => dispatcher.dispatch('GET', ['http', 'a.test', null, '/'], [], []))).body).toBeNull();
    expect((await seenBy((dispatcher) => dispatcher.dispatch('POST', ['http', 'a.test', null, '/'], [], null))).body).toBeNull();
  });

  test('has a body that is pulled as it is read, and can be cancelled', async () => {
    let pulled = 0;
    let returned = 0;
    await using dispatcher = fetchHandlerDispatcher(async (request) => {
      const reader = request.body!.getReader();
      const first = await reader.read();
      await reader.cancel();
      return new Response(first.value as Uint8Array<ArrayBuffer>);
    });
    const endless = (function* () {
      try {
        for (;;) {
          pulled += 1;
          yield bytesOf(`${pulled}`);
        }
      } finally {
        returned += 1;
      }
    })();
    expect(await textOf(await dispatcher.dispatch('POST', ['http', 'a.test', null, '/'], [], endless))).toBe('1');
    expect(pulled).toBeLessThan(4);
    expect(returned).toBe(1);
  });

  test('has a signal that aborts when the caller leaves', async () => {
    const controller = new AbortController();
    let reason: unknown;
    await using dispatcher = fetchHandlerDispatcher(
      (request) =>
        new Promise((_, reject) => {
          request.signal.addEventListener('abort', () => {
            reason = request.signal.reason;
            reject(new Error('aborted'));
          });
          controller.abort();
        }),
    );
    const sending = dispatcher.dispatch('GET', ['http', 'a.test', null, '/'], [], null, undefined, { signal: controller.signal });
    await expect(sending).rejects.toMatchObject({ code: 'ABORTED' });
    expect(reason).toMatchObject({ code: 'ABORTED' });
  });

  test.each<[string, string, string, Iterable<Uint8Array> | null]>([
    ['INVALID_METHOD', 'CONNECT', '/', null],
    ['INVALID_METHOD', 'TRACE', '/', null],
    ['INVALID_METHOD', 'track', '/', null],
    ['INVALID_TARGET', 'OPTIONS', '*', null],
    ['INVALID_TARGET', 'GET', 'a.example:443', null],
    ['INVALID_TARGET', 'GET', 'http://user:hunter2@a.example/', null],
    ['INVALID_TARGET', 'GET', 'http://', null],
    ['INVALID_BODY', 'GET', '/', [bytesOf('body')]],
    ['INVALID_BODY', 'head', '/', new Set<Uint8Array>()],
  ])('is refused before the handler is called where Request has no place for it: %s, %s %s', async (code, method, target, body) => {
    let calls = 0;
    await using dispatcher = fetchHandlerDispatcher(() => {
      calls += 1;
      return new Response();
    });
    const sending = dispatcher.dispatch(method, ['http', 'a.test', null, target], [], body);
    await expect(sending).rejects.toSatisfy((error) => error instanceof LocalProtocolError && !error.message.includes('hunter2'));
    await expect(sending).rejects.toMatchObject({ code, requestSent: false, phase: 'request' });
    expect(calls).toBe(0);
  });

  test('tells a handler that kept only its signal of an abort, whatever was collected meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    let reached = (): void => {};
    const called = new Promise<void>((resolve) => {
      reached = resolve;
    });
    let told = (): void => {};
    const aborted = new Promise<void>((resolve) => {
      told = resolve;
    });
    await using dispatcher = fetchHandlerDispatcher(({ signal }) => {
      signal.addEventListener('abort', told);
      reached();
      return new Promise<Response>(() => {});
    });
    const controller = new AbortController();
    const sending = dispatcher.dispatch('GET', ['http', 'app.test', null, '/'], [], null, undefined, { signal: controller.signal });
    await called;
    for (let round = 0; round < 3; round += 1) {
      await setImmediate();
      collect();
    }
    controller.abort();
    await expect(sending).rejects.toMatchObject({ code: 'ABORTED' });
    await aborted;
  });
});

describe('the response', () => {
  test('keeps each Set-Cookie, and has lower-case names', async () => {
    const [version, status, reason, headers, body] = await get(() => {
      const response = new Response('text', { status: 203, statusText: 'Mild', headers: { 'X-B': '1' } });
      response.headers.append('Set-Cookie', 'a=1');
      response.headers.append('Set-Cookie', 'b=2');
      return response;
    });
    expect([version, status, reason]).toEqual(['1.1', 203, 'Mild']);
    expect(headers).toEqual([
      ['content-type', 'text/plain;charset=UTF-8'],
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
      ['x-b', '1'],
    ]);
    expect(new TextDecoder().decode(await body.bytes())).toBe('text');
    expect(body.trailers).toEqual([]);
  });

  test('may be of a class of its own', async () => {
    const response = {
      status: 200,
      statusText: '',
      headers: new Map([['x-own', 'yes']]),
      body: new Blob(['own']).stream(),
      bodyUsed: false,
    };
    const answer = await get(() => response as unknown as Response);
    expect(answer[3]).toEqual([['x-own', 'yes']]);
    expect(await textOf(answer)).toBe('own');
  });

  test('is cancelled when its reader leaves', async () => {
    let cancelled = 0;
    const [, , , , body] = await get(
      () =>
        new Response(
          new ReadableStream({
            pull: (controller) => controller.enqueue(new Uint8Array(65_536)),
            cancel: () => {
              cancelled += 1;
            },
          }),
        ),
    );
    for await (const chunk of body) if (chunk.length > 0) break;
    expect(cancelled).toBe(1);
  });

  test.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['text', () => 'text'],
    ['an object', () => ({ status: 200 })],
    ['a network error', () => Response.error()],
    [
      'a body that was read',
      async () => {
        const response = new Response('x');
        await response.text();
        return response;
      },
    ],
    [
      'a body that is being read',
      () => {
        const response = new Response('x');
        response.body!.getReader();
        return response;
      },
    ],
  ])('that is none is the mistake of the peer: %s', async (_, handler) => {
    const sending = get(handler as FetchHandler);
    await expect(sending).rejects.toSatisfy((error) => error instanceof RemoteProtocolError);
    await expect(sending).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  });

  test.each<[string, FetchHandler]>([
    [
      'thrown',
      () => {
        throw new TypeError('x is undefined');
      },
    ],
    ['rejected', () => Promise.reject(new TypeError('x is undefined'))],
    ['thrown by its stream', () => new Response(new ReadableStream({ pull: () => Promise.reject(new TypeError('x is undefined')) }))],
  ])('that fails has its error as the cause: %s', async (_, handler) => {
    const reading = get(handler).then(([, , , , body]) => body.bytes());
    await expect(reading).rejects.toSatisfy((error) => error instanceof ReadError);
    await expect(reading).rejects.toMatchObject({ code: 'HANDLER_FAILED', cause: { name: 'TypeError', message: 'x is undefined' } });
  });
});
