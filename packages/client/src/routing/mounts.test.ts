import { mockDispatcher, type Dispatcher, type UrlParts } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { InvalidOption } from '../errors.ts';
import { mergeMounts, noMounts, routeByMounts, type MountsInput } from './mounts.ts';

const named = (name: string): Dispatcher => mockDispatcher(() => ({ status: 200, body: name }));
const [a, b, fallback] = [named('a'), named('b'), named('fallback')];

async function whereTo(mounts: MountsInput, host: string, more?: MountsInput | null): Promise<string> {
  const url: UrlParts = ['http', host, null, '/'];
  const route = routeByMounts(mergeMounts(mergeMounts(noMounts, mounts), more), fallback);
  const [, , , , body] = await route.dispatch('GET', url, [], null);
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
    expect(routeByMounts(noMounts, fallback)).toBe(fallback);
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

  it('hands every argument on', async () => {
    const seen: unknown[] = [];
    const spy = {
      dispatch: (...all: unknown[]) => (seen.push(...all), a.dispatch('GET', ['http', 'a', null, '/'], [], null)),
    } as unknown as Dispatcher;
    const context = { deadline: 1e9 };
    await routeByMounts(mergeMounts(noMounts, { 'all://': spy }), fallback).dispatch(
      'PUT',
      ['http', 'x', 1, '/'],
      [['a', 'b']],
      [],
      [1, 2, 3, 4],
      context,
    );
    expect(seen).toEqual(['PUT', ['http', 'x', 1, '/'], [['a', 'b']], [], [1, 2, 3, 4], context]);
  });
});
