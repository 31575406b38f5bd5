import { expect, it } from 'vitest';

import { Breaker } from './breaker.ts';

it('does not count a probe that comes back when it is half-open once more', () => {
  const breaker = new Breaker({ window: 1000, minRequests: 1, failureRate: 0.5, openFor: 100, maxOpenFor: 1000, probes: 2 });
  breaker.settle(true, undefined, 0);
  expect(breaker.ask(100)).toBe('probe');
  const [late, dropped, failed] = [breaker.probe(), breaker.probe(), breaker.probe()];
  breaker.settle(true, failed, 110);
  expect(breaker.state(110)).toBe('open');
  expect(breaker.ask(310)).toBe('probe');
  breaker.settle(false, late, 311);
  breaker.drop(dropped);
  const probes = [];
  while (breaker.ask(312) === 'probe') probes.push(breaker.probe());
  expect(probes).toHaveLength(2);
  breaker.settle(false, probes[0], 313);
  expect(breaker.state(313)).toBe('half-open');
  breaker.settle(false, probes[1], 314);
  expect(breaker.state(314)).toBe('closed');
});
