import { expect, it } from 'vitest';

import { KeyedStates } from './keyed-states.ts';

interface State {
  isIdle: boolean;
  isInUse: boolean;
}

function states(made: Partial<State>) {
  let looked = 0;
  const keyed = new KeyedStates<State>(
    () => ({ isIdle: false, isInUse: false, ...made }),
    (state) => {
      looked += 1;
      return state.isIdle;
    },
    (state) => state.isInUse,
  );
  const ask = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) keyed.of(`https://${at}.test`);
  };
  return { keyed, ask, looked: () => looked };
}

it('forgets what is idle beyond a thousand', () => {
  const { keyed, ask } = states({ isIdle: true });
  ask(0, 5_000);
  expect(keyed.size).toBe(1_000);
});

it('keeps what is not up to ten thousand, and looks at few of them each time', () => {
  const { keyed, ask, looked } = states({});
  const first = keyed.of('https://kept.test');
  ask(0, 9_000);
  expect(keyed.of('https://kept.test')).toBe(first);
  ask(9_000, 100_000);
  expect(keyed.size).toBe(10_000);
  expect(looked()).toBeLessThan(1_000_000);
  expect(keyed.of('https://99999.test')).not.toBe(first);
});

it('forgets nothing that is in use', () => {
  const { keyed, ask } = states({ isInUse: true });
  ask(0, 12_000);
  expect(keyed.size).toBe(12_000);
  for (const [, state] of keyed) Object.assign(state, { isIdle: true, isInUse: false });
  for (let turn = 0; turn < 12_000 && keyed.size > 1_000; turn += 1) keyed.of('https://one.test');
  expect(keyed.size).toBe(1_000);
});
