import { getDefaultResultOrder } from 'node:dns';

import { describe, expect, it } from 'vitest';

import { FakeClock } from '../../testing/fake-clock.ts';
import { nameSource, ServerQuestion, type NameOutcome } from './name-source.ts';

const failure = (code: string): Error => Object.assign(new Error(code), { code });
const four = [{ address: '192.0.2.1', ttl: 60 }];
const six = [{ address: '2001:db8::1', ttl: 30 }];

/** `addresses: ttl`, or the code. */
function shown(outcome: NameOutcome | undefined): string {
  if (outcome === undefined) return 'waits';
  return outcome.addresses === undefined
    ? String((outcome.cause as NodeJS.ErrnoException).code)
    : `${outcome.addresses.join(' ')}: ${outcome.ttl}`;
}

function ask(): { clock: FakeClock; question: ServerQuestion; outcome: () => string } {
  const clock = new FakeClock();
  const outcomes: NameOutcome[] = [];
  const question = new ServerQuestion(0, clock, (outcome) => void outcomes.push(outcome));
  return {
    clock,
    question,
    outcome: () => {
      expect(outcomes.length).toBeLessThanOrEqual(1);
      return shown(outcomes[0]);
    },
  };
}

describe('the answers of name servers about two families', () => {
  it('are one, with the shorter time, in the order of the process, in whichever they come', () => {
    // Deno's is another by default.
    const both = getDefaultResultOrder() === 'ipv4first' ? '192.0.2.1 2001:db8::1' : '2001:db8::1 192.0.2.1';
    for (const order of [
      [4, 6],
      [6, 4],
    ] as const) {
      const { clock, question, outcome } = ask();
      question.answer(order[0], null, order[0] === 4 ? four : six);
      expect(outcome()).toBe('waits');
      clock.advance(49);
      question.answer(order[1], null, order[1] === 4 ? four : six);
      expect(outcome()).toBe(`${both}: 30000`);
      clock.advance(1_000);
      expect(outcome()).toBe(`${both}: 30000`);
    }
  });

  it('are no longer waited for when the first has waited 50 ms, and then hold for a moment only', () => {
    const { clock, question, outcome } = ask();
    question.answer(4, null, four);
    clock.advance(50);
    expect(outcome()).toBe('192.0.2.1: 1000');
    question.answer(6, null, six);
    expect(outcome()).toBe('192.0.2.1: 1000');
  });

  it('may be of one family alone: at once where the other has none, for a moment where it failed', () => {
    const none = ask();
    none.question.answer(6, failure('ENODATA'), []);
    none.question.answer(4, null, four);
    expect(none.outcome()).toBe('192.0.2.1: 60000');
    const failed = ask();
    failed.question.answer(6, failure('ESERVFAIL'), []);
    failed.question.answer(4, null, four);
    expect(failed.outcome()).toBe('192.0.2.1: 1000');
  });

  it('fail by what could not be said, and not by what is not there', () => {
    const silent = ask();
    silent.question.answer(4, failure('ETIMEOUT'), []);
    expect(silent.outcome()).toBe('waits');
    silent.question.answer(6, failure('ENODATA'), []);
    expect(silent.outcome()).toBe('ETIMEOUT');
    const absent = ask();
    absent.question.answer(4, failure('ENOTFOUND'), []);
    absent.question.answer(6, failure('ENOTFOUND'), []);
    expect(absent.outcome()).toBe('ENOTFOUND');
  });
});

it('name servers are addresses', () => {
  expect(() => nameSource(undefined, ['nowhere'], new FakeClock())).toThrow(
    expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining('"dns.servers"') as string }),
  );
});
