import { inspect } from 'node:util';

import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { CookieJar } from './cookie-jar.ts';

const start = Date.UTC(2026, 10, 22);

function jarAt(options: { maxCookies?: number; maxCookiesPerDomain?: number } = {}): { jar: CookieJar; wait(milliseconds: number): void } {
  let now = start;
  const jar = new CookieJar({ ...options, now: () => now });
  return { jar, wait: (milliseconds) => (now += milliseconds) };
}

describe('a cookie goes along', () => {
  it('to its host alone, unless it names a domain', () => {
    const { jar } = jarAt();
    jar.set('host=1', 'http://a.example.com/');
    jar.set('all=1; Domain=example.com', 'http://a.example.com/');
    expect(jar.header('http://a.example.com/')).toBe('host=1; all=1');
    expect(jar.header('http://b.example.com:8080/')).toBe('all=1');
    expect(jar.header('http://x.a.example.com/')).toBe('all=1');
    expect(jar.header('http://badexample.com/')).toBeUndefined();
    expect(jar.header('http://com/')).toBeUndefined();
  });

  it('to its path and what is below it', () => {
    const { jar } = jarAt();
    jar.set('a=1', 'http://a.example/docs/index.html');
    jar.set('b=1; Path=/docs/', 'http://a.example/');
    expect(jar.header('http://a.example/docs')).toBe('a=1');
    expect(jar.header('http://a.example/docs/x?y#z')).toBe('b=1; a=1');
    expect(jar.header('http://a.example/documents')).toBeUndefined();
    expect(jar.header('http://a.example/')).toBeUndefined();
  });

  it('with its path compared as it is written', () => {
    const { jar } = jarAt();
    jar.set('a=1; Path=/a%20b', 'http://a.example/');
    expect(jar.header('http://a.example/a%20b/c')).toBe('a=1');
    jar.set('b=1', 'http://a.example/%61/x');
    expect(jar.header('http://a.example/a/x')).toBeUndefined();
  });

  it('longer paths first, then in the order in which they were first set', () => {
    const { jar, wait } = jarAt();
    jar.set('short=1; Path=/', 'http://a.example.com/');
    jar.set('parent=1; Path=/; Domain=example.com', 'http://a.example.com/');
    jar.set('late=1; Path=/', 'http://a.example.com/');
    jar.set('long=1; Path=/x', 'http://a.example.com/');
    wait(5_000);
    jar.set('short=2; Path=/', 'http://a.example.com/');
    expect(jar.header('http://a.example.com/x')).toBe('long=1; short=2; parent=1; late=1');
  });

  it('until it expires', () => {
    const { jar, wait } = jarAt();
    jar.set('a=1; Max-Age=60', 'http://a.example/');
    jar.set('b=1', 'http://a.example/');
    wait(59_999);
    expect(jar.header('http://a.example/')).toBe('a=1; b=1');
    wait(1);
    expect(jar.header('http://a.example/')).toBe('b=1');
    expect(jar.size).toBe(1);
  });

  it('until the server takes it away, whatever the order of what it says', () => {
    const { jar } = jarAt();
    jar.set('a=1; Max-Age=60', 'http://a.example/');
    jar.set('a=gone; Max-Age=0', 'http://a.example/');
    expect([...jar]).toEqual([]);
    // The removal of one that is not there is no cookie either.
    expect(jar.set('b=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT', 'http://a.example/').value).toBe('1');
    expect(jar.size).toBe(0);
  });

  it('whatever its SameSite, since each call is a navigation of its own', () => {
    const { jar } = jarAt();
    jar.set('s=1; SameSite=Strict', 'https://a.example/');
    jar.set('l=1; SameSite=Lax', 'https://a.example/');
    jar.set('n=1; SameSite=None; Secure', 'https://a.example/');
    expect(jar.header('https://a.example/')).toBe('s=1; l=1; n=1');
    expect(() => jar.set('x=1; SameSite=None', 'https://a.example/')).toThrow('it is SameSite=None and not Secure');
  });

  it('in one jar for host and parent, by name, domain, path and scope', () => {
    const { jar } = jarAt();
    jar.set('a=host', 'http://example.com/');
    jar.set('a=domain; Domain=example.com', 'http://example.com/');
    jar.set('a=path; Path=/x', 'http://example.com/');
    expect(jar.size).toBe(3);
    jar.set('a=host2', 'http://example.com/');
    expect(jar.header('http://example.com/')).toBe('a=host2; a=domain');
  });
});

describe('a cookie is refused', () => {
  it.each([
    ['x=1; Domain=com', 'http://example.com/'],
    ['x=1; Domain=co.uk', 'http://example.co.uk/'],
    ['x=1; Domain=github.io', 'http://me.github.io/'],
    ['x=1; Domain=.amazonaws.com.', 'http://bucket.amazonaws.com/'],
    ['x=1; Domain=test', 'http://a.test/'],
    ['x=1; Domain=internal', 'http://db.internal/'],
  ])('for a public suffix: %s at %s', (cookie, url) => {
    expect(() => new CookieJar().set(cookie, url)).toThrow(/public suffix|not that of the host/);
  });

  it('but for the host that is one itself, which gets it alone', () => {
    const jar = new CookieJar();
    expect(jar.set('x=1; Domain=github.io', 'http://github.io/').hostOnly).toBe(true);
    expect(jar.header('http://me.github.io/')).toBeUndefined();
    expect(jar.set('x=1; Domain=intranet', 'http://intranet/').hostOnly).toBe(true);
  });

  it.each([
    ['x=1; Domain=other.example', 'http://a.example/'],
    ['x=1; Domain=b.a.example', 'http://a.example/'],
    ['x=1; Domain=ample', 'http://a.example/'],
    ['x=1; Domain=0.0.1', 'http://127.0.0.1/'],
    ['x=1; Domain=:1]', 'http://[::1]/'],
    ['x=1; Domain=a.example.', 'http://a.example/'],
  ])('for another domain: %s at %s', (cookie, url) => {
    expect(() => new CookieJar().set(cookie, url)).toThrow(/not that of the host|public suffix/);
  });

  it('for a domain that is not ASCII', () => {
    expect(() => new CookieJar().set('x=1; Domain=m\xfcller.example', 'http://xn--mller-kva.example/')).toThrow('its domain is not ASCII');
    expect(new CookieJar().set('x=1; Domain=xn--mller-kva.example', 'http://müller.example/').domain).toBe('xn--mller-kva.example');
  });

  it('when it is Secure and came without TLS, but not from this machine', () => {
    const jar = new CookieJar();
    expect(() => jar.set('x=1; Secure', 'http://a.example/')).toThrow('it is Secure and the connection is not');
    for (const host of ['localhost:8080', 'app.localhost', '127.0.0.1', '127.9.9.9', '[::1]', '0x7f.1']) {
      expect(jar.set('x=1; Secure', `http://${host}/`).secure).toBe(true);
      expect(jar.header(`http://${host}/`)).toBe('x=1');
    }
    expect(() => jar.set('x=1; Secure', 'http://127.0.0.1.example/')).toThrow('it is Secure');
    expect(() => jar.set('x=1; Secure', 'http://notlocalhost/')).toThrow('it is Secure');
    jar.set('x=1; Secure', 'https://a.example/');
    expect(jar.header('http://a.example/')).toBeUndefined();
  });

  it('when it would lie over a Secure one without being secure itself', () => {
    const jar = new CookieJar();
    jar.set('s=secret; Secure; Path=/login; Domain=example.com', 'https://a.example.com/');
    const refusal = 'it would lie over a Secure cookie';
    expect(() => jar.set('s=evil; Path=/login', 'http://b.example.com/')).toThrow(refusal);
    expect(() => jar.set('s=evil; Path=/login/en; Domain=example.com', 'http://b.example.com/')).toThrow(refusal);
    expect(() => jar.set('s=; Max-Age=0; Path=/login; Domain=example.com', 'http://b.example.com/')).toThrow(refusal);
    jar.set('s=fine; Path=/', 'http://b.example.com/');
    jar.set('s=fine; Path=/login', 'http://other.example/');
    jar.set('s=fine; Path=/login', 'https://b.example.com/');
    expect(jar.header('https://a.example.com/login')).toBe('s=secret');
  });

  it.each([
    ['__Secure-a=1', false],
    ['__Secure-a=1; Secure', true],
    ['__SECURE-a=1', false],
    ['__Host-a=1; Secure; Path=/', true],
    ['__Host-a=1; Path=/', false],
    ['__Host-a=1; Secure', false],
    ['__Host-a=1; Secure; Path=/x', false],
    ['__hOST-a=1; Secure; Path=/; Domain=a.example', false],
    ['__Http-a=1; Secure; HttpOnly', true],
    ['__Http-a=1; Secure', false],
    ['__Host-Http-a=1; Secure; Path=/; HttpOnly', true],
    ['__Host-Http-a=1; Secure; Path=/', false],
    ['=__Host-a=1; Secure; Path=/', false],
    ['__Secure-a', false],
    ['__Secure=1', true],
  ])('when it does not meet its prefix: %s', (cookie, isTaken) => {
    const jar = new CookieJar();
    jar.receive([['set-cookie', cookie]], ['https', 'a.example', null, '/']);
    expect(jar.size).toBe(isTaken ? 1 : 0);
  });

  it('by an error that names the rule and never the value', () => {
    const attempt = (): unknown => new CookieJar().set('token=s3cr3t; Domain=other.example', 'http://a.example/');
    expect(attempt).toThrow(InvalidOption);
    expect(attempt).not.toThrow(/s3cr3t/);
    expect(() => new CookieJar().set('a=1', 'not a url')).toThrow(InvalidOption);
    expect(() => new CookieJar().set('a=1', 'ftp://a.example/')).toThrow(/scheme/);
  });
});

describe('a jar', () => {
  it('takes several Set-Cookie of one response, in any letter case, and drops what is refused', () => {
    const jar = new CookieJar();
    const headers = [
      ['Set-Cookie', 'a=1'],
      ['x-set-cookie', 'no=1'],
      ['SET-COOKIE', 'b=1; Domain=evil.example'],
      ['set-cookie', 'c=1, d=2'],
      ['Set-Cookie2', 'no=1'],
    ] as const;
    jar.receive(headers, ['http', 'a.example', 8080, '*']);
    expect(jar.header('http://a.example/')).toBe('a=1; c=1, d=2');
  });

  it('is bounded for each domain: insecure cookies go first, then the one used longest ago', () => {
    const { jar, wait } = jarAt({ maxCookiesPerDomain: 3 });
    const add = (cookie: string): void => {
      wait(1);
      jar.set(cookie, 'https://a.example/');
    };
    for (const cookie of ['s1=1; Secure', 'i1=1; Path=/i', 'i2=1; Path=/j']) add(cookie);
    wait(1);
    jar.get('https://a.example/i');
    add('s2=1; Secure');
    expect(Array.from(jar, ({ name }) => name)).toEqual(['s1', 'i1', 's2']);
    add('s3=1; Secure');
    add('s4=1; Secure');
    expect(Array.from(jar, ({ name }) => name)).toEqual(['s2', 's3', 's4']);
    jar.set('other=1', 'https://b.example/');
    expect(jar.size).toBe(4);
  });

  it('is bounded in all, and drops the expired before the others', () => {
    const { jar, wait } = jarAt({ maxCookies: 3 });
    jar.set('a=1', 'https://a.example/');
    jar.set('b=1; Max-Age=1', 'https://b.example/');
    wait(1_000);
    jar.set('c=1', 'https://c.example/');
    jar.set('d=1', 'https://d.example/');
    expect(Array.from(jar, ({ name }) => name)).toEqual(['a', 'c', 'd']);
    wait(1);
    jar.set('e=1', 'https://e.example/');
    expect(Array.from(jar, ({ name }) => name)).toEqual(['c', 'd', 'e']);
    jar.set('e=2', 'https://e.example/');
    expect(jar.size).toBe(3);
  });

  it('stays within its bounds under a flood', () => {
    const { jar } = jarAt();
    for (let index = 0; index < 10_000; index++) {
      jar.receive([['set-cookie', `c${index}=1; Path=/p${index % 7}`]], ['https', `h${index % 40}.example`, null, '/']);
    }
    expect(jar.size).toBe(3_000);
    for (let host = 0; host < 40; host++) {
      expect([...jar].filter(({ domain }) => domain === `h${host}.example`).length).toBeLessThanOrEqual(180);
    }
  });

  it('forgets by name, domain and path, or the whole session', () => {
    const { jar } = jarAt();
    jar.set('a=1; Domain=example.com', 'http://x.example.com/');
    jar.set('a=1; Path=/p', 'http://x.example.com/');
    jar.set('b=1; Max-Age=60', 'http://x.example.com/');
    expect(jar.delete({ name: 'a', domain: '.Example.com' })).toBe(1);
    expect(jar.delete({ path: '/nowhere' })).toBe(0);
    jar.clearSession();
    expect(Array.from(jar, ({ name }) => name)).toEqual(['b']);
    jar.clear();
    expect(jar.size).toBe(0);
    expect(() => jar.delete({ nmae: 'a' } as object)).toThrow(InvalidOption);
  });

  it('shows no values', () => {
    const jar = new CookieJar();
    jar.set('session=s3cr3t; Max-Age=60; HttpOnly', 'https://a.example/');
    jar.set('s3cr3t-alone', 'https://a.example/');
    for (const shown of [inspect(jar, { depth: 9 }), JSON.stringify(jar), inspect([...jar]), JSON.stringify([...jar])]) {
      expect(shown).not.toContain('s3cr3t');
    }
    expect(JSON.stringify(jar)).toContain('"session"');
  });

  it.each([{ maxCookies: 0 }, { maxCookies: 1.5 }, { maxCookiesPerDomain: NaN }, { maxCokies: 1 }])('refuses the options %j', (options) => {
    expect(() => new CookieJar(options)).toThrow(InvalidOption);
  });
});
