import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { listenForAbort, stopListening, type AbortHandler, type AbortListener } from './abort-listener.ts';

class Told implements AbortHandler {
  nextListening: AbortHandler | null = null;
  previousListening: AbortHandler | null = null;
  count = 0;
  #listener: AbortListener | null = null;
  readonly #signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#listener = listenForAbort(signal, this);
  }

  handleEvent(): void {
    this.count += 1;
    this.stop();
  }

  stop(): void {
    stopListening(this.#signal, this.#listener, this);
    this.#listener = null;
  }
}

const listeners = (signal: AbortSignal): number => getEventListeners(signal, 'abort').length;

describe('exchanges that wait for a signal', () => {
  it.each([1, 2, 3, 1_000])('%i of them: all are told, once, and nothing stays behind', (count) => {
    const controller = new AbortController();
    const all = Array.from({ length: count }, () => new Told(controller.signal));
    expect(listeners(controller.signal)).toBe(Math.min(count, 2));
    controller.abort();
    expect(all.every((told) => told.count === 1)).toBe(true);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('are told by a function: an object that listens is held by Node after it has been taken away', () => {
    const { signal } = new AbortController();
    const all = [new Told(signal), new Told(signal)];
    expect(getEventListeners(signal, 'abort').map((listener) => typeof listener)).toEqual(['function', 'function']);
    for (const told of all) told.stop();
  });

  it('are not told once they have stopped, in whatever order they do', () => {
    const controller = new AbortController();
    const [first, second, third] = [new Told(controller.signal), new Told(controller.signal), new Told(controller.signal)];
    first.stop();
    third.stop();
    second.stop();
    expect(listeners(controller.signal)).toBe(0);
    const last = new Told(controller.signal);
    second.stop();
    expect(listeners(controller.signal)).toBe(1);
    controller.abort();
    expect([first, second, third, last].map(({ count }) => count)).toEqual([0, 0, 0, 1]);
  });

  it('may end others of them', () => {
    const controller = new AbortController();
    const others = [new Told(controller.signal), new Told(controller.signal)];
    const ending = new (class extends Told {
      override handleEvent(): void {
        super.handleEvent();
        for (const other of others) other.stop();
      }
    })(controller.signal);
    others.push(new Told(controller.signal));
    controller.abort();
    expect([ending.count, ...others.map(({ count }) => count)]).toEqual([1, 1, 1, 0]);
    expect(listeners(controller.signal)).toBe(0);
  });

  it('of many signals in turn are told by their own', () => {
    const controllers = Array.from({ length: 20 }, () => new AbortController());
    const all = [...controllers, ...controllers, ...controllers].map(({ signal }) => new Told(signal));
    controllers[3]!.abort();
    expect(all.map(({ count }) => count)).toEqual(all.map((_, index) => (index % 20 === 3 ? 1 : 0)));
    for (const told of all) told.stop();
    expect(controllers.map(({ signal }) => listeners(signal))).toEqual(controllers.map(() => 0));
  });

  it('need no more of a signal than that it knows functions', () => {
    const known = new Set<unknown>();
    const signal = {
      aborted: false,
      addEventListener: (_: string, listener: unknown) => known.add(listener),
      removeEventListener: (_: string, listener: unknown) => known.delete(listener),
    } as unknown as AbortSignal;
    const both = [new Told(signal), new Told(signal)];
    expect([...known].every((listener) => typeof listener === 'function')).toBe(true);
    for (const listener of known) (listener as () => void)();
    expect(both.map(({ count }) => count)).toEqual([1, 1]);
    expect(known.size).toBe(0);
  });
});
