/**
 * The flows of all limits of one call, as one: each outcome goes to one flow after the other until one of them wants to have
 * something sent again. Knows no time and no network.
 */
import { ClientError } from '../errors.ts';
import { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { RetryFlow, RetryLimits } from './retry-limits.ts';

export class RetryFlows {
  readonly #limits: readonly RetryLimits[];
  /** In the order of the limits; `undefined` for one that has ended. */
  readonly #flows: (RetryFlow | undefined)[];

  constructor(limits: readonly RetryLimits[]) {
    this.#limits = limits;
    this.#flows = limits.map(() => undefined);
  }

  /** Begins the flows that do not run. The request to send is what the last of them makes of it. */
  async begin(request: Request): Promise<Request> {
    let onward = request;
    for (const [index, limit] of this.#limits.entries()) {
      if (this.#flows[index] !== undefined) continue;
      const flow = limit.retryFlow(onward);
      const step = await flow.next();
      if (step.done === true) continue;
      this.#flows[index] = flow;
      onward = checkRequest(step.value);
    }
    return onward;
  }

  /** What is to be sent after this response, if anything. */
  async afterResponse(response: StreamResponse): Promise<Request | undefined> {
    for (const [index, flow] of this.#flows.entries()) {
      if (flow === undefined) continue;
      // One that throws has ended as well.
      this.#flows[index] = undefined;
      const step = await flow.next(response);
      if (step.done === true) continue;
      this.#flows[index] = flow;
      return checkRequest(step.value);
    }
    return undefined;
  }

  /** What is to be sent after this failure, if anything. */
  async afterError(error: unknown): Promise<Request | undefined> {
    for (const [index, flow] of this.#flows.entries()) {
      if (flow === undefined) continue;
      const step = await throwInto(flow, error);
      if (step !== undefined && step.done !== true) return checkRequest(step.value);
      this.#flows[index] = undefined;
    }
    return undefined;
  }

  /** Lets the flows that still run clean up. */
  async end(): Promise<void> {
    for (const [index, flow] of this.#flows.entries()) {
      this.#flows[index] = undefined;
      await flow?.return();
    }
  }
}

/** `undefined` when the flow has let the error through; an error of its own is thrown. */
async function throwInto(flow: RetryFlow, error: unknown): Promise<IteratorResult<Request, void> | undefined> {
  try {
    return await flow.throw(error);
  } catch (thrown) {
    if (thrown === error) return undefined;
    throw thrown;
  }
}

function checkRequest(yielded: unknown): Request {
  if (yielded instanceof Request) return yielded;
  throw new ClientError('A retryFlow() yielded no Request', { code: 'INVALID_RETRY_FLOW' });
}
