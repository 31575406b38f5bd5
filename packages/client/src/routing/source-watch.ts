/** What is to be sent, and fails while its request waits for a connection: told at once, not when its turn comes. */
import { Aborted, HttpCoreError, WriteError } from '@x/httpcore';

import { joinSignals } from '../call/signals.ts';
import type { RequestBody } from '../request/body/request-body.ts';

export class SourceWatch {
  /** Ends the request, too. */
  readonly signal: AbortSignal;
  /** The request has an answer or has failed: whatever comes now is told by who reads. */
  readonly stop: () => void;
  /** The request is over. */
  readonly release: () => void;
  #failure: { readonly error: unknown } | undefined = undefined;

  constructor(body: RequestBody, signal: AbortSignal | undefined) {
    const controller = new AbortController();
    const joined = joinSignals(signal === undefined ? [controller.signal] : [signal, controller.signal]);
    this.signal = joined.signal!;
    this.release = () => joined.release();
    const stop = body.onFailure?.((error) => {
      this.#failure ??= { error };
      controller.abort();
    });
    this.stop = () => stop?.();
  }

  /** What the request has failed with. */
  told(failed: unknown): unknown {
    if (this.#failure === undefined || !(failed instanceof Aborted)) return failed;
    const { error } = this.#failure;
    const { origin, method, requestSent, connectionReused } = failed;
    return ofSource(error).withFacts({ origin, method, requestSent, connectionReused });
  }
}

function ofSource(error: unknown): HttpCoreError {
  if (error instanceof HttpCoreError) return error;
  const why = error instanceof Error && error.message !== '' ? `: ${error.message}` : '';
  return new WriteError(`The request body failed before it was read${why}`, { code: 'REQUEST_BODY_FAILED', cause: error, phase: 'send' });
}
