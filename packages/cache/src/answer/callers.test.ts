import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { Callers, type Caller } from './callers.ts';

class Counting implements Caller {
  calls = 0;
  nextCaller: Caller | undefined = undefined;
  previousCaller: Caller | undefined = undefined;
  callers: Callers | undefined = undefined;
  readonly #then: () => void;

  constructor(then: () => void = () => {}) {
    this.#then = then;
  }

  left(): void {
    this.calls += 1;
    this.#then();
  }
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('callers of one signal', () => {
  it('are behind one listener, which goes with the last of them', () => {
    const { signal } = new AbortController();
    const all = Array.from({ length: 1000 }, () => new Counting());
    for (const one of all) Callers.add(signal, one);
    expect(listeners(signal)).toBe(1);
    // From the middle, from both ends, and twice.
    for (const one of [...all.slice(400, 600), ...all.slice(0, 400), ...all.slice(600).reverse(), all[0]!]) one.callers?.remove(one);
    expect(listeners(signal)).toBe(0);
    const late = new Counting();
    Callers.add(signal, late);
    expect(listeners(signal)).toBe(1);
    late.callers!.remove(late);
  });

  it('are told once each, but for those who have gone, or whom another one takes out meanwhile', () => {
    const controller = new AbortController();
    const gone = new Counting();
    const last = new Counting();
    const first = new Counting(() => last.callers!.remove(last));
    const middle = new Counting();
    for (const one of [first, gone, middle, last]) Callers.add(controller.signal, one);
    gone.callers!.remove(gone);
    controller.abort();
    expect([first, gone, middle, last].map(({ calls }) => calls)).toEqual([1, 0, 1, 0]);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('are told by their own signal, however many there are', () => {
    const controllers = Array.from({ length: 50 }, () => new AbortController());
    const all = [...controllers, ...controllers].map(({ signal }) => {
      const one = new Counting();
      Callers.add(signal, one);
      return one;
    });
    controllers.forEach((controller, index) => {
      controller.abort();
      expect(all.map(({ calls }) => calls)).toEqual(all.map((_, other) => (other % 50 <= index ? 1 : 0)));
    });
  });
});
