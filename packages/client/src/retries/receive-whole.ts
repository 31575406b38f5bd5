/** Reads a response within the chain, where the caller is to get it whole: what breaks off in its body is then known in time. */
import { HttpCoreError } from '@x/httpcore';

import { readBody } from '../response/response-body.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { doesFollow } from '../redirects/redirect-settings.ts';
import type { SendContext } from '../call/context.ts';

/**
 * The same response, with its body in memory. Untouched under `stream()`, after an upgrade, and where it is a redirect, whose body
 * nobody reads who follows it.
 *
 * @throws {HttpCoreError} the body does not arrive whole. What else is wrong with it, such as its coding, is told by reading the response.
 */
export async function receiveWhole(response: StreamResponse, context: SendContext): Promise<StreamResponse> {
  const leadsOn = response.status >= 300 && response.status <= 399 && doesFollow(context.settings.redirects);
  if (!context.readsWhole || leadsOn || 'write' in response.body) return response;
  try {
    const content = await response.bytes();
    return response.with({ body: readBody(content, response.body.trailers) });
  } catch (error) {
    if (!(error instanceof HttpCoreError)) return response;
    context.breakOff(response, error);
    throw error;
  }
}
