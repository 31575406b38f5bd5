import { ROOT_CONTEXT } from '@opentelemetry/api';
import { expect, it } from 'vitest';

import { withTraceContext } from './trace-context.ts';

it('a propagator that throws keeps no request from being sent', () => {
  const inject = (): never => {
    throw new Error('is dropped');
  };
  expect(withTraceContext([['accept', '*/*']], ROOT_CONTEXT, { inject })).toEqual([['accept', '*/*']]);
});
