import { withEnoughTime } from '@x/testbed/enough-time';
import { expect, it } from 'vitest';

import { onceIn } from './limit.ts';
import { now, setImmediate } from './platform.ts';

function block(milliseconds: number): void {
  for (const end = now() + milliseconds; now() < end;);
}

it('is called off by what the sockets bring when the loop was blocked', async () => {
  // The system may stop this process, too, and for longer than the limit is waited again.
  await withEnoughTime(async (more) => {
    let isPassed = false;
    const cancel = onceIn(10, () => {
      isPassed = true;
    });
    block(60 + more);
    // The timers come before the sockets, and these before the next turn.
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(isPassed).toBe(false);
    cancel();
    await new Promise((resolve) => setImmediate(resolve));
    expect(isPassed).toBe(false);
  });
});

it('passes all the same where nothing comes, after as long as the loop was blocked', async () => {
  const begun = now();
  const passed = new Promise<number>((resolve) => onceIn(10, () => resolve(now())));
  block(70);
  expect((await passed) - begun).toBeGreaterThan(120);
});

it('passes at once where it has passed before', async () => {
  const passed = await new Promise<boolean>((resolve) => onceIn(-5, () => resolve(true)));
  expect(passed).toBe(true);
});
