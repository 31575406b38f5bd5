import { channel } from 'node:diagnostics_channel';

import type { TraceEventName, TraceEvents, TraceObserver } from '../contract/trace.ts';
import type { MessageWatcher } from './message-watcher.ts';

/** What subscribers of the channel `@x/httpcore` receive: every {@link TraceEvents} event of every exchange in the process. */
export interface DiagnosticsMessage<Name extends TraceEventName = TraceEventName> {
  /** Counts up from 1 within the process; the same for all events of one exchange. */
  readonly exchange: number;
  readonly method: string;
  /** `scheme://host:port`. */
  readonly origin: string;
  readonly name: Name;
  readonly at: number;
  readonly detail: TraceEvents[Name];
}

/** The name of the `node:diagnostics_channel` that carries the trace of every exchange. */
export const diagnosticsChannelName = '@x/httpcore';

const diagnostics = channel(diagnosticsChannelName);
let lastExchange = 0;

/** Does anybody subscribe to the channel? */
export function isObserved(): boolean {
  return diagnostics.hasSubscribers;
}

/**
 * Joins the caller's observer, the diagnostics channel and who watches the messages into one, or `null` when nobody listens: then no event is
 * made. What it throws must not reach a socket callback: whoever calls it drops that.
 */
export function observerOf(
  own: TraceObserver | undefined,
  method: string,
  origin: string,
  watcher: MessageWatcher | null = null,
): TraceObserver | null {
  const isPublic = diagnostics.hasSubscribers;
  if (!isPublic && watcher === null) return own ?? null;
  const exchange = isPublic ? ++lastExchange : 0;
  return (name, at, detail) => {
    // A subscriber's error is reported by the channel itself, in a turn of its own.
    if (isPublic) diagnostics.publish({ exchange, method, origin, name, at, detail } satisfies DiagnosticsMessage);
    watcher?.trace(name, at, detail);
    return own?.(name, at, detail);
  };
}
