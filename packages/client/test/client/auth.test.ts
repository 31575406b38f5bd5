import { fileURLToPath } from 'node:url';

import { describe, expect, it, vi } from 'vitest';

import {
  Aborted,
  BasicAuth,
  BearerAuth,
  BodyNotReplayable,
  DeadlineExceeded,
  DigestAuth,
  InvalidOption,
  NetrcAuth,
  Request,
  type Response,
  type AsyncAuthFlow,
  type Auth,
  type AuthExchange,
  type AuthFlow,
  type CallOptions,
  type CommonClientOptions,
} from '../../src/index.ts';
import { bodyText, scripted, type DispatchedRequest, type ScriptedAnswer } from '../scripted-dispatcher.ts';

const sent = (request: DispatchedRequest): string[] =>
  request.headers.filter(([name]) => name.toLowerCase() === 'authorization').map(([, value]) => value);
const basic = (text: string): string => `Basic ${btoa(text)}`;

describe('auth of a client', () => {
  it('goes to the server that each call begins with', async () => {
    const { client, dispatcher } = scripted({ auth: ['u', 'p'] });
    await client.get('http://a.example/');
    await client.get('http://b.example/');
    expect(dispatcher.requests.map(sent)).toEqual([[basic('u:p')], [basic('u:p')]]);
  });

  it('belongs to the origin of its baseUrl', async () => {
    const { client, dispatcher } = scripted({ baseUrl: 'http://a.example/v1', auth: new BearerAuth('t') });
    await client.get('/');
    await client.get('//a.example:81/');
    await client.get('https://a.example/');
    await client.extend({ baseUrl: 'http://b.example/' }).get('/');
    await client.extend({ baseUrl: 'v2' }).get('/');
    expect(dispatcher.requests.map(sent)).toEqual([['Bearer t'], [], [], [], ['Bearer t']]);
  });

  it('is not taken along by a redirect to another origin, and counts again on the way back', async () => {
    const hops = ['/b', 'http://b.example/c', 'http://a.example/d'];
    const { client, dispatcher } = scripted({ auth: ['u', 'p'] }, (_, index) =>
      index < hops.length ? { status: 307, headers: [['location', hops[index]!]] } : {},
    );
    await client.get('http://a.example/a');
    expect(dispatcher.requests.map(sent)).toEqual([[basic('u:p')], [basic('u:p')], [], [basic('u:p')]]);
  });

  it.each([['http://a.example:81/'], ['https://a.example/'], ['http://sub.a.example/']])(
    'never reaches %s by way of a redirect',
    async (location) => {
      const { client, dispatcher } = scripted({}, (_, index) => (index === 0 ? { status: 308, headers: [['location', location]] } : {}));
      await client.get('http://a.example/', { auth: ['u', 'p'] });
      expect(dispatcher.requests.map(sent)).toEqual([[basic('u:p')], []]);
    },
  );

  it('gives way to what a request says by itself', async () => {
    const { client, dispatcher } = scripted({ auth: ['u', 'p'] });
    await client.get('http://a.example/', { headers: { Authorization: 'Own x' } });
    await client.get('http://x:y@a.example/');
    await client.get('http://a.example/', { auth: null });
    await client.get('http://x:y@a.example/', { auth: ['call', 'p'], headers: { authorization: 'Own x' } });
    await client.send(client.buildRequest('GET', 'http://a.example/'), { auth: ['sent', 'p'] });
    expect(dispatcher.requests.map(sent)).toEqual([['Own x'], [basic('x:y')], [], [basic('call:p')], [basic('sent:p')]]);
  });

  it('counts more than the credentials of a baseUrl, and is inherited until somebody says otherwise', async () => {
    const { client, dispatcher } = scripted({ baseUrl: 'http://x:y@a.example/', auth: ['u', 'p'] });
    await client.get('/');
    await client.extend({}).get('/');
    await client.extend({ auth: null }).get('/');
    await client
      .extend({ auth: null })
      .extend({ auth: ['v', 'p'] })
      .get('/');
    const { client: byUrl, dispatcher: other } = scripted({ baseUrl: 'http://x:y@a.example/' });
    await byUrl.get('/');
    await byUrl.extend({ auth: new BasicAuth('u', 'p') }).get('/');
    expect(dispatcher.requests.map(sent)).toEqual([[basic('u:p')], [basic('u:p')], [], [basic('v:p')]]);
    expect(other.requests.map(sent)).toEqual([[basic('x:y')], [basic('u:p')]]);
  });

  const flow = async function* (request: Request): AsyncAuthFlow {
    yield request;
  };
  const digest = new DigestAuth('u', 'p');
  it.each<[string, CommonClientOptions, string, CallOptions | undefined, string[]]>([
    ['null for the call', {}, 'http://x:y@a.example/', { auth: null }, []],
    ['null for the call, of a baseUrl', { baseUrl: 'http://x:y@a.example/' }, '/', { auth: null }, []],
    ['null for the client', { baseUrl: 'http://x:y@a.example/', auth: null }, '/', undefined, []],
    ['null for the client, which says nothing of other URLs', { auth: null }, 'http://x:y@a.example/', undefined, [basic('x:y')]],
    ['Basic for the call', {}, 'http://x:y@a.example/', { auth: ['u', 'p'] }, [basic('u:p')]],
    ['Basic for the client', { auth: ['u', 'p'] }, 'http://x:y@a.example/', undefined, [basic('x:y')]],
    ['Digest for the call', {}, 'http://x:y@a.example/', { auth: digest }, []],
    ['Digest for the call, of a baseUrl', { baseUrl: 'http://x:y@a.example/' }, '/', { auth: digest }, []],
    ['Digest for the client', { auth: digest }, 'http://x:y@a.example/', undefined, []],
    ['Digest for the client, of a baseUrl', { baseUrl: 'http://x:y@a.example/', auth: digest }, '/', undefined, []],
    [
      'Digest for the client, and another origin',
      { baseUrl: 'http://b.example/', auth: digest },
      'http://x:y@a.example/',
      undefined,
      [basic('x:y')],
    ],
    ['an own flow for the call', {}, 'http://x:y@a.example/', { auth: flow }, []],
    ['an own flow for the client', { auth: flow }, 'http://x:y@a.example/', undefined, []],
    ['a field of the call', {}, 'http://x:y@a.example/', { auth: null, headers: { authorization: 'Own x' } } as CallOptions, ['Own x']],
    ['no word', {}, 'http://x:y@a.example/', { maxRedirects: 1 }, [basic('x:y')]],
  ])('leaves a password that stands in a URL unsent, or not: %s', async (_, options, url, call, expected) => {
    const { client, dispatcher } = scripted(options);
    await client.get(url, call);
    await client.post(url, { ...call, json: 1 });
    await (await client.stream('GET', url, call)).close();
    if (call?.auth === undefined || !('headers' in call)) await client.send(client.buildRequest('GET', url), call);
    expect(dispatcher.requests.map(sent)).toEqual(dispatcher.requests.map(() => expected));
  });

  it("leaves a password in a URL unsent for fetch's credentials: 'omit', and sends the one of the baseUrl without", async () => {
    const { client, dispatcher } = scripted({ baseUrl: 'http://x:y@a.example/' });
    await client.fetch('/', { credentials: 'omit' });
    await client.fetch('/');
    await client.extend({ auth: null }).fetch('/');
    expect(dispatcher.requests.map(sent)).toEqual([[], [basic('x:y')], []]);
  });

  it('of a baseUrl is that of clients that extend it, as long as they stay there and say nothing else', async () => {
    const { client, dispatcher } = scripted({ baseUrl: 'http://x:y@a.example/v1' });
    await client.extend({ baseUrl: 'v2' }).get('/');
    await client.extend({ headers: { 'x-a': '1' } }).get('/', { params: { a: 1 } });
    await client.extend({ headers: null }).get('/');
    await client.extend({ headers: { authorization: 'Own x' } }).get('/');
    await client.extend({ headers: { authorization: null } }).get('/');
    await client.extend({ baseUrl: 'http://b.example/' }).get('/');
    await client.extend({ baseUrl: 'http://v:w@a.example/' }).get('/');
    await client.get('/', { headers: { authorization: null } });
    await client.get('/', { headers: null, params: null });
    expect(dispatcher.requests.map(sent)).toEqual([[basic('x:y')], [basic('x:y')], [], ['Own x'], [], [], [basic('v:w')], [], []]);
  });

  it('is not in the request that is built', () => {
    const { client } = scripted({ auth: ['u', 'p'] });
    expect(client.buildRequest('GET', 'http://a.example/').headers.has('authorization')).toBe(false);
  });

  it.each<[unknown]>([[['u:v', 'p']], [['u']], ['u:p'], [{}], [true]])('refuses %j', async (auth) => {
    expect(() => scripted({ auth: auth as never })).toThrow(InvalidOption);
    const { client, dispatcher } = scripted();
    await expect(client.get('http://a.example/', { auth: auth as never })).rejects.toBeInstanceOf(InvalidOption);
    expect(dispatcher.requests).toEqual([]);
  });

  describe('from netrc', () => {
    const auth = new NetrcAuth(fileURLToPath(new URL('../support/netrc', import.meta.url)));
    const trusting = (): CommonClientOptions => {
      vi.stubEnv('NETRC', fileURLToPath(new URL('../support/netrc', import.meta.url)));
      return { trustEnv: true };
    };

    it.each<[string, () => CommonClientOptions]>([
      ['by trustEnv', trusting],
      ['by trustEnv, with a baseUrl', () => ({ ...trusting(), baseUrl: 'http://b.example/' })],
      ['by a client', () => ({ auth })],
      ['by a client with a baseUrl', () => ({ auth, baseUrl: 'http://b.example/' })],
    ])('goes by the host of each request and each redirect: %s', async (_, options) => {
      const hops = ['http://b.example/', 'http://a.example:81/', 'https://c.example/', 'https://a.example/'];
      const { client, dispatcher } = scripted(options(), (__, index) =>
        index < hops.length ? { status: 302, headers: [['location', hops[index]!]] } : {},
      );
      await client.get('http://a.example/');
      await client.get('http://b.example/');
      const own = [basic('netrc:secret')];
      expect(dispatcher.requests.map(sent)).toEqual([own, [], own, [], own, []]);
    });

    it.each<[string, string, CallOptions | undefined, string[]]>([
      ['that has an entry', 'http://second@a.example/', undefined, [basic('second:other')]],
      ['that has an entry, asked for by the call', 'http://second@a.example/', { auth }, [basic('second:other')]],
      ['that has none', 'http://third@a.example/', undefined, [basic('third:')]],
      ['on a host that has none', 'http://netrc@b.example/', undefined, [basic('netrc:')]],
      ['and a password', 'http://second:own@a.example/', undefined, [basic('second:own')]],
      ['and a field beside it', 'http://second@a.example/', { headers: { authorization: 'Own x' } } as CallOptions, ['Own x']],
      ['and no auth at all', 'http://second@a.example/', { auth: null }, []],
    ])('has the password of a user in the URL %s', async (_, url, call, expected) => {
      for (const options of [{ auth }, trusting()]) {
        const { client, dispatcher } = scripted(options);
        await client.get(url, call);
        expect(dispatcher.requests.map(sent)).toEqual([expected]);
      }
    });
  });

  it('comes from netrc only where the environment is trusted', async () => {
    vi.stubEnv('NETRC', fileURLToPath(new URL('../support/netrc', import.meta.url)));
    const { client, dispatcher } = scripted({ trustEnv: true });
    await client.get('http://a.example/');
    await client.get('http://b.example/');
    await client.get('http://a.example/', { auth: null });
    await client.get('http://a.example/', { headers: { authorization: 'Own x' } });
    await client.extend({ auth: ['u', 'p'] }).get('http://a.example/');
    await client.extend({ trustEnv: false }).get('http://a.example/');
    const { client: careful, dispatcher: other } = scripted();
    await careful.get('http://a.example/');
    expect(dispatcher.requests.map(sent)).toEqual([[basic('netrc:secret')], [], [], ['Own x'], [basic('u:p')], []]);
    expect(other.requests.map(sent)).toEqual([[]]);
    expect(() => scripted({ trustEnv: 'yes' as never })).toThrow(InvalidOption);
  });
});

describe('a flow', () => {
  const challenge: ScriptedAnswer = {
    status: 401,
    headers: [['www-authenticate', 'Digest realm="r", nonce="n", qop="auth"']],
    body: 'who?',
  };
  const once = (_: unknown, index: number): ScriptedAnswer => (index === 0 ? challenge : { body: 'you' });

  it('gives back the connection of each answer that it goes on from', async () => {
    const states: string[] = [];
    const { client, dispatcher } = scripted({ auth: new DigestAuth('u', 'p') }, (request, index) => {
      states.push(dispatcher.bodies.map(({ state }) => state).join());
      return once(request, index);
    });
    const response = await client.get('http://a.example/');
    expect([response.status, response.text()]).toEqual([200, 'you']);
    expect(states).toEqual(['', 'closed']);
    expect(response.attempts.map(({ status }) => status)).toEqual([401, 200]);
    expect(response.history).toEqual([]);
    expect(response.request.headers.get('authorization')).toContain('nc=00000001');
  });

  it('lets the last answer reach the caller, body and all', async () => {
    const { client } = scripted({ auth: new DigestAuth('u', 'wrong') }, () => challenge);
    expect((await client.get('http://a.example/')).text()).toBe('who?');
    await using stream = await client.stream('GET', 'http://a.example/', { auth: ['u', 'p'] });
    expect(await stream.text()).toBe('who?');
  });

  it('sends a body again when it can', async () => {
    const bodies: string[] = [];
    const { client } = scripted({ auth: new DigestAuth('u', 'p') }, async (request, index) => {
      bodies.push(await bodyText(request.body));
      return once(request, index);
    });
    await client.post('http://a.example/', { body: () => new Blob(['again']).stream() });
    expect(bodies).toEqual(['again', 'again']);
  });

  it('says so when it can not, and leaves nothing open', async () => {
    const { client, dispatcher } = scripted({ auth: new DigestAuth('u', 'p') }, async (request, index) => {
      await bodyText(request.body);
      return once(request, index);
    });
    const error: unknown = await client.post('http://a.example/', { body: new Blob(['once']).stream() }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BodyNotReplayable);
    expect(String(error)).toContain('asked for authentication');
    expect(dispatcher.bodies.map(({ state }) => state)).toEqual(['closed']);
  });

  it('of one’s own may ask elsewhere, and read what it is told', async () => {
    const login = function* (request: Request): AuthFlow<Response> {
      const response = yield new Request('POST', 'http://login.example/token', { form: { grant: 'x' } });
      yield request.with({ headers: { authorization: `Bearer ${response.json<{ token: string }>().token}` } });
    };
    const auth: Auth = { requiresResponseBody: true, authFlow: login };
    const { client, dispatcher } = scripted({ auth }, ({ url }) =>
      url[1] === 'login.example' ? { body: '{"token":"t"}' } : { body: 'in' },
    );
    const response = await client.get('http://a.example/');
    expect([response.text(), response.url]).toEqual(['in', 'http://a.example/']);
    expect(dispatcher.requests.map(sent)).toEqual([[], ['Bearer t']]);
    await using stream = await client.stream('GET', 'http://a.example/');
    expect(await stream.text()).toBe('in');
  });

  it('may read a body that came with a content coding', async () => {
    const { gzipSync } = await import('node:zlib');
    const login = async function* (request: Request): AsyncAuthFlow {
      const response = yield new Request('GET', 'http://login.example/');
      yield request.with({ headers: { authorization: await response.text() } });
    };
    const { client, dispatcher } = scripted({ auth: login }, () => ({
      headers: [['content-encoding', 'gzip']],
      body: gzipSync('Own token'),
    }));
    expect((await client.get('http://a.example/')).text()).toBe('Own token');
    expect(sent(dispatcher.last)).toEqual(['Own token']);
  });

  it('may need the body of the request, whatever it was made from', async () => {
    const seen: string[] = [];
    const sign: Auth = {
      requiresRequestBody: true,
      *authFlow(request: Request, { content }: AuthExchange): AuthFlow {
        seen.push(Buffer.from(content).toString());
        yield request.with({ headers: { signature: String(content.length) } });
      },
    };
    const { client, dispatcher } = scripted({ auth: sign });
    await client.post('http://a.example/', { json: { a: 1 } });
    await client.post('http://a.example/', { body: new Blob(['stream']).stream(), headers: { 'content-type': 'x/y' } });
    expect(await bodyText(dispatcher.last.body)).toBe('stream');
    expect(dispatcher.last.headers).toContainEqual(['content-type', 'x/y']);
    await client.get('http://a.example/');
    expect(seen).toEqual(['{"a":1}', 'stream', '']);
  });

  it('reads no further in a body that it needs when the call is over', async () => {
    const sign: Auth = {
      requiresRequestBody: true,
      *authFlow(request: Request): AuthFlow {
        yield request;
      },
    };
    const { client } = scripted({ auth: sign });
    const controller = new AbortController();
    let chunks = 0;
    let end: (chunks: number) => void;
    const ended = new Promise<number>((resolve) => (end = resolve));
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          if (++chunks === 3) controller.abort();
          await new Promise((resolve) => setImmediate(resolve));
          yield new Uint8Array(1_000);
        }
      } finally {
        end(chunks);
      }
    }
    await expect(client.post('http://a.example/', { body: endless(), signal: controller.signal })).rejects.toMatchObject({
      code: 'ABORTED',
    });
    expect(await ended).toBeLessThanOrEqual(4);
  });

  it('with nothing to yield sends the request as it is', async () => {
    const { client, dispatcher } = scripted({ auth: function* () {} });
    expect((await client.get('http://a.example/')).status).toBe(200);
    expect(sent(dispatcher.last)).toEqual([]);
  });

  it('that fails takes nothing with it', async () => {
    const mistake = new Error('flow');
    const fail = async function* (request: Request): AsyncAuthFlow {
      yield request;
      throw mistake;
    };
    const { client, dispatcher } = scripted({ auth: fail });
    await expect(client.get('http://a.example/')).rejects.toBe(mistake);
    expect(dispatcher.bodies.map(({ state }) => state)).toEqual(['closed']);
    await expect(
      client.get('http://a.example/', {
        auth: function* () {
          yield 'no request' as never;
        },
      }),
    ).rejects.toMatchObject({
      code: 'INVALID_AUTH_FLOW',
    });
  });

  it('cleans up after itself when the request fails', async () => {
    const ended: string[] = [];
    const careful = (name: string) =>
      function* (request: Request): AuthFlow {
        try {
          yield request;
        } finally {
          ended.push(name);
        }
      };
    const { client } = scripted({}, () => Promise.reject(new Error('network')));
    await expect(client.get('http://a.example/', { auth: careful('sync') })).rejects.toThrow('network');
    expect(ended).toEqual(['sync']);
  });

  it('is waited for no longer than the call may take', async () => {
    const { client, dispatcher } = scripted({ auth: new BearerAuth(() => new Promise<string>(() => {})) });
    await expect(client.get('http://a.example/', { timeout: 1 })).rejects.toBeInstanceOf(DeadlineExceeded);
    const controller = new AbortController();
    const call = client.get('http://a.example/', { signal: controller.signal });
    controller.abort();
    await expect(call).rejects.toBeInstanceOf(Aborted);
    expect(dispatcher.requests).toEqual([]);
    await client.close();
    expect(client.state).toBe('closed');
  });

  it('has cookies with each of its requests, and those that a challenge sets', async () => {
    const { client, dispatcher } = scripted({ auth: new DigestAuth('u', 'p'), cookies: { own: '1' } }, (request, index) => {
      const answer = once(request, index);
      return index === 0 ? { ...answer, headers: [...answer.headers!, ['set-cookie', 'route=7']] } : answer;
    });
    await client.get('http://a.example/');
    const cookies = dispatcher.requests.map(({ headers }) => headers.find(([name]) => name === 'cookie')?.[1]);
    expect(cookies).toEqual(['own=1', 'route=7; own=1']);
  });
});
