/** Puts an {@link Application} behind `(Request) => Response`. Trailers, informational responses and tunnels are lost on the way. */
import type { HeaderPair } from '../contract/values.ts';
import type { Application, ApplicationBody } from '../in-process/application.ts';
import { applicationBody, bodyChunks, responseOf } from './application-parts.ts';

/** An application as a handler of `fetch`, to prove what carries such handlers. */
export function fetchHandlerOf(application: Application): (request: Request) => Promise<Response> {
  return async (request) => {
    const url = new URL(request.url);
    const answer = responseOf(
      await application({
        method: request.method,
        url: [url.protocol.slice(0, -1), url.hostname, url.port === '' ? null : Number(url.port), url.pathname + url.search],
        headers: Array.from(request.headers),
        body: applicationBody(
          () => (request.body ?? new Blob([]).stream())[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>,
          () => [],
        ),
        timeouts: [null, null, null, null],
        context: {},
        signal: request.signal,
        inform() {},
      }),
    );
    return new Response(streamOf(answer.body ?? null), {
      status: answer.status,
      statusText: answer.reason ?? '',
      headers: (answer.headers ?? []) as HeaderPair[] as [string, string][],
    });
  };
}

function streamOf(body: ApplicationBody): ReadableStream<Uint8Array> | null {
  if (body === null) return null;
  const chunks = bodyChunks(body);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (done === true) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await chunks.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
