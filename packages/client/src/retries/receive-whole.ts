/** Reads a response within the chain, where the caller is to get it whole: what breaks off in its body is then known in time. */
import { HttpCoreError } from '@x/httpcore';

import { bodyInMemory } from '../response/response-body.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { CallContext } from '../call/context.ts';

/**
 * The same response, with its body in memory. Untouched under `stream()` and after an upgrade.
 *
 * @throws {HttpCoreError} the body does not arrive whole. What else is wrong with it, such as its coding, is told by reading the response.
 */
export async function receiveWhole(response: StreamResponse, context: CallContext): Promise<StreamResponse> {
  if (!context.readsWhole || 'write' in response.body) return response;
  try {
    const content = await response.read();
    return response.with({ body: bodyInMemory(content, response.body.trailers) });
  } catch (error) {
    if (!(error instanceof HttpCoreError)) return response;
    context.breakOff(response, error);
    throw error;
  }
}
