/** Follows redirects, or tells where they lead. */
import type { Request } from '../request/request.ts';
import { shownUrl } from '../redact.ts';
import type { AnyResponse } from '../response/any-response.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { RedirectError, TooManyRedirects } from './redirect-errors.ts';
import type { RedirectSettings } from './redirect-settings.ts';
import { assertReplayable, redirectedRequest } from './redirect-policy.ts';
import type { Send } from '../call/interceptor.ts';
import type { Passage } from '../call/passage.ts';
import type { CallContext } from '../call/context.ts';
import { tell } from '../call/debug-log.ts';
import { withinCall } from '../call/within-call.ts';

const noHistory: readonly AnyResponse[] = Object.freeze([]);

/**
 * Sends what each redirect leads to, up to `maxRedirects` of them. Decides on the request as it was given to this layer: what
 * layers further in have added for one origin, such as cookies and credentials, they add again, or not, for the next.
 */
export function followRedirects(settingsOf: (context: CallContext) => RedirectSettings): Passage {
  return {
    out: (request, context) => {
      context.setHistory(noHistory);
      return request;
    },
    back: (response, request, context, next) =>
      // Nearly every response leaves here.
      response.status < 300 || response.status > 399 ? response : follow(request, response, context, next, settingsOf(context)),
  };
}

async function follow(
  firstRequest: Request,
  firstResponse: StreamResponse,
  context: CallContext,
  next: Send,
  settings: RedirectSettings,
): Promise<StreamResponse> {
  const limit = settings.limit ?? 0;
  const history: AnyResponse[] = [];
  let request = firstRequest;
  let response = firstResponse;
  for (;;) {
    const onward = onwardOf(request, response, context, settings);
    if (onward === undefined) break;
    if (history.length >= limit) {
      const begun = `${firstRequest.method} ${shownUrl(firstRequest.url)}`;
      throw new TooManyRedirects(`${begun} was redirected more than ${limit} times, at last to ${shownUrl(onward.url)}`, response, history);
    }
    assertReplayable(request, response.status, onward);
    history.push(response);
    context.setHistory([...history]);
    await context.release(response);
    tell(request, () => `is redirected (${response.status}) to ${onward.method} ${shownUrl(onward.url)}`);
    if (settings.onRedirect !== undefined)
      await withinCall(context, Promise.resolve(settings.onRedirect({ request: onward, response }, context)));
    request = onward;
    response = await next(request, context);
  }
  if (history.length > 0) response.trail = { history: context.history, nextRequest: undefined };
  return response;
}

/** What is bound to the origin of the call is so in a request too that an interceptor has made in its place. */
function onwardOf(
  request: Request,
  response: StreamResponse,
  { request: { bound } }: CallContext,
  settings: RedirectSettings,
): Request | undefined {
  return redirectedRequest(request.binding(bound), response, settings.allowDowngrade);
}

/** In place of {@link followRedirects}, for callers who take each step by themselves. */
export function offerRedirects(settingsOf: (context: CallContext) => RedirectSettings): Passage {
  return {
    back: (response, request, context) => {
      if (response.status < 300 || response.status > 399) return response;
      const nextRequest = stepOf(request, response, context, settingsOf(context));
      if (nextRequest !== undefined) response.trail = { history: noHistory, nextRequest };
      return response;
    },
  };
}

function stepOf(request: Request, response: StreamResponse, context: CallContext, settings: RedirectSettings): Request | undefined {
  try {
    return onwardOf(request, response, context, settings);
  } catch (error) {
    // What a server says can't make a call fail that does not follow it.
    if (error instanceof RedirectError) return undefined;
    throw error;
  }
}
