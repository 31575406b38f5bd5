/** Sends again what failed, for as long as the call's `Retries` want it and nothing speaks against it. */
import { Aborted, DeadlineExceeded, HttpCoreError, PoolClosed } from '@x/httpcore';

import { BodyNotReplayable } from '../errors.ts';
import type { Lifetime } from '../call/lifetime.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { shownUrl } from '../redact.ts';
import type { Request } from '../request/request.ts';
import { HTTPStatusError } from '../response/any-response.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { backoffDelay } from '../time/backoff.ts';
import type { Retries } from './retries.ts';
import { retryAfterDelay } from './retry-after.ts';
import type { RetryBudget } from './retry-budget.ts';
import { TooManyRetries } from './retry-errors.ts';
import { RetryRun } from './retry-run.ts';
import type { Send } from '../call/interceptor.ts';
import type { CallContext } from '../call/context.ts';
import { receiveWhole } from './receive-whole.ts';
import { wait, type Clock } from '../call/waiting.ts';

/** What the retries of a client have in common. */
export interface RetryServices {
  readonly budget: RetryBudget;
  /** Waits end with it. */
  readonly lifetime: Lifetime;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/** What is decided outside of this folder. */
export interface RetryQuestions {
  /** `null`: nothing is sent again. */
  readonly settingsOf: (context: CallContext) => Retries | null;
  /** Does somebody further out send another request because of this response, and read nothing of it? */
  readonly leadsOn: (response: StreamResponse, context: CallContext) => boolean;
}

type Receive = (response: StreamResponse) => Promise<StreamResponse>;
type Outcome = { readonly response: StreamResponse } | { readonly error: unknown };

export function retryFailures(services: RetryServices, { settingsOf, leadsOn }: RetryQuestions): (next: Send) => Send {
  return (next) =>
    async function retry(request, context) {
      services.budget.deposit();
      const policy = settingsOf(context)!;
      const receive = (response: StreamResponse): Promise<StreamResponse> =>
        leadsOn(response, context) ? Promise.resolve(response) : receiveWhole(response, context);
      const run = new RetryRun(policy.limits);
      try {
        return await sendUntilSettled(await run.begin(request), context, next, policy, run, services, receive);
      } finally {
        await run.end();
      }
    };
}

async function sendUntilSettled(
  first: Request,
  context: CallContext,
  next: Send,
  policy: Retries,
  run: RetryRun,
  services: RetryServices,
  receive: Receive,
): Promise<StreamResponse> {
  let request = first;
  for (let retries = 0; ; retries++) {
    const { outcome, onward } = await attempt(request, context, next, run, services.clock, receive);
    if (onward === undefined) return responseOf(outcome);
    assertReplayable(request, onward, outcome);
    const delay = retryDelay(outcome, retries, policy, services);
    const refusal = refusalOf(retries, delay, policy, context, services);
    if (refusal !== undefined) return refuse(refusal, first, outcome, policy, context);
    if ('response' in outcome) await context.release(outcome.response);
    await wait(delay, context.signal, services.lifetime, services.clock);
    request = await run.begin(onward);
  }
}

interface Attempted {
  readonly outcome: Outcome;
  /** What is to be sent after it, if anything. */
  readonly onward: Request | undefined;
}

/** A response that is to be read whole has come when it is: but not before its head is one that nobody wants another instead of. */
async function attempt(
  request: Request,
  context: CallContext,
  next: Send,
  run: RetryRun,
  clock: Clock,
  receive: Receive,
): Promise<Attempted> {
  const sent = await outcomeOf(next(request, context));
  const onward = await wantedAfter(sent, run, context, clock).catch(async (error: unknown) => {
    // A limit that has read the body comes upon it first that it broke off. That is told below, to all of them.
    if ('response' in sent && (await isOfBody(error, sent.response, receive))) return undefined;
    throw error;
  });
  if (onward !== undefined || 'error' in sent) return { outcome: sent, onward };
  const outcome = await outcomeOf(receive(sent.response));
  if ('response' in outcome) return { outcome, onward: undefined };
  // Those who had nothing against the head have ended, and are asked anew.
  await run.begin(request);
  return { outcome, onward: await wantedAfter(outcome, run, context, clock) };
}

async function isOfBody(error: unknown, response: StreamResponse, receive: Receive): Promise<boolean> {
  if (!(error instanceof HttpCoreError)) return false;
  const outcome = await outcomeOf(receive(response));
  return 'error' in outcome && outcome.error === error;
}

async function outcomeOf(response: Promise<StreamResponse>): Promise<Outcome> {
  try {
    return { response: await response };
  } catch (error) {
    return { error };
  }
}

async function wantedAfter(outcome: Outcome, run: RetryRun, context: CallContext, clock: Clock): Promise<Request | undefined> {
  if ('response' in outcome) return run.afterResponse(outcome.response);
  return isFinal(outcome.error, context, clock) ? undefined : run.afterError(outcome.error);
}

/** Nobody is asked when nothing could be sent any more. */
function isFinal(error: unknown, context: CallContext, clock: Clock): boolean {
  if (context.signal?.aborted === true || (context.deadline !== undefined && context.deadline <= clock.now())) return true;
  return error instanceof Aborted || error instanceof DeadlineExceeded || error instanceof PoolClosed;
}

function responseOf(outcome: Outcome): StreamResponse {
  if ('response' in outcome) return outcome.response;
  throw outcome.error;
}

function assertReplayable(sent: Request, onward: Request, outcome: Outcome): void {
  const { body } = onward;
  if (body === null || body.replayable || body !== sent.body) return;
  const cause = 'error' in outcome ? outcome.error : new HTTPStatusError(outcome.response);
  throw new BodyNotReplayable(
    `${onward.method} ${shownUrl(onward.url)} can not be sent again: its body was read from a stream and sent. Give a function that ` +
      'makes a new stream, or no retries',
    { cause },
  );
}

/** The server's word is the least: what it asks for is waited, and what we would have waited is waited anyway. */
function retryDelay(outcome: Outcome, retries: number, policy: Retries, { clock, random }: RetryServices): number {
  const delay = backoffDelay(retries, policy.backoff, random);
  if ('error' in outcome) return delay;
  const { rawHeaders } = outcome.response;
  const retryAfter = findHeader(rawHeaders, 'retry-after');
  if (retryAfter === undefined) return delay;
  const asked = retryAfterDelay(retryAfter, findHeader(rawHeaders, 'date'), clock.today()) ?? 0;
  return Math.max(delay, Math.min(asked, policy.maxRetryAfter));
}

interface Refusal {
  readonly code: string;
  readonly reason: string;
}

/** In the order of what costs least: a token is taken only when nothing else is in the way. */
function refusalOf(retries: number, delay: number, policy: Retries, context: CallContext, services: RetryServices): Refusal | undefined {
  if (retries >= policy.count) return { code: 'TOO_MANY_RETRIES', reason: `after ${retries} ${retries === 1 ? 'retry' : 'retries'}` };
  if (context.deadline !== undefined && services.clock.now() + delay >= context.deadline) {
    return { code: 'RETRY_PAST_DEADLINE', reason: `and the next retry would be in ${Math.round(delay)} ms, after the deadline` };
  }
  if (policy.budget && !services.budget.withdraw()) return { code: 'RETRY_BUDGET_SPENT', reason: "and the client's retry budget is spent" };
  return undefined;
}

async function refuse(
  { code, reason }: Refusal,
  request: Request,
  outcome: Outcome,
  policy: Retries,
  context: CallContext,
): Promise<StreamResponse> {
  if ('response' in outcome && policy.lastResponse === 'return') return outcome.response;
  const happened = 'response' in outcome ? `was answered ${outcome.response.status}` : `failed (${errorName(outcome.error)})`;
  throw new TooManyRetries(`${request.method} ${shownUrl(request.url)} ${happened} ${reason}`, {
    code,
    cause: 'error' in outcome ? outcome.error : undefined,
    response: 'response' in outcome ? await withSmallBody(outcome.response) : undefined,
    attempts: [...context.attempts],
  });
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

// What a server says with a refusal is short; more of it is not worth holding up the error.
const largestKeptBody = 64 * 1024;

/** The call is about to fail, and takes its connections back: what the response says is read before. */
async function withSmallBody(response: StreamResponse): Promise<StreamResponse> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > largestKeptBody) return response;
    }
  } catch {
    // The error that there is says more than that the body of its response was cut short.
    return response;
  }
  return response.with({ body: Buffer.concat(chunks) });
}
