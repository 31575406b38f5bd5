import { CookieJar as ToughJar } from 'tough-cookie';
import { describe, expect, it } from 'vitest';

import { CookieJar } from './cookie-jar.ts';

const now = (): number => Date.UTC(2026, 10, 22);

function filled(clock = now): CookieJar {
  const jar = new CookieJar({ now: clock });
  jar.set('id=a=b%20c; Domain=example.com; Secure; HttpOnly; SameSite=Lax; Max-Age=600', 'https://www.example.com/');
  jar.set('"quoted"; Path=/x', 'http://127.0.0.1:81/');
  jar.set('octets=\xe6\x98\xa5', 'https://www.example.com/a/b');
  return jar;
}

describe('a jar as JSON', () => {
  it('comes back as it was', () => {
    const jar = filled();
    const text = JSON.stringify(jar.serialize());
    const again = CookieJar.fromJSON(text, { now });
    expect([...again].map((cookie) => ({ ...cookie }))).toEqual([...jar].map((cookie) => ({ ...cookie })));
    expect(again.serialize()).toEqual(jar.serialize());
    expect(CookieJar.fromJSON(jar.serialize(), { now }).header('https://www.example.com/a/b')).toBe('octets=\xe6\x98\xa5; id=a=b%20c');
  });

  it('goes to tough-cookie and comes from it', () => {
    const theirs = ToughJar.deserializeSync(JSON.stringify(filled(Date.now).serialize()));
    expect(theirs.getCookieStringSync('https://www.example.com/a/b')).toBe('octets=\xe6\x98\xa5; id=a=b%20c');
    expect(theirs.getCookieStringSync('http://www.example.com/')).toBe('');

    const filledByThem = new ToughJar();
    filledByThem.setCookieSync('one=1; Max-Age=600; Path=/; HttpOnly', 'https://a.example.com/');
    filledByThem.setCookieSync('two=2; Expires=Fri, 31 Dec 2100 00:00:00 GMT; Domain=example.com', 'https://a.example.com/');
    filledByThem.setCookieSync('gone=2; Max-Age=-5', 'https://a.example.com/');
    const ours = CookieJar.fromJSON(JSON.stringify(filledByThem.serializeSync()));
    expect(ours.header('https://a.example.com/')).toBe('one=1; two=2');
    expect(ours.header('https://b.example.com/')).toBe('two=2');
    expect([...ours][0]!.httpOnly).toBe(true);
  });

  it('leaves out what has expired meanwhile', () => {
    const later = CookieJar.fromJSON(filled().serialize(), { now: () => now() + 600_000 });
    expect(Array.from(later, ({ name }) => name)).toEqual(['', 'octets']);
  });

  it.each([
    ['{', 'it is not JSON'],
    ['[]', 'no array "cookies"'],
    ['{"cookies":{}}', 'no array "cookies"'],
    [{ cookies: [null] }, 'cookies[0]'],
    [{ cookies: [{ key: 'a', value: 'b\r\nx: y', domain: 'a.example', path: '/' }] }, 'cookies[0].value'],
    [{ cookies: [{ key: 'a;b', value: 'b', domain: 'a.example', path: '/' }] }, 'cookies[0].key'],
    [{ cookies: [{ key: 'a=b', value: 'b', domain: 'a.example', path: '/' }] }, 'cookies[0].key'],
    [{ cookies: [{ key: 'a', value: 7, domain: 'a.example', path: '/' }] }, 'cookies[0].value'],
    [{ cookies: [{ key: 'a', value: 'b', domain: '', path: '/' }] }, 'cookies[0].domain'],
    [{ cookies: [{ key: 'a', value: 'b', path: '/' }] }, 'cookies[0].domain'],
    [{ cookies: [{ key: 'a', value: 'b', domain: 'a.example', path: 'x' }] }, 'cookies[0].path'],
    [{ cookies: [{ key: 'a', value: 'b', domain: 'a.example', path: '/', expires: 'soon' }] }, 'cookies[0].expires'],
    [{ cookies: [{ key: 'a', value: 'b', domain: 'a.example', path: '/', secure: 'yes' }] }, 'cookies[0].secure'],
    [{ cookies: [{ key: 'a', value: 'b'.repeat(4_096), domain: 'a.example', path: '/' }] }, 'cookies[0]'],
    [{ cookies: [{ domain: 'a.example', path: '/' }] }, 'cookies[0]'],
  ])('refuses %j, and says where', (serialized, place) => {
    const load = (): unknown => CookieJar.fromJSON(serialized as string);
    expect(load).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(place) as string }) as Error);
  });

  it('quotes no value and takes nothing from a prototype', () => {
    const secret = { key: 'a', value: 's3cr3t\n', domain: 'a.example', path: '/' };
    expect(() => CookieJar.fromJSON({ version: '', cookies: [secret] } as never)).not.toThrow(/s3cr3t/);
    expect(() => CookieJar.fromJSON('{"cookies":[{"key":"s3cr3t}')).not.toThrow(/s3cr3t/);
    const planted = Object.create({ cookies: [{ key: 'a', value: 'b', domain: 'a.example', path: '/' }] }) as never;
    expect(() => CookieJar.fromJSON(planted)).toThrow('no array "cookies"');
  });

  it('survives times that no Date can show', () => {
    const cookie = { key: 'a', value: 'b', domain: 'a.example', path: '/', maxAge: 1e300, lastAccessed: '2026-01-01T00:00:00.000Z' };
    const jar = CookieJar.fromJSON({ version: '', cookies: [cookie] } as never);
    expect(jar.serialize().cookies[0]!.expires).toBe('+275760-09-13T00:00:00.000Z');
    expect(JSON.stringify(jar)).toContain('+275760');
  });
});
