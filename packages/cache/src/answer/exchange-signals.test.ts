import { mockDispatcher } from '@x/httpcore';
import { expect, it } from 'vitest';

import { cached } from '../cached.ts';

it.each(['max-age=60', 'no-store'])('the signal of an exchange is never that of another, nor aborts after its end: %s', async (control) => {
  const inner = mockDispatcher(() => ({ status: 200, headers: [['cache-control', control]], body: 'a' }));
  const signals: AbortSignal[] = [];
  const dispatcher = cached({
    dispatch(...asked) {
      signals.push(asked[5]!.signal!);
      return inner.dispatch(...asked);
    },
    close: () => inner.close(),
    [Symbol.asyncDispose]: () => inner.close(),
  });
  const controller = new AbortController();
  for (let n = 0; n < 20; n += 1) {
    const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'origin.test', null, `/${n}`], [], null, undefined, controller);
    await body.bytes();
  }
  controller.abort();
  expect(new Set(signals).size).toBe(20);
  expect(signals.some(({ aborted }) => aborted)).toBe(false);
});
