import { expect, test } from 'vitest';
import { plainStyle } from '@x/figures';
import { Report } from './report.ts';

function capture(live: boolean): { report: Report; text: () => string } {
  let text = '';
  const output = { write: (piece: string) => (text += piece) };
  return { report: new Report(output, { width: 80, style: plainStyle, blocks: false, live }), text: () => text };
}

test('claims that hold and claims that do not, each a line', () => {
  const { report, text } = capture(false);
  report.section('First');
  report.check('the sky is up', true);
  expect(report.held).toBe(true);
  report.checkEqual('two is three', 2, 3);
  report.check('a document', false, { a: 1 });
  report.check('nothing to show', false);
  expect(report.held).toBe(false);
  report.summary('1 ms');
  expect(text().split('\n')).toEqual([
    '',
    '1  First',
    '  ok      the sky is up',
    '  FAILED  two is three (found: 2)',
    '  FAILED  a document (found: { a: 1 })',
    '  FAILED  nothing to show',
    '',
    'FAILED  4 checks in 1 ms, 3 did not hold:',
    '  - two is three (found: 2)',
    '  - a document (found: { a: 1 })',
    '  - nothing to show',
    '',
  ]);
});

test('nothing checked is nothing held', () => {
  const { report, text } = capture(false);
  expect(report.held).toBe(false);
  report.summary('1 ms');
  expect(text()).toContain('FAILED');
});

test('all held', () => {
  const { report, text } = capture(false);
  report.checkEqual('not a number is itself', Number.NaN, Number.NaN);
  report.summary('2 ms');
  expect(text()).toContain('\nok  1 check in 2 ms, all held\n');
});

test('a transient line is replaced on a live terminal, and absent elsewhere', () => {
  const live = capture(true);
  live.report.transient('50 %');
  live.report.transient('90 %');
  live.report.line('done');
  live.report.line('next');
  expect(live.text()).toBe('\r\u001B[2K50 %\r\u001B[2K90 %\r\u001B[2Kdone\nnext\n');
  const piped = capture(false);
  piped.report.transient('50 %');
  piped.report.line('done');
  expect(piped.text()).toBe('done\n');
});
