import { AsyncLocalStorage } from 'node:async_hooks';

import {
  ConnectError,
  Proxy,
  ProxyError,
  type DispatchContext,
  type Dispatcher,
  type HeaderPair,
  type ResponseBody,
  type TraceEventName,
} from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { ChosenWays, type WaysOrFunction } from './chosen-ways.ts';
import { avoidedFor, KnownProxies } from '../proxies/known-proxies.ts';
import { readWays, type ProxyChoice } from '../proxies/proxy-choice.ts';

type Way = string | null;

/** A dispatcher to which these proxies are absent; and what it was asked. */
function network(...absent: string[]) {
  const asked: { way: Way; headers: readonly HeaderPair[]; context: DispatchContext }[] = [];
  const dispatcher: Pick<Dispatcher, 'dispatch'> = {
    async dispatch(method, url, headers, _body, _timeouts, context = {}) {
      const way = (context.proxy as Proxy | null)?.origin ?? null;
      asked.push({ way, headers, context });
      context.trace?.('queued', 1, undefined);
      if (way !== null && absent.includes(way)) {
        const error = new ConnectError('not there', { unreachedProxy: way, method, origin: url[1] });
        context.trace?.('failed', 2, { error });
        throw error;
      }
      return ['1.1', 200, '', [], {} as ResponseBody];
    },
  };
  return { dispatcher, asked, ways: () => asked.map(({ way }) => way) };
}

async function sendBy(
  chosen: WaysOrFunction | ProxyChoice,
  dispatcher: Pick<Dispatcher, 'dispatch'>,
  { headers = [], context }: { headers?: readonly HeaderPair[]; context?: DispatchContext } = {},
): Promise<number> {
  const ways = typeof chosen === 'function' ? chosen : readWays(chosen);
  const answer = await new ChosenWays(ways, dispatcher).dispatch(
    'GET',
    ['https', 'x.test', 8443, '/a?b'],
    headers,
    null,
    undefined,
    context,
  );
  return answer[1];
}

const failureOf = (sending: Promise<unknown>): Promise<Record<string, unknown>> =>
  sending.then(
    () => expect.unreachable(),
    (error: Record<string, unknown>) => error,
  );

describe('a list of proxies', () => {
  it('is gone through until one is there, and the absent one comes last from then on', async () => {
    const { dispatcher, ways } = network('http://a.test:80');
    const list = ['http://a.test', 'socks5h://b.test', null];
    await sendBy(list, dispatcher);
    await sendBy(list, dispatcher);
    await sendBy(['http://a.test', 'http://c.test'], dispatcher);
    expect(ways()).toEqual(['http://a.test:80', 'socks5h://b.test:1080', 'socks5h://b.test:1080', 'http://c.test:80']);
  });

  it('comes to the direct way last, where it says so', async () => {
    const { dispatcher, ways } = network('http://a.test:80');
    await sendBy(['http://a.test', null], dispatcher);
    expect(ways()).toEqual(['http://a.test:80', null]);
  });

  it('that leads nowhere is told with all its proxies, and none is avoided for it', async () => {
    const { dispatcher, ways } = network('http://a.test:80', 'http://b.test:80');
    const error = await failureOf(sendBy(['http://u:secret@a.test', 'http://b.test'], dispatcher));
    expect(error).toMatchObject({ name: 'ConnectError', code: 'CONNECT_FAILED', requestSent: false, unreachedProxy: 'http://b.test:80' });
    expect(error['message']).toBe(
      'No proxy on the list for https://x.test:8443 could be reached: http://a.test:80 (CONNECT_FAILED), http://b.test:80 (CONNECT_FAILED)',
    );
    await failureOf(sendBy(['http://a.test', 'http://b.test'], dispatcher));
    expect(ways()).toEqual(['http://a.test:80', 'http://b.test:80', 'http://a.test:80', 'http://b.test:80']);
  });

  it('is not gone on with when a proxy answers, or the origin is what fails', async () => {
    for (const error of [new ProxyError('no', { status: 403 }), new ConnectError('TLS with the origin', { code: 'TLS_FAILED' })]) {
      let asked = 0;
      const dispatcher = { dispatch: () => (asked++, Promise.reject(error)) };
      expect(await failureOf(sendBy(['http://a.test', 'http://b.test'], dispatcher))).toBe(error);
      expect(asked).toBe(1);
    }
  });

  it('shows one request to whoever watches', async () => {
    const { dispatcher } = network('http://a.test:80');
    const seen: TraceEventName[] = [];
    await sendBy(['http://a.test', 'http://b.test'], dispatcher, { context: { trace: (name) => void seen.push(name) } });
    expect(seen).toEqual(['queued', 'replayed']);
    await failureOf(sendBy(['http://a.test', 'http://a.test'], dispatcher, { context: { trace: (name) => void seen.push(name) } }));
    expect(seen.slice(2)).toEqual(['queued', 'replayed', 'failed']);
  });

  it('tells credentials that the request brings to the first alone', async () => {
    const { dispatcher, asked } = network('http://a.test:80');
    const headers = [
      ['proxy-Authorization', 'Basic x'],
      ['a', 'b'],
    ] as const;
    await sendBy(['http://a.test', null], dispatcher, { headers });
    await sendBy(() => null, dispatcher, { headers });
    expect(asked.map((each) => each.headers)).toEqual([headers, [['a', 'b']], [['a', 'b']]]);
  });

  it.each<[ProxyChoice]>([[[]], [Array.from({ length: 33 }, () => null)], [[undefined as never]], [7 as never], [undefined as never]])(
    'is refused as none: %j',
    (choice) => {
      expect(() => readWays(choice)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
    },
  );
});

describe('a function', () => {
  it('is asked for each request, in the context of its caller, with a URL that has no credentials', async () => {
    const storage = new AsyncLocalStorage<string>();
    const { dispatcher, ways } = network();
    const asked: unknown[] = [];
    const choose = (url: URL): ProxyChoice => {
      asked.push([url.href, storage.getStore()]);
      return asked.length === 1 ? 'http://a.test' : null;
    };
    await storage.run('first', () => sendBy(choose, dispatcher));
    await storage.run('second', () => sendBy(async (url) => choose(url), dispatcher));
    expect(asked).toEqual([
      ['https://x.test:8443/a?b', 'first'],
      ['https://x.test:8443/a?b', 'second'],
    ]);
    expect(ways()).toEqual(['http://a.test:80', null]);
  });

  it.each([
    ['OPTIONS', ['http', 'x.test', null, '*'], 'http://x.test/'],
    ['CONNECT', ['http', 'x.test', 1, 'y.test:1'], 'http://x.test:1/'],
    ['GET', ['http', '[fe80::1%eth0]', null, '/'], 'http://[fe80::1]/'],
    ['GET', ['http', 'x.test', null, '//evil.test/'], 'http://x.test//evil.test/'],
  ] as const)('sees a URL, whatever the target is: %s %j', async (method, parts, href) => {
    const { dispatcher } = network();
    const seen: string[] = [];
    await new ChosenWays((url) => (seen.push(url.href), null), dispatcher).dispatch(method, parts, [], null);
    expect(seen).toEqual([href]);
  });

  it('gives the same proxy for the same URL', async () => {
    const { dispatcher, asked } = network();
    await sendBy(() => 'http://a.test', dispatcher);
    await sendBy(() => ['http://a.test', null], dispatcher);
    expect(asked[0]!.context.proxy).toBe(asked[1]!.context.proxy);
  });

  it.each<[string, () => ProxyChoice | Promise<ProxyChoice>]>([
    [
      'throws',
      () => {
        throw new TypeError('it is secret');
      },
    ],
    ['rejects', () => Promise.reject(new TypeError('it is secret'))],
  ])('that %s fails the request, which does not go directly instead', async (_name, choose) => {
    const { dispatcher, asked } = network();
    const error = await failureOf(sendBy(choose, dispatcher));
    expect(error).toMatchObject({ name: 'ProxyNotChosen', code: 'PROXY_FUNCTION_FAILED', cause: new TypeError('it is secret') });
    expect(error['message']).toBe('The proxy function failed for https://x.test:8443; its error is the cause');
    expect(asked).toEqual([]);
  });

  it.each([undefined, 7, '', 'ftp://u:secret@a.test', [], ['http://a.test', undefined], {}])(
    'that gives %j fails it, too',
    async (given) => {
      const { dispatcher, asked } = network();
      for (const choose of [() => given as never, async () => given as never]) {
        const error = await failureOf(sendBy(choose, dispatcher));
        expect(error).toMatchObject({ name: 'ProxyNotChosen', code: 'INVALID_PROXY_CHOICE' });
        expect(error['message']).not.toMatch(/secret/);
      }
      expect(asked).toEqual([]);
    },
  );

  it('is not waited for when the call is aborted, or its time is over', async () => {
    const { dispatcher, asked } = network();
    const signals: AbortSignal[] = [];
    const never = (_url: URL, { signal }: { signal: AbortSignal }): Promise<ProxyChoice> => {
      signals.push(signal);
      return new Promise(() => {});
    };
    const controller = new AbortController();
    const aborted = failureOf(sendBy(never, dispatcher, { context: { signal: controller.signal } }));
    controller.abort(new Error('enough'));
    expect(await aborted).toMatchObject({ name: 'Aborted', cause: new Error('enough'), requestSent: false });
    const late = await failureOf(sendBy(never, dispatcher, { context: { deadline: performance.now() + 5 } }));
    expect(late).toMatchObject({ name: 'DeadlineExceeded', requestSent: false });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
    expect(asked).toEqual([]);
  });
});

describe('of the proxies that were met, there are remembered', () => {
  const [a, b] = [new Proxy('http://a.test'), new Proxy('http://b.test')];

  it('the absent ones, for a minute', () => {
    const known = new KnownProxies();
    known.notReached(a, 0);
    expect(known.inOrder([a, b], avoidedFor - 1)).toEqual([b, a]);
    expect(known.inOrder([a], 0)).toEqual([a]);
    expect(known.inOrder([new Proxy('http://u:p@a.test'), b], 0)).toHaveLength(2);
    expect(known.inOrder([a, b], avoidedFor)).toEqual([a, b]);
    known.reached(a);
    expect(known.inOrder([a, b], 1)).toEqual([a, b]);
  });

  it('no more than a few hundred', () => {
    const known = new KnownProxies();
    const first = known.proxy('http://a.test');
    for (let count = 0; count < 256; count += 1) known.proxy(`http://${count}.test`);
    expect(known.proxy('http://a.test')).not.toBe(first);
    expect(known.proxy('http://255.test')).toBe(known.proxy('http://255.test'));
  });
});
