/** How often, and in what shapes, a length may be given: the combinations of web-platform-tests (fetch/content-length). */
import { expect, it } from 'vitest';

import { everySplit } from '../../src/testing/every-split.ts';
import { describeConformance } from './data.ts';
import { outcomeOf } from './outcome.ts';

interface Combination {
  /** Field lines, joined by CRLF. */
  readonly input: string;
  /** Bytes that are read of a body of 42, behind which the connection is closed; `null`: a network error. */
  readonly output: number | null;
}

const repeated = { reason: 'a repeated length is refused, also with equal values', code: 'CONFLICTING_FRAMING' };
const list = { reason: 'a list is no length (RFC 9112 §6.3 lets us refuse it, also with equal members)', code: 'INVALID_CONTENT_LENGTH' };
const noNumber = {
  reason: 'browsers read until the connection closes; RFC 9112 §6.3 has an invalid length refused',
  code: 'INVALID_CONTENT_LENGTH',
};

/** Where a browser reads the body and we refuse it. Whatever is not here must be the same. */
const differences: Readonly<Record<string, { readonly reason: string; readonly code: string }>> = {
  'Content-Length: 42\r\nContent-Length: 42': repeated,
  'Content-Length: 42\r\nContent-Length: 42,42': repeated,
  'Content-Length: 30\r\nContent-Length: 30': repeated,
  'Content-Length: 30\r\nContent-Length: 30,30': repeated,
  'Content-Length: 42,42': list,
  'Content-Length: 30,30': list,
  'Content-Length: aaaah\r\nContent-Length: aaaah': noNumber,
  'Content-Length: aaaah, aaaah': noNumber,
  'Content-Length: aaaah': noNumber,
  'Content-Length: 42s': noNumber,
  'Content-Length: 30s': noNumber,
  'Content-Length: -1': noNumber,
  'Content-Length: 0x20': noNumber,
  'Content-Length: "30"': noNumber,
  'Content-Length: ': noNumber,
};

describeConformance('combinations of Content-Length', (data) => {
  const combinations = data.json<readonly Combination[]>('http1/wpt-content-lengths.json');

  it('are all here, and so is what each difference is about', () => {
    expect(combinations).toHaveLength(31);
    expect(Object.keys(differences).filter((input) => !combinations.some((given) => given.input === input))).toEqual([]);
  });

  for (const { input, output } of combinations) {
    const difference = differences[input];
    const title = `${JSON.stringify(input)} gives ${output ?? 'an error'}`;

    it(difference === undefined ? title : `${title} (not so: ${difference.reason})`, () => {
      const body = 'x'.repeat(42);
      everySplit(`HTTP/1.1 200 OK\r\n${input}\r\n\r\n${body}`, (pieces) => {
        const seen = outcomeOf(pieces, { closes: true });
        if (difference !== undefined) expect(output).not.toBeNull();
        if (difference === undefined && output !== null) {
          expect(seen).toMatchObject({ ending: 'complete', body: body.slice(0, output) });
        } else {
          expect(seen).toMatchObject({
            ending: 'fault',
            head: undefined,
            code: difference?.code ?? expect.stringMatching(/^(?:CONFLICTING_FRAMING|INVALID_CONTENT_LENGTH)$/),
          });
        }
      });
    });
  }
});
