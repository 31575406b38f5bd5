import { describe, expect, it } from 'vitest';

import { CookieJar, InvalidOption, StreamResponse, type Interceptor } from '../../src/index.ts';
import { scripted, type DispatchedRequest, type ScriptedAnswer } from '../scripted-dispatcher.ts';

const sets = (...cookies: string[]): ScriptedAnswer => ({ headers: cookies.map((cookie) => ['Set-Cookie', cookie] as const) });
const sent = (request: DispatchedRequest): string[] =>
  request.headers.filter(([name]) => name.toLowerCase() === 'cookie').map(([, value]) => value);

describe('a client', () => {
  it('keeps the cookies that it gets, and sends those that belong', async () => {
    const { client, dispatcher } = scripted({}, (_, index) =>
      index === 0 ? sets('a=1; Path=/', 'b=2; Path=/x', 'c=3; Domain=example') : {},
    );
    await client.get('http://a.example/login');
    await client.get('http://a.example/x/y');
    await client.get('http://b.example/x/y');
    expect(dispatcher.requests.map(sent)).toEqual([[], ['b=2; a=1'], []]);
  });

  it('keeps them whatever the status, also where nobody reads the body', async () => {
    const { client, dispatcher } = scripted({}, (_, index) => ({ status: [500, 404, 200][index]!, ...sets(`c${index}=1`) }));
    await client.get('http://a.example/');
    await using stream = await client.stream('GET', 'http://a.example/');
    await stream.close();
    await client.get('http://a.example/');
    expect(sent(dispatcher.last)).toEqual(['c0=1; c1=1']);
  });

  it('takes them up on each hop of a redirect, and sends to each hop what belongs there', async () => {
    const jar = new CookieJar();
    jar.set('old=1', 'http://a.example/');
    jar.set('other=1', 'http://b.example/');
    const hops: ScriptedAnswer[] = [
      {
        status: 302,
        headers: [
          ['location', '/in'],
          ['set-cookie', 'session=1; Path=/'],
          ['set-cookie', 'old=; Max-Age=0; Path=/'],
        ],
      },
      {
        status: 302,
        headers: [
          ['location', 'http://b.example/'],
          ['set-cookie', 'late=1; Path=/'],
        ],
      },
      { status: 302, headers: [['location', 'http://a.example/']] },
    ];
    const { client, dispatcher } = scripted({ cookies: jar }, (_, index) => hops[index] ?? {});
    await client.get('http://a.example/', { cookies: { mine: '1' }, headers: { cookie: 'typed=1' } });
    expect(dispatcher.requests.map(sent)).toEqual([
      ['old=1; typed=1; mine=1'],
      ['session=1; typed=1; mine=1'],
      ['other=1'],
      // Back home: what the caller gave for it; what it typed as a field was left behind.
      ['session=1; late=1; mine=1'],
    ]);
    expect(Array.from(jar, ({ name }) => name)).toEqual(['other', 'session', 'late']);
  });

  it('has a jar of its own, which those that extend it share', async () => {
    const { client, dispatcher } = scripted({}, (_, index) => (index === 0 ? sets('a=1') : {}));
    const { client: stranger, dispatcher: elsewhere } = scripted();
    await client.extend({ baseUrl: 'http://a.example/v1' }).get('/');
    await client.get('http://a.example/v1/x');
    await client.extend({ cookies: new CookieJar() }).get('http://a.example/v1/x');
    await client.extend({ cookies: null }).get('http://a.example/v1/x');
    await stranger.get('http://a.example/v1/x');
    expect(dispatcher.requests.map(sent)).toEqual([[], ['a=1'], [], []]);
    expect(sent(elsewhere.last)).toEqual([]);
  });

  it.each([null, false] as const)('with cookies: %s keeps none and sends none, but what a header says', async (cookies) => {
    const { client, dispatcher } = scripted({ cookies }, () => sets('a=1'));
    await client.get('http://a.example/');
    await client.get('http://a.example/', { headers: { cookie: 'typed=1' } });
    await client.get('http://a.example/', { cookies: { own: '1' } });
    const jar = new CookieJar();
    await client.get('http://a.example/', { cookies: jar });
    await client.get('http://a.example/', { cookies: jar });
    expect(dispatcher.requests.map(sent)).toEqual([[], ['typed=1'], ['own=1'], [], ['a=1']]);
  });

  it('sends cookies of its own where its headers go, and stores none of them', async () => {
    const { client, dispatcher } = scripted({ baseUrl: 'http://a.example', cookies: { theme: 'dark', lang: 'en' } });
    await client.get('/');
    await client.get('/', { cookies: { lang: null, one: 1 } });
    await client.get('http://b.example/');
    await client.get('http://b.example/', { cookies: { one: 1 } });
    await client.extend({ baseUrl: 'http://b.example' }).get('/');
    expect(dispatcher.requests.map(sent)).toEqual([['theme=dark; lang=en'], ['theme=dark; one=1'], [], ['one=1'], []]);
  });
});

describe('a call', () => {
  it('may have cookies of its own, another jar, or none', async () => {
    const jar = new CookieJar();
    jar.set('a=1', 'http://a.example/');
    jar.set('b=1', 'http://a.example/');
    const { client, dispatcher } = scripted({ cookies: jar }, () => sets('new=1'));
    await client.get('http://a.example/', { cookies: { a: null, c: 'x' } });
    await client.get('http://a.example/', { cookies: null });
    const other = new CookieJar();
    await client.get('http://a.example/', { cookies: other });
    await client.send(client.buildRequest('GET', 'http://a.example/'), { cookies: false });
    expect(dispatcher.requests.map(sent)).toEqual([['b=1; c=x'], [], [], []]);
    expect(Array.from(jar, ({ name }) => name)).toEqual(['a', 'b', 'new']);
    expect(other.size).toBe(1);
  });

  it('sends one Cookie field, whatever was written', async () => {
    const { client, dispatcher } = scripted({ cookies: { own: '1' } });
    await client.get('http://a.example/', {
      headers: [
        ['Cookie', 'a=1'],
        ['cookie', 'b=2; own=typed'],
      ],
    });
    expect(sent(dispatcher.last)).toEqual(['a=1; b=2; own=1']);
  });

  it.each([{ 'a;b': '1' }, { a: 'x\r\ny: z' }, 'a=1', true, ['a']])('refuses %j before anything is sent', async (cookies) => {
    const { client, dispatcher } = scripted();
    await expect(client.get('http://a.example/', { cookies: cookies as never })).rejects.toBeInstanceOf(InvalidOption);
    expect(dispatcher.requests).toEqual([]);
  });

  it('stores by who answered', async () => {
    const jar = new CookieJar();
    const elsewhere: Interceptor = (request, _, next) => next(request.with({ url: 'http://real.example/' }));
    const { client } = scripted({ cookies: jar, networkInterceptors: [elsewhere] }, () => sets('a=1'));
    await client.get('http://asked.example/');
    expect([...jar][0]?.domain).toBe('real.example');
  });

  it('survives whatever a server sets', async () => {
    const jar = new CookieJar();
    const odd = [
      '',
      '=',
      ';',
      'a\0=b',
      '\xff=\xfe',
      'a=b; Domain=..',
      'a=b; Expires=x; Max-Age=x',
      'x'.repeat(5_000),
      'd=1; Domain=[::1',
      'e=1; Path=\xff',
    ];
    const { client } = scripted({ cookies: jar }, () => sets(...odd));
    await client.get('http://a.example/');
    expect(Array.from(jar, ({ name }) => name)).toEqual(['\xff', 'a', 'e']);
  });

  it('reads what another interceptor answers', async () => {
    const jar = new CookieJar();
    const teapot: Interceptor = async (request) => StreamResponse.of(request, { headers: { 'set-cookie': ['a=1', 'b=2'] } });
    const { client } = scripted({ cookies: jar, networkInterceptors: [teapot] });
    await client.get('http://a.example/');
    expect(jar.header('http://a.example/')).toBe('a=1; b=2');
  });
});
