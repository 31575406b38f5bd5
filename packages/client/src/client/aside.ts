/** Requests that a feature sends on its own account, beside the calls of the client. */
import { joinSignals, type Ending } from '../call/signals.ts';
import { CallContext } from '../call/context.ts';
import { Passages, type End } from '../call/passage.ts';
import { ClientError } from '../errors.ts';
import type { Request } from '../request/request.ts';
import { Response } from '../response/response.ts';
import { defaultTimeouts, mergeTimeouts } from '../time/timeout.ts';
import type { ClientSettings } from './client-settings.ts';

const timeout = mergeTimeouts(defaultTimeouts, 30_000);
const largestBody = 1024 * 1024;

/** `transport` is the end of the chain: nothing of the caller's is passed on the way there, and nothing is undone on the way back. */
export function sendAsideBy(
  transport: End,
  settings: ClientSettings,
  shutdowns: readonly Ending[],
): (request: Request) => Promise<Response> {
  const dispatch = new Passages([], transport).send;
  return async function sendAside(request) {
    const call = new CallContext(request, { ...settings, timeout }, joinSignals(shutdowns), undefined, undefined);
    try {
      const head = await dispatch(request, call);
      const chunks: Uint8Array[] = [];
      let size = 0;
      for await (const chunk of head) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > largestBody) throw new ClientError('The response is larger than 1 MiB', { code: 'RESPONSE_TOO_LARGE' });
      }
      return new Response(head, new Uint8Array(Buffer.concat(chunks)), head.body.trailers);
    } catch (error) {
      call.fail(error);
      throw error;
    } finally {
      call.settle();
    }
  };
}
