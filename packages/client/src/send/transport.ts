/** The end of the chain, and the only place that calls a dispatcher. */
import type { Dispatcher } from '@x/httpcore';

import { StreamResponse } from '../message/stream-response.ts';
import type { Send } from './compose.ts';

export function createTransport(dispatcher: Dispatcher): Send {
  return async function transport(request, context) {
    const attempt = context.begin(request);
    try {
      const sent = request.body === null ? null : request.body.open();
      const [httpVersion, status, reason, headers, body] = await dispatcher.dispatch(
        request.method,
        request.urlParts,
        request.rawHeaders,
        sent,
        context.timeouts,
        context.dispatchContext(attempt),
      );
      attempt.status = status;
      attempt.httpVersion = httpVersion;
      attempt.body = body;
      return new StreamResponse(request, status, reason, httpVersion, headers, attempt, context, body);
    } catch (error) {
      attempt.error = error;
      attempt.end();
      throw error;
    }
  };
}
