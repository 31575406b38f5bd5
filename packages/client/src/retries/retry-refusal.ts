/** What comes of a call whose last attempt should have been followed by another. */
import type { CallContext } from '../call/context.ts';
import { withinCall } from '../call/within-call.ts';
import { shownUrl } from '../redact.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { now } from '../time/platform.ts';
import type { Retries } from './retries.ts';
import { RetryPastDeadline, TooManyRetries } from './retry-errors.ts';
import type { Refusal } from './retry-policy.ts';

export type Outcome = { readonly response: StreamResponse } | { readonly error: unknown };

/** The last response, if that is wanted; else an error that has all of it. */
export async function refuse(
  { code, reason }: Refusal,
  request: Request,
  outcome: Outcome,
  policy: Retries,
  context: CallContext,
): Promise<StreamResponse> {
  if ('response' in outcome && policy.lastResponse === 'return') return outcome.response;
  // A failure stands for itself: that of the network says more than that there was nothing to send a second time.
  if ('error' in outcome && code === 'BODY_NOT_REPLAYABLE') throw outcome.error;
  const happened = 'response' in outcome ? `was answered ${outcome.response.status}` : `failed (${errorName(outcome.error)})`;
  const init = {
    code,
    cause: 'error' in outcome ? outcome.error : undefined,
    response: 'response' in outcome ? await withSmallBody(outcome.response, context) : undefined,
    attempts: [...context.attempts],
  };
  const message = `${request.method} ${shownUrl(request.url)} ${happened} ${reason}`;
  throw code === 'RETRY_PAST_DEADLINE' ? new RetryPastDeadline(message, init) : new TooManyRetries(message, init);
}

function errorName(error: unknown): string {
  return error instanceof Error ? error.name : typeof error;
}

// What a server says with a refusal is short, and comes with it; more of it, or later, is not worth holding up the error.
const largestKeptBody = 64 * 1024;
const patience = 500;

/** The call is about to fail, and takes its connections back: what the response says is read before. */
async function withSmallBody(response: StreamResponse, { signal, deadline }: CallContext): Promise<StreamResponse> {
  try {
    const content = await withinCall({ signal, deadline: Math.min(deadline ?? Infinity, now() + patience) }, beginningOf(response));
    return content === undefined ? response : response.with({ body: content });
  } catch {
    // The error that there is says more than that the body of its response was cut short, or late.
    return response;
  }
}

/** `undefined`: there is more of it. */
async function beginningOf(response: StreamResponse): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > largestKeptBody) return undefined;
  }
  return Buffer.concat(chunks);
}
