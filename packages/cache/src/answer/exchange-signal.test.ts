import { mockDispatcher, type Dispatcher } from '@x/httpcore';
import { describe, expect, it } from 'vitest';

import { cached } from '../cached.ts';
import { ExchangeSignal } from './exchange-signal.ts';

/** A cache before an origin whose signals are seen. */
function watched(control: string): { readonly dispatcher: Dispatcher; readonly signals: AbortSignal[] } {
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
  return { dispatcher, signals };
}

describe('the signal of an exchange', () => {
  const context = { signal: new AbortController().signal };

  it.each(['max-age=60', 'no-store'])('is none that another has meanwhile, and serves again: %s', async (control) => {
    const { dispatcher, signals } = watched(control);
    const ask = async (target: string): Promise<unknown> => {
      const [, , , , body] = await dispatcher.dispatch('GET', ['http', 'origin.test', null, target], [], null, undefined, context);
      return body.bytes();
    };
    for (let n = 0; n < 100; n += 1) await ask(`/one/${n}`);
    expect(new Set(signals).size).toBeLessThan(5);
    await Promise.all(Array.from({ length: 100 }, (_, n) => ask(`/many/${n}`)));
    expect(new Set(signals.slice(100)).size).toBe(100);
  });

  it('serves nobody else while its body is on the way, nor after it has aborted', async () => {
    const { dispatcher, signals } = watched('no-store');
    const open = (target: string, signal = context.signal) =>
      dispatcher.dispatch('GET', ['http', 'origin.test', null, target], [], null, undefined, { signal });
    const controller = new AbortController();
    const slow = await open('/slow');
    const aborted = await open('/aborted', controller.signal);
    controller.abort();
    await expect(aborted[4].bytes()).rejects.toThrow();
    await (await open('/next'))[4].bytes();
    expect(signals[1]!.aborted).toBe(true);
    expect(new Set(signals).size).toBe(3);
    expect(signals[2]!.aborted).toBe(false);
    await slow[4].close();
  });

  it('serves so often and no longer', () => {
    const first = ExchangeSignal.take();
    let last = first;
    for (let n = 0; n < 300 && last === first; n += 1) {
      last.giveBack();
      last = ExchangeSignal.take();
    }
    expect(last).not.toBe(first);
  });

  it('is given to no other when it has aborted', () => {
    const aborted = new ExchangeSignal();
    aborted.abort(new Error('enough'));
    aborted.giveBack();
    expect(ExchangeSignal.take()).not.toBe(aborted);
  });
});
