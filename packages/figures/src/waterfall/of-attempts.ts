/** The waterfall of attempts of which only the timings are known: each step begins where the one before it ended. */
import type { AttemptRecord, Timings } from '@x/client';
import type { DrawnAttempt, Span, SpanKind, Waterfall } from './waterfall.ts';

/** A response's attempts, or those of `callOf(error)`. */
export function waterfallOfAttempts(attempts: readonly AttemptRecord[]): Waterfall {
  const origin = attempts[0]?.timings.startedAt ?? 0;
  return { attempts: attempts.map((attempt) => drawn(attempt, attempt.timings.startedAt - origin)) };
}

export function titleOf({ request }: AttemptRecord): string {
  const { method, url } = request.toJSON() as { readonly method: string; readonly url: string };
  return `${method} ${url}`;
}

export function outcomeOf({ status, error, timings, cache }: AttemptRecord): string {
  const parts = status === undefined ? [] : [String(status)];
  if (status !== undefined && timings.httpVersion !== undefined) parts.push(`HTTP/${timings.httpVersion}`);
  if (cache !== undefined && (cache.state === 'hit' || cache.state === 'stale')) parts.push('from the cache');
  if (error instanceof Error) parts.push(error.name);
  return parts.join(', ');
}

function drawn(attempt: AttemptRecord, start: number): DrawnAttempt {
  const spans = spansOf(attempt.timings, start);
  return { title: titleOf(attempt), outcome: outcomeOf(attempt), start, end: start + attempt.timings.total, spans };
}

function spansOf(timings: Timings, start: number): Span[] {
  const steps: readonly (readonly [SpanKind, number | undefined])[] = [
    ['queued', timings.queued],
    ['dns', timings.dns],
    ['connect', timings.connect],
    ['proxy', timings.proxy],
    ['tls', timings.tls],
    ['sent', timings.sent],
    ['first byte', timings.firstByte],
    ['download', timings.download],
  ];
  let at = start;
  return steps.flatMap(([kind, took]) => {
    if (took === undefined) return [];
    const begin = at;
    at += took;
    return [{ kind, label: kind, start: begin, end: at }];
  });
}
