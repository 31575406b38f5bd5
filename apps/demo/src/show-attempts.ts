import type { AttemptRecord } from '@x/client';
import { timingPhases } from './render/timing-phases.ts';
import { renderWaterfall } from './render/waterfall.ts';
import type { Report } from './report.ts';

/** Each request that a call has sent, with what came of it and the phases that it went through. */
export function showAttempts(attempts: readonly AttemptRecord[], report: Report): void {
  const { style } = report.terminal;
  for (const { request, status, error, timings } of attempts) {
    const outcome = status === undefined ? [] : [String(status)];
    if (error instanceof Error) outcome.push(error.name);
    const happened = timingPhases(timings).filter((phase) => phase.milliseconds !== undefined);
    report.line();
    report.line(`  ${style.strong(`${request.method} ${request.url}`)}  ${style.faint(outcome.join(', '))}`);
    report.lines(renderWaterfall(happened, timings.total, report.terminal));
  }
}
