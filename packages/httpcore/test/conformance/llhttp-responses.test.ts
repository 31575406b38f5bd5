/** llhttp's own suite of responses, each in every split, through our engine. */
import { expect, it } from 'vitest';

import { everySplit } from '../../src/testing/every-split.ts';
import { describeConformance } from './data.ts';
import { differences } from './llhttp/differences.ts';
import { expectedOutcome, questionOf, type ExpectedOutcome, type LlhttpCase } from './llhttp/event-log.ts';
import { outcomeOf, type ObservedOutcome, type Question } from './outcome.ts';

type Seen = ExpectedOutcome & Pick<ObservedOutcome, 'code' | 'reusable'>;

describeConformance("llhttp's responses", (data) => {
  const cases = data.json<readonly LlhttpCase[]>('http1/llhttp-responses.json');

  it('are all here, and so is what each difference is about', () => {
    expect(cases).toHaveLength(85);
    expect(cases.filter(({ log }) => log.some((line) => / error code=\d+ /.test(line)))).toHaveLength(26);
    expect(Object.keys(differences).filter((title) => !cases.some((given) => titleOf(given) === title))).toEqual([]);
  });

  for (const given of cases) {
    const title = titleOf(given);
    const theirs = expectedOutcome(given);
    const difference = differences[title];

    it(difference === undefined ? title : `${title} (not so: ${difference.reason})`, () => {
      // A difference that is none must leave the table.
      if (difference !== undefined) expect({ code: undefined, ...theirs }).not.toEqual({ code: undefined, ...theirs, ...difference.ours });
      everySplit(Buffer.from(given.inputB64, 'base64'), (pieces) => {
        const { code, reusable, ...seen } = read(pieces, questionOf(given), given.type === 'response-finish');
        if (difference?.ours.code === undefined) expect(seen).toEqual({ ...theirs, ...difference?.ours });
        else expect({ code, ...seen }).toEqual({ ...theirs, ...difference.ours });
        // Whatever we see otherwise than llhttp, nobody is to see the end of it.
        if (difference !== undefined) expect(reusable).toBe(false);
        // llhttp has numbers of its own for what is wrong; ours is one of those that are documented.
        if (seen.ending === 'fault')
          expect(code).toMatch(/^INVALID_(?:RESPONSE|CHUNK|CONTENT_LENGTH)$|^CONFLICTING_FRAMING$|^UNSUPPORTED_TRANSFER_CODING$/);
      });
    });
  }
});

function titleOf({ file, name }: LlhttpCase): string {
  return `${file}: ${name}`;
}

function read(pieces: readonly Uint8Array[], question: Question, closes: boolean): Seen {
  const { violations, ...seen } = outcomeOf(pieces, { ...question, closes });
  expect(violations).toEqual([]);
  if (seen.ending !== 'complete') expect(seen.reusable).toBe(false);
  const endingAtClose = seen.ending === 'waiting' ? outcomeOf(pieces, { ...question, closes: true }).ending : seen.ending;
  return { ...seen, endingAtClose, readsOn: false };
}
