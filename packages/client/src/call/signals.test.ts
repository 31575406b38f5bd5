import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { joinSignals, noSignal, onAbort } from './signals.ts';

describe('joined signals', () => {
  it('are none, or the one that there is', () => {
    expect(joinSignals([])).toBe(noSignal);
    const { signal } = new AbortController();
    expect(joinSignals([signal]).signal).toBe(signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('abort with the reason of the first that does', () => {
    const [first, second] = [new AbortController(), new AbortController()];
    const { signal } = joinSignals([first.signal, second.signal]);
    second.abort('second');
    first.abort('first');
    expect(signal!.reason).toBe('second');
  });

  it('are aborted when one was before', () => {
    const { signal } = joinSignals([new AbortController().signal, AbortSignal.abort('before')]);
    expect(signal!.reason).toBe('before');
  });

  it('have one listener for all who wait, and tell each of them once', () => {
    const controller = new AbortController();
    const { signal } = controller;
    const told: number[] = [];
    const releases = Array.from({ length: 5 }, (_, index) => onAbort(signal, () => told.push(index)));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    releases[3]!();
    const others = onAbort(signal, () => releases[4]!());
    controller.abort();
    others();
    for (const release of releases) release();
    expect(told).toEqual([0, 1, 2, 4]);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('leave no listener behind', () => {
    const signals = [new AbortController().signal, new AbortController().signal];
    const joined = joinSignals(signals);
    expect(signals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual([1, 1]);
    joined.release();
    joined.release();
    expect(signals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual([0, 0]);
  });
});
