import { describe, expect, it } from 'vitest';

import { Aborted } from '../contract/errors.ts';
import { FakeClock } from '../testing/fake-clock.ts';
import { drainLimit, UnwantedAnswer } from './unwanted-answer.ts';

async function start(): Promise<{ clock: FakeClock; answer: UnwantedAnswer; seen: string[] }> {
  const clock = new FakeClock();
  const seen: string[] = [];
  const answer = new UnwantedAnswer(new Aborted('closed'), clock, 1_000, () => seen.push('given up'));
  void answer.whenOver().then(() => seen.push('told'));
  await clock.settle();
  expect(seen).toEqual([]);
  return { clock, answer, seen };
}

describe('the rest of an answer that nobody reads', () => {
  it('holds up its caller for a moment only, and is waited for longer', async () => {
    const { clock, answer, seen } = await start();
    clock.advance(20);
    await clock.settle();
    expect(seen).toEqual(['told']);
    clock.advance(979);
    expect(seen).toEqual(['told']);
    clock.advance(1);
    answer.stop();
    await clock.settle();
    expect([seen, clock.pending]).toEqual([['told', 'given up'], 0]);
  });

  it('tells its caller at once when it is here', async () => {
    const { clock, answer, seen } = await start();
    answer.onData(10);
    answer.stop();
    await clock.settle();
    expect([seen, clock.pending]).toEqual([['told'], 0]);
  });

  it('is given up when it turns out to be more than is worth reading', async () => {
    const { answer, seen } = await start();
    answer.onData(drainLimit);
    expect(seen).toEqual([]);
    answer.onData(1);
    expect(seen).toEqual(['given up']);
  });
});
