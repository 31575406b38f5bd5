import { getEventListeners } from 'node:events';

import { describe, expect, it } from 'vitest';

import { Aborted, DeadlineExceeded } from '@x/httpcore';
import { withinCall } from './within-call.ts';

const never = new Promise<never>(() => {});
const activeTimers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
const noLimits = { signal: undefined, deadline: undefined };

describe('work within a call', () => {
  it('comes to what it comes to, and leaves nothing behind', async () => {
    const timers = activeTimers();
    const { signal } = new AbortController();
    const limits = { signal, deadline: performance.now() + 60_000 };
    expect(await withinCall(limits, Promise.resolve(7))).toBe(7);
    const mistake = new Error('its own');
    await expect(withinCall(limits, Promise.reject(mistake))).rejects.toBe(mistake);
    expect(await withinCall(noLimits, Promise.resolve(8))).toBe(8);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    // Those before are of the test's surroundings, and may have gone.
    expect(activeTimers()).toBeLessThanOrEqual(timers);
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    const waiting = withinCall({ ...noLimits, signal: controller.signal }, never);
    controller.abort('enough');
    const error = await waiting.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Aborted);
    expect(error).toMatchObject({ cause: 'enough', phase: 'request' });
    await expect(withinCall({ ...noLimits, signal: controller.signal }, never)).rejects.toBeInstanceOf(Aborted);
  });

  it('ends at the deadline, also one that has passed', async () => {
    await expect(withinCall({ ...noLimits, deadline: performance.now() + 1 }, never)).rejects.toBeInstanceOf(DeadlineExceeded);
    await expect(withinCall({ ...noLimits, deadline: 0 }, never)).rejects.toBeInstanceOf(DeadlineExceeded);
  });

  it('may fail when nobody listens any more', async () => {
    let fail: ((reason: Error) => void) | undefined;
    const late = new Promise<never>((_, reject) => (fail = reject));
    const controller = new AbortController();
    const waiting = withinCall({ ...noLimits, signal: controller.signal }, late);
    controller.abort();
    await expect(waiting).rejects.toBeInstanceOf(Aborted);
    fail!(new Error('too late'));
    await null;
  });
});
