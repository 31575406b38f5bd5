import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { joinSignals, noSignal } from './signals.ts';

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

  it('leave no listener behind', () => {
    const signals = [new AbortController().signal, new AbortController().signal];
    const joined = joinSignals(signals);
    expect(signals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual([1, 1]);
    joined.release();
    joined.release();
    expect(signals.map((signal) => getEventListeners(signal, 'abort').length)).toEqual([0, 0]);
  });
});
