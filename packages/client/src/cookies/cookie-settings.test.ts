import type { UrlParts } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { CookieJar } from './cookie-jar.ts';
import {
  callCookies,
  clientCookies,
  givenFor,
  joinCookies,
  noCookies,
  type CookieSettings,
  type CookiesInput,
  type GivenCookies,
} from './cookie-settings.ts';

const url = 'http://a.example/';

function jarWith(...cookies: string[]): CookieJar {
  const jar = new CookieJar();
  for (const cookie of cookies) jar.set(cookie, url);
  return jar;
}

describe('what is said of cookies', () => {
  const jar = jarWith();
  const base = ['http', 'a.example', null, '/v1'] as const;
  const client = clientCookies({ ...noCookies, jar }, { a: '1', b: 2 }, base);
  const given = (settings: CookieSettings, request: UrlParts, first: UrlParts = request): Record<string, string | null> =>
    Object.fromEntries(givenFor(settings, request, first));

  it('is laid over what was said before, name by name', () => {
    expect(callCookies(client, undefined)).toBe(client);
    expect(given(callCookies(client, { b: 3, c: null, d: undefined }), base)).toEqual({ a: '1', b: '3', c: null });
    expect(given(clientCookies(client, { b: 3 }, base), base)).toEqual({ a: '1', b: '3' });
    expect(callCookies(client, { b: 3 }).jar).toBe(jar);
    const other = jarWith();
    expect(callCookies(client, other)).toEqual({ ...client, jar: other });
    expect(clientCookies(client, other, base)).toEqual({ ...client, jar: other });
  });

  it.each([null, false] as const)('is nothing at all with %s', (off) => {
    expect(clientCookies(client, off, base)).toBe(noCookies);
    expect(callCookies(client, off)).toBe(noCookies);
    expect(callCookies(callCookies(client, off), { a: 1 }).jar).toBeUndefined();
  });

  it('holds for the origin that it was meant for', () => {
    const elsewhere = ['http', 'b.example', null, '/'] as const;
    const settings = callCookies(client, { c: 3 });
    expect(given(settings, ['http', 'a.example', null, '/x'], base)).toEqual({ a: '1', b: '2', c: '3' });
    // Another origin from the start: what is the client's stays at home. Then a redirect: nothing goes along.
    expect(given(settings, elsewhere)).toEqual({ c: '3' });
    expect(given(settings, elsewhere, base)).toEqual({});
    expect(given(settings, ['https', 'a.example', null, '/'], base)).toEqual({});
    expect(given(settings, ['http', 'a.example', 81, '/'], base)).toEqual({});
    expect(given(clientCookies(noCookies, { a: 1 }, undefined), elsewhere)).toEqual({ a: '1' });
    expect(given(clientCookies(noCookies, { a: 1 }, undefined), elsewhere, base)).toEqual({});
  });

  it.each([
    'a=1',
    true,
    7,
    ['a=1'],
    new Map([['a', '1']]),
    { '': '1' },
    { 'a=admin=1': '1' },
    { 'a;b': '1' },
    { 'a b\n': '1' },
    { ' a': '1' },
    { a: '1; admin=1' },
    { a: '1\r\nx: y' },
    { a: ' 1' },
    { a: '春' },
    { a: {} },
    { a: true },
  ])('is refused as %j', (input) => {
    const merge = (): unknown => callCookies(noCookies, input as unknown as CookiesInput);
    expect(merge).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', option: 'cookies' }) as Error);
    expect(merge).not.toThrow(/admin=1|x: y/);
  });

  it('takes own properties alone', () => {
    expect(callCookies(noCookies, Object.create({ planted: '1' }) as CookiesInput).ofCall.size).toBe(0);
  });
});

describe('the Cookie field', () => {
  const own = (input: Record<string, string | null>): GivenCookies => callCookies(noCookies, input).ofCall;
  const none = own({});

  it('is absent without cookies', () => {
    expect(joinCookies([], [['accept', '*/*']], none)).toBeUndefined();
    expect(joinCookies(jarWith('a=1').get(url), [], own({ a: null }))).toBeUndefined();
  });

  it('has the jar’s first, then those in the caller’s header, then the call’s own; of one name, the later', () => {
    const stored = jarWith('a=jar', 'b=jar', 'c=jar', 'alone').get(url);
    const written = [
      ['Cookie', 'b=header; x=header;'],
      ['accept', '*/*'],
      ['COOKIE', ' y ; c=header'],
    ] as const;
    expect(joinCookies(stored, written, own({ c: 'own', z: 'own', a: null }))).toBe('b=header; x=header; y; c=own; z=own');
    expect(joinCookies(stored, [], own({ c: 'own' }))).toBe('a=jar; b=jar; alone; c=own');
  });
});
