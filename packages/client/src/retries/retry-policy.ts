/** What speaks against sending a request once more, and how long to wait before it. Pure. */
import { HttpCoreError, type HeaderPair } from '@x/httpcore';

import type { RequestBody } from '../request/body/request-body.ts';
import { backoffDelay } from '../time/backoff.ts';
import { askedDelay } from './asked-delay.ts';
import type { Retries } from './retries.ts';

/** One attempt that is to be followed by another. */
export interface Attempted {
  /** How often it was sent again before. */
  readonly retries: number;
  /** Of its response; `undefined` when there is none. */
  readonly answer: readonly HeaderPair[] | undefined;
  readonly error: unknown;
  /** What was sent, and what would be. */
  readonly sent: RequestBody | null;
  readonly onward: RequestBody | null;
}

/** The present, and whatever else a decision takes from outside. */
export interface Circumstances {
  /** Milliseconds of `performance.now()`. */
  readonly now: number;
  /** Unix milliseconds. */
  readonly today: number;
  readonly deadline: number | undefined;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface Refusal {
  readonly code: 'TOO_MANY_RETRIES' | 'BODY_NOT_REPLAYABLE' | 'RETRY_AFTER_TOO_LONG' | 'RETRY_PAST_DEADLINE' | 'RETRY_BUDGET_SPENT';
  /** How a sentence goes on about what happened. */
  readonly reason: string;
}

/** The wait in milliseconds, or what speaks against it. */
export function decideRetry(attempted: Attempted, policy: Retries, circumstances: Circumstances): number | Refusal {
  const { retries, answer } = attempted;
  if (retries >= policy.count) return { code: 'TOO_MANY_RETRIES', reason: `after ${retries} ${retries === 1 ? 'retry' : 'retries'}` };
  if (isSpent(attempted)) {
    return {
      code: 'BODY_NOT_REPLAYABLE',
      reason: 'and can not be sent again: its body was read from a stream and sent. Give a function that makes a new stream, or no retries',
    };
  }
  const { now, today, deadline, random } = circumstances;
  const asked = answer === undefined || policy.maxRetryAfter === 0 ? 0 : (askedDelay(answer, today) ?? 0);
  if (asked > policy.maxRetryAfter && policy.longRetryAfter === 'give-up') {
    const allowed = `longer than the ${policy.maxRetryAfter} ms of maxRetryAfter`;
    return { code: 'RETRY_AFTER_TOO_LONG', reason: `and wants the next request in ${Math.round(asked)} ms, ${allowed}` };
  }
  // The server's word is the least: what it asks for is waited, and what we would have waited is waited anyway.
  const delay = Math.max(backoffDelay(retries, policy.backoff, random), Math.min(asked, policy.maxRetryAfter));
  if (deadline !== undefined && now + delay >= deadline) {
    return { code: 'RETRY_PAST_DEADLINE', reason: `and the next retry would be in ${Math.round(delay)} ms, after the deadline` };
  }
  return delay;
}

/** A body that can be read once has been, or was about to be. One that nobody has asked for anything is as good as new. */
function isSpent({ sent, onward }: Attempted): boolean {
  return onward !== null && !onward.replayable && onward === sent && onward.untouched !== true;
}

/** What has cost the server nothing is nothing to be thrifty with: it was not reached, or has said that it did not act on the request. */
export function isFree(error: unknown): boolean {
  return error instanceof HttpCoreError && error.requestSent === false;
}
