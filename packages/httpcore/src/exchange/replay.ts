import type { ByteIterable } from '../contract/dispatcher.ts';

/**
 * What is known of an exchange that its connection could not complete:
 * - `unprocessed`: the peer provably did not act on it. Nothing was written, or the peer said so (REFUSED_STREAM, GOAWAY).
 * - `stale`: an idle connection that was used again was closed before the first byte of an answer. Most likely the server's
 *   keep-alive timeout and our request crossed; but it could have acted on the request (RFC 9110 §9.2.2, RFC 9112 §9.3.1).
 * - `unknown`: it may have been processed.
 */
export type Processing = 'unprocessed' | 'stale' | 'unknown';

/** A peer that refuses everything must not keep us busy for ever; hyper and undici stop at the same order. */
const maxReplays = 2;

const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']);

/** What an exchange is asked before it is sent again. */
export interface Replayable {
  readonly method: string;
  readonly body: ByteIterable | null;
  /** Has the caller's iterable been asked for anything? */
  readonly bodyPulled: boolean;
  readonly context?: { readonly replayableBody?: boolean | undefined } | undefined;
  readonly requestSent: boolean;
  readonly replays: number;
}

/** May the core send the exchange again by itself? Pure: it looks and decides. */
export function mayReplay(exchange: Replayable, processing: Processing): boolean {
  if (processing === 'unknown') return false;
  if (exchange.replays >= maxReplays) return false;
  if (!isReplayable(exchange)) return false;
  if (processing === 'unprocessed' || !exchange.requestSent) return true;
  return idempotentMethods.has(exchange.method);
}

/** No body, a list of chunks, an iterable that begins anew each time, or one that has not been asked for anything yet. */
function isReplayable(exchange: Replayable): boolean {
  return exchange.body === null || Array.isArray(exchange.body) || !exchange.bodyPulled || exchange.context?.replayableBody === true;
}
