import { expect, test } from 'vitest';
import { plainStyle } from '@x/figures';
import { renderTraceTree } from './trace-tree.ts';

test('spans stand below the one that they belong to, each bar where it was under way', () => {
  const spans = [
    { id: 'c', parent: 'a', label: 'GET 200', start: 15, end: 20 },
    { id: 'a', parent: 'job', label: 'GET /', start: 10, end: 20 },
    { id: 'b', parent: 'a', label: 'GET 503', start: 10, end: 15 },
    { id: 'job', parent: undefined, label: 'a job', start: 0, end: 20 },
    { id: 'd', parent: 'job', label: 'GET /2', start: 20, end: 20 },
  ];
  expect(renderTraceTree(spans, { width: 78, style: plainStyle, blocks: false, live: false })).toEqual([
    '  a job                                        ####################   20.00 ms',
    '  ├─ GET /                                               ##########   10.00 ms',
    '  │  ├─ GET 503                                          #####         5.00 ms',
    '  │  └─ GET 200                                               #####    5.00 ms',
    '  └─ GET /2                                                            0.00 ms',
  ]);
});
