import { expect, test } from 'vitest';
import { DOWNLOAD_RESULT, MEMORY_RESULT, SAMPLE_REPORT, SMALL_RESULT } from './sample-report.ts';
import { terminalHeading, terminalResult, terminalVerdicts } from './terminal.ts';

test('the heading names the runtime, the peers and the machine', () => {
  const text = terminalHeading(SAMPLE_REPORT);
  for (const fact of ['Node 24.21.0', 'undici 8.12.4', 'Example CPU, 2 cores', 'contenders on core 1']) expect(text).toContain(fact);
  expect(terminalHeading({ ...SAMPLE_REPORT, cores: { server: null, measured: null } })).toContain('not pinned');
});

test('a result shows its figures, its server and who failed', () => {
  const text = terminalResult(SMALL_RESULT);
  expect(text).toContain('h1-small: GET of 11 bytes · nginx 1.22.1');
  expect(text).toMatch(/@x\/httpcore dispatch +12\.0 +166,667 +1\.20 × +0\.60 × +25 %/u);
  expect(text).toContain('got failed: Expected 200 with 11 bytes, got 500 with 0.');
});

test('a result without a floor has no column for it', () => {
  expect(terminalResult(DOWNLOAD_RESULT)).toContain('to floor');
  expect(terminalResult({ ...DOWNLOAD_RESULT, references: { ...DOWNLOAD_RESULT.references, floor: null } })).not.toContain('to floor');
});

test('a memory result shows the first and the last sample, and its verdict', () => {
  const text = terminalResult(MEMORY_RESULT);
  expect(text).toMatch(/^0 +76\.3/mu);
  expect(text).toMatch(/^1,000,000 +76\.3/mu);
  expect(text).toContain('@x/client: flat');
});

test('verdicts say what was reached', () => {
  const verdicts = [
    { text: 'a', reached: true },
    { text: 'b', reached: false },
    { text: 'c', reached: null },
  ];
  expect(terminalVerdicts(verdicts)).toBe('reached       a\nMISSED        b\nnot measured  c');
});
