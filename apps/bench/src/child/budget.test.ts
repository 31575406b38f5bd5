import { expect, test } from 'vitest';
import { Budget, spend } from './budget.ts';

test('a budget gives leave exactly as often as it has requests', () => {
  const budget = new Budget(3);
  expect([budget.take(), budget.take(), budget.take(), budget.take()]).toEqual([true, true, true, false]);
  expect(budget.taken).toBe(3);
});

test('a stopped budget keeps count of what was started', () => {
  const budget = new Budget(10);
  budget.take();
  budget.stop();
  expect(budget.take()).toBe(false);
  expect(budget.taken).toBe(1);
});

test('an effort ends when its time is up, however many requests are left', async () => {
  const budget = await spend({ requests: Number.MAX_SAFE_INTEGER, milliseconds: 5 }, async (running) => {
    while (running.take()) await new Promise<void>((resolve) => setImmediate(resolve));
  });
  expect(budget.taken).toBeGreaterThan(0);
});

test('an effort passes a failure on', async () => {
  const failing = spend({ requests: 1, milliseconds: 1000 }, () => Promise.reject(new Error('refused')));
  await expect(failing).rejects.toThrow('refused');
});
