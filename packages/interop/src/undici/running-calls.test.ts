import { expect, it } from 'vitest';

import { RunningCalls, type Running } from './running-calls.ts';

class Call implements Running {
  next: this | undefined = undefined;
  previous: this | undefined = undefined;
}

it('has what runs, in whatever order it ends, and holds nothing that is over', () => {
  const calls = new RunningCalls<Call>();
  expect(calls.isEmpty).toBe(true);
  const [first, second, third] = [new Call(), new Call(), new Call()];
  for (const call of [first, second, third]) calls.add(call);
  expect(new Set(calls.all())).toEqual(new Set([first, second, third]));
  calls.remove(second);
  expect(calls.all()).toEqual([third, first]);
  calls.remove(third);
  calls.add(second);
  calls.remove(first);
  expect(calls.all()).toEqual([second]);
  calls.remove(second);
  expect(calls.isEmpty).toBe(true);
  for (const call of [first, second, third]) expect([call.next, call.previous]).toEqual([undefined, undefined]);
});
