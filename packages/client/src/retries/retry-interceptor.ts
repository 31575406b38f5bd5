/** Sends again what failed, for as long as the call's `Retries` want it and nothing speaks against it. */
import type { CallContext } from '../call/context.ts';
import type { Send } from '../call/interceptor.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { receiveWhole } from './receive-whole.ts';
import type { Retries } from './retries.ts';
import type { RetryHook } from './retry-hook.ts';
import { RetryRun, type RetryServices } from './retry-run.ts';

/** What is decided outside of this folder. */
export interface RetryQuestions {
  /** `null`: nothing is sent again. */
  readonly settingsOf: (context: CallContext) => Retries | null;
  /** Does somebody further out send another request because of this response, and read nothing of it? */
  readonly leadsOn: (response: StreamResponse, context: CallContext) => boolean;
  /** Who is told. */
  readonly hookOf: (context: CallContext) => RetryHook | undefined;
}

export function retryFailures(services: RetryServices, { settingsOf, leadsOn, hookOf }: RetryQuestions): (next: Send) => Send {
  return (next) =>
    async function retry(request, context) {
      const receive = (response: StreamResponse): Promise<StreamResponse> =>
        leadsOn(response, context) ? Promise.resolve(response) : receiveWhole(response, context);
      const call = { context, policy: settingsOf(context)!, next, receive, hook: hookOf(context) };
      return new RetryRun(call, services).send(request);
    };
}
