import { describe, expect, it } from 'vitest';

import { RetryBudget } from './retry-budget.ts';

function budgetAt(start = 0): { budget: RetryBudget; pass: (milliseconds: number) => void; takeAll: () => number } {
  let now = start;
  const budget = new RetryBudget(() => now);
  return {
    budget,
    pass: (milliseconds) => (now += milliseconds),
    takeAll() {
      let taken = 0;
      while (budget.withdraw()) taken++;
      return taken;
    },
  };
}

describe('a retry budget', () => {
  it('has ten for each second of its window, without any traffic', () => {
    const { takeAll } = budgetAt(123_456);
    expect(takeAll()).toBe(100);
    expect(takeAll()).toBe(0);
  });

  it('has one more for every five requests', () => {
    const { budget, takeAll } = budgetAt();
    for (let request = 0; request < 1000; request++) budget.deposit();
    expect(takeAll()).toBe(300);
  });

  it('gets back what was taken once ten seconds are over', () => {
    const { pass, takeAll } = budgetAt();
    expect(takeAll()).toBe(100);
    pass(9000);
    expect(takeAll()).toBe(0);
    pass(1000);
    expect(takeAll()).toBe(100);
    pass(3_600_000);
    expect(takeAll()).toBe(100);
  });

  it('does not save up', () => {
    const { budget, pass, takeAll } = budgetAt();
    for (let request = 0; request < 10_000; request++) budget.deposit();
    pass(10_000);
    expect(takeAll()).toBe(100);
  });

  it('lets a fifth through of what fails for ever', () => {
    const { budget, pass } = budgetAt();
    let retries = 0;
    // A hundred seconds with a thousand requests each, all of them wanting a retry.
    for (let second = 0; second < 100; second++) {
      for (let request = 0; request < 1000; request++) {
        budget.deposit();
        if (budget.withdraw()) retries++;
      }
      pass(1000);
    }
    expect(retries / 100_000).toBeGreaterThan(0.19);
    expect(retries / 100_000).toBeLessThan(0.22);
  });

  /** Two hundred requests a second, all of which go well. */
  function go(milliseconds: number, { budget, pass }: ReturnType<typeof budgetAt>): void {
    for (let past = 0; past < milliseconds; past += 5) {
      budget.deposit();
      budget.succeed();
      pass(5);
    }
  }

  it('is as large after a second of traffic as after ten, and no larger once ten are over', () => {
    for (const milliseconds of [500, 1000, 5000, 20_000]) {
      const client = budgetAt();
      go(milliseconds, client);
      expect(client.takeAll()).toBeGreaterThanOrEqual(450);
    }
    const client = budgetAt();
    go(1000, client);
    let taken = client.takeAll();
    expect(taken).toBe(500);
    for (let second = 1; second < 10; second++) {
      go(1000, client);
      taken += client.takeAll();
    }
    expect(taken).toBe(500);
  });

  it('is so again where traffic begins anew', () => {
    const client = budgetAt();
    go(1000, client);
    client.pass(3_600_000);
    go(1000, client);
    expect(client.takeAll()).toBe(500);
  });

  it('has nothing ahead where all has failed from the start', () => {
    const client = budgetAt();
    let [requests, retries] = [0, 0];
    for (; requests < 1000; requests++) {
      client.budget.deposit();
      if (client.budget.withdraw()) retries++;
      client.pass(5);
    }
    expect(retries).toBeLessThanOrEqual(100 + requests / 5);
  });

  it('has nothing ahead where what fails takes its time to', () => {
    for (const slowness of [600, 1000, 4000]) {
      const client = budgetAt();
      let [requests, retries] = [0, 0];
      for (let now = 0; now < slowness + 5000; now += 5) {
        client.budget.deposit();
        requests++;
        if (now >= slowness && client.budget.withdraw()) retries++;
        client.pass(5);
      }
      expect(retries).toBeLessThanOrEqual(100 + requests / 5);
    }
  });

  it('has ahead what went well, not what was tried', () => {
    const client = budgetAt();
    for (let request = 0; request < 200; request++) {
      client.budget.deposit();
      if (request % 2 === 0) client.budget.succeed();
      client.pass(5);
    }
    expect(client.takeAll()).toBe(100 + 200);
  });
});
