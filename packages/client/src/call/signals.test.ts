import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { Ending, JoinedEnding, joinSignals, noSignal, onAbort } from './signals.ts';

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

describe('an end of our own', () => {
  it('tells who listens and has not left, once, with its reason', () => {
    const ending = new Ending();
    const told: unknown[] = [];
    const left = (): void => void told.push('left');
    ending.addEventListener('abort', () => told.push(ending.reason));
    ending.addEventListener('abort', left);
    ending.removeEventListener('abort', left);
    onAbort(ending, () => told.push('waited'));
    onAbort(ending, () => told.push('gave up'))();
    ending.abort('first');
    ending.abort('second');
    expect([ending.aborted, ending.reason, told]).toEqual([true, 'first', ['first', 'waited']]);
  });

  it.each(['before', 'after'])('is a real signal for who asks %s it has come', (moment) => {
    const ending = new Ending();
    if (moment === 'before') void ending.signal;
    ending.abort('over');
    expect(ending.signal).toBeInstanceOf(AbortSignal);
    expect(ending.signal).toBe(ending.signal);
    expect(AbortSignal.any([ending.signal]).reason).toBe('over');
  });

  it.each([
    ['its own', (joined: JoinedEnding) => joined.abort('over')],
    ['one of ours', (_: JoinedEnding, ours: Ending) => ours.abort('over')],
    ["somebody's", (_: JoinedEnding, _ours: Ending, somebody: AbortController) => somebody.abort('over')],
  ])('is joined with others, and comes with the first: %s', (_, end) => {
    const [ours, somebody] = [new Ending(), new AbortController()];
    const joined = new JoinedEnding([ours, somebody.signal]);
    const told: unknown[] = [];
    joined.addEventListener('abort', () => told.push(joined.reason));
    end(joined, ours, somebody);
    expect(told).toEqual(['over']);
    expect(joined.signal.reason).toBe('over');
    joined.release();
    expect(getEventListeners(somebody.signal, 'abort')).toHaveLength(0);
  });

  it('follows nobody once it was released', () => {
    const [ours, somebody] = [new Ending(), new AbortController()];
    const joined = new JoinedEnding([ours, somebody.signal]);
    joined.release();
    joined.release();
    ours.abort('late');
    somebody.abort('late');
    expect([joined.aborted, getEventListeners(somebody.signal, 'abort')]).toEqual([false, []]);
  });
});
