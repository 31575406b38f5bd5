import { describe, expect, it } from 'vitest';

import { answer, cachedOrigin, settled } from './cached-origin.ts';

const fresh = { 'cache-control': 'max-age=60' };

describe('No-Vary-Search', () => {
  const search = (value: string, options = { noVarySearch: true }): ReturnType<typeof cachedOrigin> =>
    cachedOrigin((request) => answer(request.url[3], { ...fresh, 'no-vary-search': value }), options);

  it('lets URLs share a response that differ in what it names', async () => {
    for (const [value, same, other] of [
      ['params=("utm")', '/?a=1&utm=x', '/?a=2'],
      ['params', '/?z=9', '/other'],
      ['params, except=("a")', '/?a=1&b=2', '/?a=2'],
      ['key-order, params=("utm" "ref")', '/?b=2&utm=1&a=1', '/?a=1&b=3'],
    ] as const) {
      const origin = search(value);
      const first = value.startsWith('key-order') ? '/?a=1&b=2&ref=7' : value === 'params' ? '/?y=8' : '/?a=1';
      await origin.ask(first);
      expect(await origin.ask(same), value).toMatchObject({ text: first, outcome: { state: 'hit' } });
      expect(await origin.state(other), value).toBe('miss');
      expect(await origin.dispatcher.cache.purge(`http://origin.test${same}`)).toBe(1);
      expect(await origin.state(first)).toBe('miss');
    }
  });

  it('is learnt while a request is on its way: a purge of what it is then the same as reaches it', async () => {
    for (const isAnswered of [true, false]) {
      let goOn = (): void => {};
      const pause = (): Promise<void> => new Promise((resolve) => (goOn = resolve));
      const origin = cachedOrigin(
        async () => {
          if (!isAnswered) await pause();
          const body = (async function* () {
            yield Buffer.from('half');
            if (isAnswered) await pause();
            yield Buffer.from('half');
          })();
          return { status: 200, headers: Object.entries({ ...fresh, 'no-vary-search': 'params=("utm")' }), body };
        },
        { noVarySearch: true },
      );
      const asking = origin.ask('/?a=1&utm=1');
      await settled();
      expect(await origin.dispatcher.cache.purge('http://origin.test/?utm=2&a=1')).toBe(0);
      goOn();
      expect((await asking).text).toBe('halfhalf');
      expect(await origin.dispatcher.cache.inspect('http://origin.test/?a=1&utm=3')).toEqual([]);
    }
  });

  it('is forgotten, or another: what was stored by an earlier one is purged too', async () => {
    let rule = '';
    const origin = cachedOrigin((request) => answer(request.url[3], { ...fresh, 'no-vary-search': rule }), { noVarySearch: true });
    for (const each of ['', 'params=("utm")', 'params', '']) {
      rule = each;
      await origin.ask('/?a=1&utm=1', { context: { cacheMode: 'reload' } });
    }
    await origin.ask('/?a=1&utm=1', { method: 'DELETE' });
    for (const each of ['', 'params=("utm")', 'params']) {
      rule = each;
      await origin.ask(`/?other=${each}`);
      expect(await origin.dispatcher.cache.inspect('http://origin.test/?a=1&utm=1'), each).toEqual(
        each === 'params' ? [expect.anything()] : [],
      );
    }
    // Of three rules, as many as there were.
    expect(await origin.dispatcher.cache.purge('http://origin.test/?a=1&utm=1')).toBe(1);
  });

  it('does nothing where it is not asked for, or makes no sense', async () => {
    for (const origin of [
      search('params', { noVarySearch: false }),
      search('params=1'),
      search('except=("a")'),
      search('params=("a"'),
      search('"'),
    ]) {
      await origin.ask('/?a=1');
      expect(await origin.state('/?a=2')).toBe('miss');
    }
  });
});
