/** One call under retries: its attempts, and what lies between them. */
import { Aborted, DeadlineExceeded, HttpCoreError, PoolClosed } from '@x/httpcore';

import type { CallContext } from '../call/context.ts';
import { outcomeIn, tell } from '../call/debug-log.ts';
import type { Send } from '../call/interceptor.ts';
import type { Lifetime } from '../call/lifetime.ts';
import type { Clock } from '../time/clock.ts';
import { wait } from '../call/waiting.ts';
import { withinCall } from '../call/within-call.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { AttemptLimit } from './attempt-limit.ts';
import type { Retries } from './retries.ts';
import type { RetryBudget } from './retry-budget.ts';
import { RetryFlows } from './retry-flows.ts';
import type { RetryHook } from './retry-hook.ts';
import { decideRetry, isFree, type Refusal } from './retry-policy.ts';
import { refuse, type Outcome } from './retry-refusal.ts';

/** What the retries of a client have in common. */
export interface RetryServices {
  readonly budget: RetryBudget;
  /** Waits end with it. */
  readonly lifetime: Lifetime;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

export interface RetriedCall {
  readonly context: CallContext;
  readonly policy: Retries;
  /** Sends one attempt. */
  readonly next: Send;
  /** What is made of a response that nobody wants another instead of: read whole, where the caller is to get it so. */
  readonly receive: (response: StreamResponse) => Promise<StreamResponse>;
  readonly hook: RetryHook | undefined;
}

interface Sent {
  readonly outcome: Outcome;
  /** What is to be sent after it, if anything. */
  readonly onward: Request | undefined;
}

export class RetryRun {
  readonly #call: RetriedCall;
  readonly #services: RetryServices;
  readonly #flows: RetryFlows;

  constructor(call: RetriedCall, services: RetryServices) {
    this.#call = call;
    this.#services = services;
    this.#flows = new RetryFlows(call.policy.limits);
  }

  async send(given: Request): Promise<StreamResponse> {
    const { context } = this.#call;
    try {
      return await this.#sendUntilSettled(await this.#flows.begin(given));
    } finally {
      context.root.wasAnsweredInVain = false;
      await this.#flows.end();
    }
  }

  async #sendUntilSettled(first: Request): Promise<StreamResponse> {
    const { context, policy, hook } = this.#call;
    const { budget, lifetime, clock } = this.#services;
    let request = first;
    for (let retries = 0; ; retries++) {
      const { outcome, onward } = await this.#attempt(request);
      if (onward === undefined) {
        if ('response' in outcome && outcome.response.status < 500) budget.succeed();
        return responseOf(outcome);
      }
      const delay = this.#decide(outcome, retries, request, onward);
      if (typeof delay === 'object') return refuse(delay, first, outcome, policy, context);
      if ('response' in outcome) await context.release(outcome.response);
      tell(onward, () => `is sent again in ${Math.round(delay)} ms, after ${outcomeIn(outcome)}: retry ${retries + 1}`);
      if (hook !== undefined) await withinCall(context, tellHook(hook, outcome, onward, retries + 1, delay, context));
      await wait(delay, context.signal, lifetime, clock);
      // A cache would answer as before.
      context.root.wasAnsweredInVain = 'response' in outcome || context.attempts.at(-1)?.status !== undefined;
      request = await this.#flows.begin(onward);
    }
  }

  async #attempt(request: Request): Promise<Sent> {
    const { context, policy } = this.#call;
    if (policy.attemptTimeout === null) return this.#attemptWithin(undefined, request);
    const limit = new AttemptLimit(policy.attemptTimeout, context);
    try {
      return await this.#attemptWithin(limit, request);
    } finally {
      limit.end();
    }
  }

  /** A response that is to be read whole has come when it is: but not before its head is one that nobody wants another instead of. */
  async #attemptWithin(limit: AttemptLimit | undefined, request: Request): Promise<Sent> {
    const { context, next, receive } = this.#call;
    const head = await outcomeOf(next(request, context), limit);
    const afterHead = await this.#askAboutHead(head);
    if (afterHead !== undefined || 'error' in head) return { outcome: head, onward: afterHead };
    const whole = await outcomeOf(receive(head.response), limit);
    if ('response' in whole) return { outcome: whole, onward: undefined };
    // Those who had nothing against the head have ended, and are asked anew.
    await this.#flows.begin(request);
    return { outcome: whole, onward: await this.#ask(whole) };
  }

  /** A limit that reads the body may be the first to learn that it broke off. That is asked about later, of all of them. */
  async #askAboutHead(head: Outcome): Promise<Request | undefined> {
    try {
      return await this.#ask(head);
    } catch (error) {
      if ('error' in head || !(error instanceof HttpCoreError)) throw error;
      const whole = await outcomeOf(this.#call.receive(head.response));
      if ('response' in whole || whole.error !== error) throw error;
      return undefined;
    }
  }

  async #ask(outcome: Outcome): Promise<Request | undefined> {
    if ('response' in outcome) return this.#flows.afterResponse(outcome.response);
    return this.#isFinal(outcome.error) ? undefined : this.#flows.afterError(outcome.error);
  }

  /** Nobody is asked when nothing could be sent any more. */
  #isFinal(error: unknown): boolean {
    const { signal, deadline } = this.#call.context;
    if (signal?.aborted === true || (deadline !== undefined && deadline <= this.#services.clock.now())) return true;
    return error instanceof Aborted || error instanceof DeadlineExceeded || error instanceof PoolClosed;
  }

  /** In the order of what costs least: a token is taken only when nothing else is in the way. */
  #decide(outcome: Outcome, retries: number, sent: Request, onward: Request): number | Refusal {
    const { context, policy } = this.#call;
    const { budget, clock, random } = this.#services;
    const [answer, error] = 'response' in outcome ? [outcome.response.rawHeaders, undefined] : [undefined, outcome.error];
    const attempted = { retries, answer, error, sent: sent.body, onward: onward.body };
    const decision = decideRetry(attempted, policy, { now: clock.now(), today: clock.today(), deadline: context.deadline, random });
    if (typeof decision === 'object' || !policy.budget || isFree(error) || budget.withdraw()) return decision;
    return { code: 'RETRY_BUDGET_SPENT', reason: "and the client's retry budget is spent" };
  }
}

async function outcomeOf(response: Promise<StreamResponse>, limit?: AttemptLimit): Promise<Outcome> {
  try {
    return { response: await (limit === undefined ? response : limit.over(response)) };
  } catch (error) {
    return { error };
  }
}

function responseOf(outcome: Outcome): StreamResponse {
  if ('response' in outcome) return outcome.response;
  throw outcome.error;
}

async function tellHook(
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
