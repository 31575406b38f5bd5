import { mockDispatcher, type Dispatcher, type UrlParts } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { noProxies } from '../proxies/proxy-settings.ts';
import { mergeMounts, noMounts, type MountsInput } from './mounts.ts';
import { routeBy } from './routes.ts';

const named = (name: string): Dispatcher => mockDispatcher(() => ({ status: 200, body: name }));
const [a, b, fallback] = [named('a'), named('b'), named('fallback')];

async function whereTo(mounts: MountsInput, host: string, more?: MountsInput | null): Promise<string> {
  const url: UrlParts = ['http', host, null, '/'];
  const { dispatcher } = routeBy(mergeMounts(mergeMounts(noMounts, mounts), more), fallback)(url, noProxies);
  const [, , , , body] = await dispatcher.dispatch('GET', url, [], null);
  return Buffer.from(await body.bytes()).toString();
}

describe('mounts', () => {
  it('are asked in the order of what they say, not of how they are written', async () => {
    const mounts = { 'all://': a, 'http://*.example': b, 'http://c.example': null };
    expect(await whereTo(mounts, 'x.test')).toBe('a');
    expect(await whereTo(mounts, 'x.example')).toBe('b');
    expect(await whereTo(mounts, 'c.example')).toBe('fallback');
    expect(await whereTo({ 'http://a*': a, 'http://*a': b }, 'aa')).toBe('a');
  });

  it('leave the rest where it was, and cost nothing when there are none', async () => {
    expect(await whereTo({ 'http://a.example': a }, 'b.example')).toBe('fallback');
    const plain = routeBy(noMounts, fallback);
    expect(plain(['http', 'a', null, '/'], noProxies)).toBe(plain(['http', 'b', null, '/'], noProxies));
  });

  it('are laid over others pattern by pattern', async () => {
    const mounts = { 'http://a.example': a, 'http://b.example': b };
    expect(await whereTo(mounts, 'a.example', { 'HTTP://A.example:*/': b })).toBe('b');
    expect(await whereTo(mounts, 'b.example', { 'http://a.example': b })).toBe('b');
    expect(await whereTo(mounts, 'a.example', { 'http://a.example': null })).toBe('fallback');
    expect(await whereTo(mounts, 'a.example', null)).toBe('fallback');
  });

  it.each<[unknown]>([
    ['x'],
    [{ 'http://a': {} }],
    [{ 'http://a': undefined }],
    [{ 'http://a': 'http://b' }],
    [{ a }],
    [{ 'http://a': a, 'HTTP://A': b }],
  ])('refuses %o', (mounts) => {
    expect(() => mergeMounts(noMounts, mounts as MountsInput)).toThrow(InvalidOption);
  });
});
