import type { ByteIterable } from '../contract/values.ts';

/**
 * What is known of an exchange that its connection could not complete:
 * - `unprocessed`: the peer provably did not act on it. Nothing was written, or the peer said so (REFUSED_STREAM, GOAWAY).
 * - `retired`: the same, and the connection has served others before: it was found dead before anything was written, or ended in order
 *   (GOAWAY with NO_ERROR). Servers close connections after so many requests; that says nothing about the next one.
 * - `stale`: an idle connection that was used again was closed before the first byte of an answer. Most likely the server's
 *   keep-alive timeout and our request crossed; but it could have acted on the request (RFC 9110 §9.2.2, RFC 9112 §9.3.1).
 * - `unknown`: it may have been processed.
 */
export type Processing = 'unprocessed' | 'retired' | 'stale' | 'unknown';

/**
 * A peer that refuses everything must not keep us busy for ever; hyper and undici stop at the same order. What comes of a connection that
 * has served something is no strike: in the end every request is among those that are served.
 */
const mostStrikes = 2;
/** No strike is answered by another attempt when so many milliseconds have passed since the first. */
const strikePatience = 60_000;
/** A peer that serves somebody each time, and this one never. */
const mostReplays = 1_000;

const idempotentMethods = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY']);

/** What an exchange is asked before it is sent again. */
export interface Replayable {
  readonly method: string;
  readonly body: ByteIterable | null;
  /** Has the caller's iterable been asked for anything? */
  readonly bodyPulled: boolean;
  readonly context?: { readonly replayableBody?: boolean | undefined } | undefined;
  readonly requestSent: boolean;
  /** How often it was sent again, and how many of these times were without any progress of the peer's; since when. */
  readonly replays: number;
  readonly strikes: number;
  readonly strikesSince: number;
  /** With a proxy, about it. */
  readonly conversation?: { readonly asked: { readonly method: string } } | undefined;
}

/** May the core send the exchange again by itself? Pure: it looks and decides. */
export function mayReplay(exchange: Replayable, processing: Processing, now: number): boolean {
  if (processing === 'unknown' || exchange.replays >= mostReplays || !isReplayable(exchange)) return false;
  if (isStrike(processing) && (exchange.strikes >= mostStrikes || now - exchange.strikesSince > strikePatience)) return false;
  return processing !== 'stale' || !exchange.requestSent || isIdempotent(exchange.method) || isForTunnel(exchange);
}

/** Nothing goes through a tunnel before we know of it: one more is none too many. */
function isForTunnel({ conversation }: Replayable): boolean {
  return conversation?.asked.method === 'CONNECT';
}

/** Sending it twice does what sending it once does (RFC 9110 §9.2.2). */
export function isIdempotent(method: string): boolean {
  return idempotentMethods.has(method);
}

/** Whatever becomes of its connection before the first byte of an answer, it can be sent again. */
export function isSurelyReplayable({ body, method }: Pick<Replayable, 'body' | 'method'>): boolean {
  return (body === null || Array.isArray(body)) && isIdempotent(method);
}

export function isStrike(processing: Processing): boolean {
  return processing === 'unprocessed';
}

/** No body, a list of chunks, an iterable that begins anew each time, or one that has not been asked for anything yet. */
function isReplayable(exchange: Replayable): boolean {
  return exchange.body === null || Array.isArray(exchange.body) || !exchange.bodyPulled || exchange.context?.replayableBody === true;
}
