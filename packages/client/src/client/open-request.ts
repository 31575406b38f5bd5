/** What is said of a request at the door for those who speak as to a dispatcher. */
import type { DispatchResponse, HeaderPair, TraceObserver, TrailerSource } from '@x/httpcore';

import type { CacheMode } from '../caching/cache-settings.ts';
import type { CacheOutcome } from '../response/cache-outcome.ts';

/** What is told beside the request. */
export interface OpenContext {
  readonly trailers?: TrailerSource | undefined;
  readonly trace?: TraceObserver | undefined;
  readonly cacheMode?: CacheMode | undefined;
  readonly onCacheOutcome?: ((outcome: CacheOutcome) => void) | undefined;
}

/** A head that is not the final one (RFC 9110 §15.2), as the core gives it. */
export type InterimResponse = readonly [
  httpVersion: null,
  status: number,
  reason: string,
  headers: readonly HeaderPair[],
  next: Promise<DispatchResponse | InterimResponse>,
];

/** Told of interim heads where they do not come from the promise. */
export interface InterimObserver {
  onInterim(status: number, reason: string, headers: readonly HeaderPair[]): void;
}

/** A request on its way, and the end of it. Its promise is waited for once, and one of the others told what came of it. */
export interface OpenRequest {
  /** An interim head has the promise of the next. */
  readonly response: Promise<DispatchResponse | InterimResponse>;
  /** At any stage; after the head as well. */
  abort(reason: unknown): void;
  /** Gives what is read instead. */
  received?(response: DispatchResponse): DispatchResponse;
  /** Gives the error to tell. */
  failed?(error: unknown): unknown;
}
