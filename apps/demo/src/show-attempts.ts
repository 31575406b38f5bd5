import type { AttemptRecord } from '@x/client';
import { waterfallOfAttempts } from '@x/figures';
import type { Report } from './report.ts';

/** Each request that calls have sent, below one another on one axis of time, with what came of it and the phases that it went through. */
export function showAttempts(attempts: readonly AttemptRecord[], report: Report): void {
  report.waterfall(waterfallOfAttempts(attempts));
}
