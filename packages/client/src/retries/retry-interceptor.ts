/** Sends again what failed, for as long as the call's `Retries` want it and nothing speaks against it. */
import { Aborted, DeadlineExceeded, HttpCoreError, PoolClosed } from '@x/httpcore';

import type { Lifetime } from '../call/lifetime.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { Retries } from './retries.ts';
import type { RetryBudget } from './retry-budget.ts';
import { AttemptLimit } from './attempt-limit.ts';
import { decideRetry, isFree, type Refusal } from './retry-policy.ts';
import { refuse, type Outcome } from './retry-refusal.ts';
import { RetryRun } from './retry-run.ts';
import type { RetryHook } from './retry-hook.ts';
import { withinCall } from '../call/within-call.ts';
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
  /** Who is told. */
  readonly hookOf: (context: CallContext) => RetryHook | undefined;
}

type Receive = (response: StreamResponse) => Promise<StreamResponse>;

export function retryFailures(services: RetryServices, { settingsOf, leadsOn, hookOf }: RetryQuestions): (next: Send) => Send {
  return (next) =>
    async function retry(request, context) {
      const policy = settingsOf(context)!;
      const receive = (response: StreamResponse): Promise<StreamResponse> =>
        leadsOn(response, context) ? Promise.resolve(response) : receiveWhole(response, context);
      const run = new RetryRun(policy.limits);
      try {
        return await sendUntilSettled(await run.begin(request), context, next, policy, run, services, receive, hookOf(context));
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
  hook: RetryHook | undefined,
): Promise<StreamResponse> {
  let request = first;
  for (let retries = 0; ; retries++) {
    const limit = policy.attemptTimeout === null ? undefined : new AttemptLimit(policy.attemptTimeout, context);
    const { outcome, onward } = await attempt(request, context, next, run, services.clock, receive, limit).finally(() => limit?.end());
    if (onward === undefined) return responseOf(outcome);
    const delay = decide(outcome, retries, request, onward, policy, context, services);
    if (typeof delay === 'object') return refuse(delay, first, outcome, policy, context);
    if ('response' in outcome) await context.release(outcome.response);
    if (hook !== undefined) await withinCall(context, tell(hook, outcome, onward, retries + 1, delay, context));
    await wait(delay, context.signal, services.lifetime, services.clock);
    request = await run.begin(onward);
  }
}

async function tell(
  hook: RetryHook,
  outcome: Outcome,
  request: Request,
  retry: number,
  delay: number,
  context: CallContext,
): Promise<void> {
  const [response, error] = 'response' in outcome ? [outcome.response, undefined] : [undefined, outcome.error];
  await hook({ request, response, error, retry, delay }, context);
}

interface Sent {
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
  limit: AttemptLimit | undefined,
): Promise<Sent> {
  const within = <Value>(work: Promise<Value>): Promise<Value> => (limit === undefined ? work : limit.over(work));
  const sent = await outcomeOf(within(next(request, context)));
  const onward = await wantedAfter(sent, run, context, clock).catch(async (error: unknown) => {
    // A limit that has read the body comes upon it first that it broke off. That is told below, to all of them.
    if ('response' in sent && (await isOfBody(error, sent.response, receive))) return undefined;
    throw error;
  });
  if (onward !== undefined || 'error' in sent) return { outcome: sent, onward };
  const outcome = await outcomeOf(within(receive(sent.response)));
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

/** In the order of what costs least: a token is taken only when nothing else is in the way. */
function decide(
  outcome: Outcome,
  retries: number,
  sent: Request,
  onward: Request,
  policy: Retries,
  { deadline }: CallContext,
  { budget, clock, random }: RetryServices,
): number | Refusal {
  const [answer, error] = 'response' in outcome ? [outcome.response.rawHeaders, undefined] : [undefined, outcome.error];
  const attempted = { retries, answer, error, sent: sent.body, onward: onward.body };
  const decision = decideRetry(attempted, policy, { now: clock.now(), today: clock.today(), deadline, random });
  if (typeof decision === 'object' || !policy.budget || isFree(error) || budget.withdraw()) return decision;
  return { code: 'RETRY_BUDGET_SPENT', reason: "and the client's retry budget is spent" };
}
