/**
 * Sees what a trace never shows: the fields of a response. For who is asked for by name, such as a log of what is on the wire, and who decides
 * what of it is shown.
 */
import type { TraceObserver } from '../contract/trace.ts';
import type { HeaderPair } from '../contract/values.ts';

export interface MessageWatcher {
  /** As the trace of the exchange. */
  readonly trace: TraceObserver;
  /** The final head, after `head-received`. */
  onHead(status: number, reason: string, headers: readonly HeaderPair[]): void;
  /** The end of the body, after `body-end`. */
  onEnd(trailers: readonly HeaderPair[]): void;
}

/** A request as it is sent. */
export interface WatchedRequest {
  /** Its place among all requests of the process. */
  readonly order: number;
  readonly method: string;
  readonly origin: { readonly text: string; readonly authority: string };
  readonly target: string;
  readonly headers: readonly HeaderPair[];
}

/** Two as one; what one of them throws is not the other's concern. */
export function both(one: MessageWatcher | null, other: MessageWatcher | null): MessageWatcher | null {
  if (one === null || other === null) return one ?? other;
  return {
    trace: (name, at, detail) => {
      one.trace(name, at, detail);
      other.trace(name, at, detail);
    },
    onHead: (status, reason, headers) => {
      one.onHead(status, reason, headers);
      other.onHead(status, reason, headers);
    },
    onEnd: (trailers) => {
      one.onEnd(trailers);
      other.onEnd(trailers);
    },
  };
}
