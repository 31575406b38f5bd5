import { describe, expect, test } from 'vitest';

import type { Dispatcher, DispatchResponse } from '../contract/dispatcher.ts';
import { mockDispatcher } from '../in-process/mock.ts';
import { describeDispatcher, type DescribeDispatcherOptions } from './describe-dispatcher.ts';

type Dispatch = Dispatcher['dispatch'];

/** The cases of the suite by name, not run yet. */
function casesFor(
  setUp: DescribeDispatcherOptions['setUp'],
  capabilities: DescribeDispatcherOptions['capabilities'] = {},
): Map<string, () => Promise<void>> {
  const cases = new Map<string, () => Promise<void>>();
  const titles: string[] = [];
  describeDispatcher('subject', {
    describe(title, body) {
      titles.push(title);
      body();
      titles.pop();
    },
    it: (name, body) => cases.set(`${titles[1]}: ${name}`, body),
    setUp,
    capabilities,
  });
  return cases;
}

/** A dispatcher with one thing changed. */
function changed(
  change: (dispatcher: Dispatcher) => Partial<Dispatcher>,
  capabilities?: DescribeDispatcherOptions['capabilities'],
): Map<string, () => Promise<void>> {
  return casesFor((application) => {
    const sound = mockDispatcher(application);
    const dispatcher: Dispatcher = {
      dispatch: (...args) => sound.dispatch(...args),
      close: () => sound.close(),
      [Symbol.asyncDispose]: () => sound.close(),
      ...change(sound),
    };
    return { dispatcher, origin: ['http', 'mock.test', null] };
  }, capabilities);
}

const withResponse =
  (dispatcher: Dispatcher, change: (response: DispatchResponse) => DispatchResponse): Dispatch =>
  async (...args) =>
    change(await dispatcher.dispatch(...args));

describe('a dispatcher that does not keep the contract is found out', () => {
  test.each<[what: string, name: string, change: (dispatcher: Dispatcher) => Partial<Dispatcher>]>([
    [
      'names in lower case',
      'responses: keep the letter case of field names',
      (dispatcher) => ({
        dispatch: withResponse(dispatcher, ([version, status, reason, headers, body]) => [
          version,
          status,
          reason,
          headers.map(([name, value]) => [name.toLowerCase(), value]),
          body,
        ]),
      }),
    ],
    [
      'sorted fields',
      'responses: keep the order of fields, and duplicates apart',
      (dispatcher) => ({
        dispatch: withResponse(dispatcher, ([version, status, reason, headers, body]) => [
          version,
          status,
          reason,
          [...headers].sort(([one], [other]) => one.localeCompare(other)),
          body,
        ]),
      }),
    ],
    [
      'bodies that can be read twice',
      'response bodies: can be read once',
      (dispatcher) => ({
        dispatch: withResponse(dispatcher, ([version, status, reason, headers, body]) => {
          const whole = body.bytes();
          async function* again(): AsyncGenerator<Uint8Array<ArrayBuffer>, undefined> {
            yield await whole;
          }
          return [
            version,
            status,
            reason,
            headers,
            { bytes: () => whole, close: () => body.close(), trailers: [], [Symbol.asyncIterator]: again },
          ];
        }),
      }),
    ],
    [
      'trailers too soon',
      'response bodies: tell their trailers when they have ended: none',
      (dispatcher) => ({
        dispatch: withResponse(dispatcher, ([version, status, reason, headers, body]) => [
          version,
          status,
          reason,
          headers,
          {
            bytes: () => body.bytes(),
            close: () => body.close(),
            trailers: [],
            [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](),
          },
        ]),
      }),
    ],
    [
      'a listener that stays',
      'cancellation: no listener stays on a signal, however the exchange ends',
      (dispatcher) => ({
        dispatch: (...args) => {
          args[5]?.signal?.addEventListener('abort', () => {});
          return dispatcher.dispatch(...args);
        },
      }),
    ],
    [
      'a deadline that is not looked at',
      'arguments that are refused before anything is sent: signals that have aborted and deadlines that have passed',
      (dispatcher) => ({
        dispatch: (method, url, headers, body, timeouts, context) =>
          dispatcher.dispatch(method, url, headers, body, timeouts, { ...context, deadline: undefined }),
      }),
    ],
    [
      'methods made good',
      'arguments that are refused before anything is sent: methods that are no tokens',
      (dispatcher) => ({
        dispatch: (method, ...rest) => dispatcher.dispatch(String(method).replaceAll(/[^A-Z]/g, '') || 'GET', ...rest),
      }),
    ],
    [
      'a throw in place of a rejection',
      'lifecycle: close() with nothing to wait for resolves',
      (dispatcher) => {
        let closed = false;
        return {
          dispatch: (...args) => {
            if (closed) throw new Error('closed');
            return dispatcher.dispatch(...args);
          },
          close: async () => {
            closed = true;
          },
        };
      },
    ],
    [
      'a close() that waits for nothing',
      'lifecycle: close() lets what runs end, and takes nothing new',
      (dispatcher) => ({
        close: async () => void dispatcher.close(),
      }),
    ],
    [
      'a body read ahead',
      'response bodies: that nobody reads hold the application back',
      (dispatcher) => ({
        dispatch: withResponse(dispatcher, ([version, status, reason, headers, body]) => {
          const whole = body.bytes();
          return [
            version,
            status,
            reason,
            headers,
            {
              bytes: () => whole,
              close: () => body.close(),
              trailers: [],
              async *[Symbol.asyncIterator]() {
                yield await whole;
              },
            },
          ];
        }),
      }),
    ],
    [
      'a body sent only when it is whole',
      'request bodies: are sent while the response comes',
      (dispatcher) => ({
        dispatch: async (method, url, headers, body, ...rest) => {
          const chunks: Uint8Array[] = [];
          for await (const chunk of body ?? []) if (chunks.push(chunk) > 2) break;
          return dispatcher.dispatch(method, url, headers, chunks, ...rest);
        },
      }),
    ],
  ])('%s', async (_, name, change) => {
    const run = changed(change).get(name);
    expect(run, name).toBeDefined();
    // The sound one passes, so it is the change that fails.
    await changed(() => ({})).get(name)!();
    await expect(
      Promise.race([
        run!(),
        new Promise((_resolve, reject) => {
          setTimeout(() => reject(new Error('it hangs, which a runner takes for a failure')), 500).unref();
        }),
      ]),
    ).rejects.toThrow();
  });
});

describe('what is declared as lacking', () => {
  const lowerCase = (dispatcher: Dispatcher): Partial<Dispatcher> => ({
    dispatch: withResponse(dispatcher, ([version, status, reason, headers, body]) => [
      version,
      status,
      reason,
      headers.map(([name, value]) => [name.toLowerCase(), value]),
      body,
    ]),
  });
  const name = 'responses: keep the letter case of field names: lacking, as declared (fieldCase)';

  test('is in the name of the test, which passes', async () => {
    await expect(changed(lowerCase, { fieldCase: false }).get(name)!()).resolves.toBeUndefined();
  });

  test('and works after all fails the test', async () => {
    await expect(changed(() => ({}), { fieldCase: false }).get(name)!()).rejects.toThrow('take "fieldCase" out of the capabilities');
  });
});

test('no two tests have the same name, and a runner needs nothing but describe and it', () => {
  let count = 0;
  describeDispatcher('subject', {
    describe: (_, body) => body(),
    it: () => (count += 1),
    setUp: (application) => ({ dispatcher: mockDispatcher(application), origin: ['http', 'mock.test', null] }),
  });
  expect(count).toBe(changed(() => ({})).size);
  expect(count).toBeGreaterThan(60);
});
