/**
 * What a call was doing when it failed. Errors of the core come to the caller as they are, so what the client knows is kept
 * beside them: `ConnectError` has `attempts` of its own (addresses), and properties that were set on them would be no part of
 * their type.
 */
import { TimeoutError } from '@x/httpcore';

import { aboutCall, shownRequest } from '../request/about.ts';
import type { AttemptRecord, AnyResponse } from '../response/any-response.ts';
import type { Request } from '../request/request.ts';

/** What `callOf(error)` knows of the call that failed. */
export interface FailedCall {
  /** As the caller made it. */
  readonly request: Request;
  /** Every request that was sent, oldest first, each with its timings; the last is the one that failed. */
  readonly attempts: readonly AttemptRecord[];
  /** The redirects that were followed before, oldest first. */
  readonly history: readonly AnyResponse[];
  /** Milliseconds from the call to its failure. */
  readonly elapsed: number;
  /** Milliseconds that it had in all; `undefined` without such a limit. */
  readonly total: number | undefined;
}

const calls = new WeakMap<object, FailedCall>();

/**
 * The call that failed with this error; `undefined` for an error that no client has thrown.
 *
 * @example
 * try {
 *   await client.get(url, { retries: 3, timeout: 5_000 });
 * } catch (error) {
 *   for (const { request, error: cause, timings } of callOf(error)?.attempts ?? []) console.log(request.url, cause, timings.total);
 * }
 */
export function callOf(error: unknown): FailedCall | undefined {
  return typeof error === 'object' && error !== null ? calls.get(error) : undefined;
}

/** Of several calls that fail with one and the same error, the last one is remembered. */
export function recordFailure(error: unknown, call: FailedCall): void {
  if (typeof error !== 'object' || error === null) return;
  calls.set(error, call);
  if (error instanceof Error) aboutCall(error, [call.request, ...call.attempts.map(({ request }) => request)], where(error, call));
}

function where(error: Error, { request, attempts, elapsed, total }: FailedCall): string {
  const parts = [shownRequest(attempts.at(-1)?.request ?? request)];
  if (attempts.length > 1) parts.push(`attempt ${attempts.length}`);
  if (error instanceof TimeoutError) parts.push(`after ${Math.round(elapsed)} ms${total === undefined ? '' : ` of ${total} ms`}`);
  return parts.join(', ');
}
