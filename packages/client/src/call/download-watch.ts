/** Tells how far the bodies of responses have come. */
import { WatchedBody, type DownloadObserver } from '../response/download-progress.ts';
import type { CallContext } from './context.ts';
import type { Send } from './interceptor.ts';

/** Outside of where content codings are undone, and inside of whoever reads a body. */
export function watchDownloads(observerOf: (context: CallContext) => DownloadObserver | undefined): (next: Send) => Send {
  return (next) =>
    async function watch(request, context) {
      const response = await next(request, context);
      const observe = observerOf(context);
      // What can be written to as well is no download.
      if (observe === undefined || 'write' in response.body) return response;
      return response.with({ body: new WatchedBody(response.body, response.rawHeaders, observe) });
    };
}
