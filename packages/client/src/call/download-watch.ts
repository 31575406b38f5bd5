/** Tells how far the bodies of responses have come. */
import { WatchedBody, type DownloadObserver } from '../response/download-progress.ts';
import type { CallContext } from './context.ts';
import type { Passage } from './passage.ts';

/** Outside of where content codings are undone, and inside of whoever reads a body. */
export function watchDownloads(observerOf: (context: CallContext) => DownloadObserver | undefined): Passage {
  return {
    back: (response, _request, context) => {
      const observe = observerOf(context);
      // What can be written to as well is no download.
      if (observe === undefined || 'write' in response.body) return response;
      return response.with({ body: new WatchedBody(response.body, response.rawHeaders, observe) });
    },
  };
}
