/** What a cache tells everybody in the process who listens, without being handed anything: agents, log shippers. */
import { channel } from 'node:diagnostics_channel';

import type { CacheOutcome } from './outcome.ts';

/** The name of the `node:diagnostics_channel` on which each response of every cache of the process is told of. */
export const cacheChannelName = '@x/cache';

/** What subscribers of the channel `@x/cache` receive: why a response is the one that it is, before it is handed over. */
export interface CacheDiagnosticsMessage extends CacheOutcome {
  readonly method: string;
  /** Without the values of its query, which may be secrets: `https://example.com/search?…`. */
  readonly url: string;
}

const outcomes = channel(cacheChannelName);

/** Does anybody subscribe? Who does not costs nothing. */
export function isObserved(): boolean {
  return outcomes.hasSubscribers;
}

/** A subscriber's error is reported by the channel itself, in a turn of its own. */
export function publish(message: CacheDiagnosticsMessage): void {
  outcomes.publish(message);
}
