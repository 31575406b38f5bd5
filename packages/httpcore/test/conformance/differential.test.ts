/**
 * Replies that are nearly right, to our engine and to Node's own parser: where both read one, they read the same; where only we
 * do, a rule says why that is right, and where only Node does, why we do not.
 */
import { describe, expect, it } from 'vitest';

import { isFieldValue, isToken } from '../../src/model/field-syntax.ts';
import { seededRandom } from '../support/seeded-random.ts';
import { conformanceData } from './data.ts';
import { corpus, type Sample } from './differential/corpus.ts';
import { cut, mutate, type Random } from './differential/mutation.ts';
import { nodeOutcomeOf } from './differential/node-parser.ts';
import { acceptances, disagreements, refusals, type Comparison, type Rule } from './differential/rules.ts';
import { outcomeOf, type Outcome, type Question } from './outcome.ts';

/** About a second each. */
const rounds = 12_000;

const samples = corpus(conformanceData());

describe(`replies that are nearly right, ${rounds} of them`, () => {
  it("are read as Node's parser reads them, or for a reason that has a name", () => {
    const unexplained: unknown[] = [];
    const endings = { complete: 0, waiting: 0, fault: 0 };
    for (const { bytes, question } of mutations(samples, 1)) {
      const { reusable: _reusable, violations: _violations, ...ours } = outcomeOf([bytes], question);
      const theirs = nodeOutcomeOf(bytes, question);
      endings[ours.ending] += 1;
      const rules = rulesFor(ours, theirs);
      const comparison: Comparison = { text: bytes.toString('latin1'), question, ours, theirs };
      if (rules !== undefined && !rules.some((rule) => rule.applies(comparison))) unexplained.push(comparison);
    }
    expect(unexplained.slice(0, 3)).toEqual([]);
    // The mutations are of use only while a good part of them gets through.
    expect(Math.min(endings.complete, endings.waiting, endings.fault)).toBeGreaterThan(rounds / 20);
  });

  it('come out the same however they are cut, and never out of order', () => {
    for (const { bytes, question, random } of mutations(samples, 2)) {
      const asked = { ...question, lenient: random(3) === 0 };
      const pieces = cut(bytes, random);
      const whole = outcomeOf([bytes], asked);
      const inPieces = outcomeOf(pieces, asked);
      const reply = JSON.stringify({ reply: bytes.toString('latin1'), asked, pieces: pieces.map(({ length }) => length) });
      expect(inPieces, reply).toEqual(whole);
      expect(whole.violations, reply).toEqual([]);
      if (asked.closes === true) expect(whole.ending, reply).not.toBe('waiting');
      if (whole.ending !== 'complete' || asked.closes === true) expect([whole.reusable, inPieces.reusable], reply).toEqual([false, false]);
      expect(unfitFields(whole, asked.lenient), reply).toEqual([]);
    }
  });
});

/** `undefined`: they are of one mind. */
function rulesFor(ours: Outcome, theirs: Outcome): readonly Rule[] | undefined {
  if (ours.ending === 'fault') return theirs.ending === 'fault' ? undefined : refusals;
  if (theirs.ending === 'fault') return acceptances;
  return isSame(ours, theirs) ? undefined : disagreements;
}

function isSame(ours: Outcome, theirs: Outcome): boolean {
  return JSON.stringify(ours) === JSON.stringify(theirs);
}

function* mutations(samples: readonly Sample[], seed: number): Generator<{ bytes: Buffer; question: Question; random: Random }> {
  const random = seededRandom(seed);
  for (let round = 0; round < rounds; round += 1) {
    const sample = samples[random(samples.length)]!;
    const bytes = mutate(sample.bytes, samples[random(samples.length)]!.bytes, random);
    yield { bytes, question: { ...sample.question, closes: random(2) === 0 }, random };
  }
}

/** Names, values and reasons that could not be sent on as they are; leniently, values may have controls that end nothing. */
function unfitFields({ informational, head, trailers }: Outcome, lenient: boolean): unknown[] {
  const heads = head === undefined ? informational : [...informational, head];
  const pairs = [...heads.flatMap(({ headers }) => headers), ...trailers];
  return [
    ...pairs.filter(([name, value]) => !isToken(name) || !(lenient ? !/[\0\r\n]/.test(value) : isFieldValue(value))),
    ...heads.map(({ reason }) => reason).filter((reason) => !isFieldValue(reason)),
  ];
}
