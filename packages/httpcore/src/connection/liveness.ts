/**
 * Is the peer of a connection still there? It is asked with a PING after a long silence, and at once where a stream of its has run into a limit in
 * time and nothing at all was heard since that began: then the path may be gone, though no packet says so. A connection in doubt takes no new
 * streams until the peer says something; one that was asked and says nothing for long is lost.
 */
import { TimeoutError } from '../contract/errors.ts';
import { isNamed } from '../contract/thrown.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { isSurelyReplayable } from '../exchange/replay.ts';
import { http2Defaults, type Http2Settings } from '../model/http2-options.ts';

/**
 * Should the socket be looked at once more, for an end that has come meanwhile, before this request goes out? A kept connection may be closing,
 * right behind its last answer too, where a server closes without having said so; and what can't be sent again would be lost with it.
 */
export function isWorthALook(kept: { readonly served: number }, exchange: Exchange): boolean {
  return kept.served > 0 && !isSurelyReplayable(exchange);
}

/** All times in clock milliseconds. */
export class Liveness {
  readonly #silence: number;
  readonly #timeout: number;
  lastHeard: number;
  isDoubted = false;
  #askedAt = -1;

  constructor(now: number, { pingInterval, pingTimeout }: Pick<Http2Settings, 'pingInterval' | 'pingTimeout'> = http2Defaults) {
    this.#silence = pingInterval;
    this.#timeout = pingTimeout;
    this.lastHeard = now;
  }

  /** The peer said something. Returns whether it was in doubt. */
  heard(now: number): boolean {
    const wasDoubted = this.isDoubted;
    this.lastHeard = now;
    this.#askedAt = -1;
    this.isDoubted = false;
    return wasDoubted;
  }

  /** A stream that began at `startedAt` was given up for `error`. Returns whether the peer is to be asked now. */
  onGivenUp(startedAt: number, error: Error): boolean {
    if (this.lastHeard >= startedAt || !isLimitInTime(error)) return false;
    this.isDoubted = true;
    return this.#askedAt === -1;
  }

  /** Is it to be asked? */
  isDue(now: number): boolean {
    return this.#askedAt === -1 && now - this.lastHeard >= this.#silence;
  }

  onAsked(now: number): void {
    this.#askedAt = now;
  }

  isLost(now: number): boolean {
    return this.isAsked && now - this.#askedAt >= this.#timeout;
  }

  get isAsked(): boolean {
    return this.#askedAt !== -1;
  }

  /** When to look again; `now` where it is late. */
  lookAt(now: number): number {
    if (!this.isAsked) return Math.max(now, this.lastHeard + this.#silence);
    // Once it has answered it may be due again before the time for its answer is over.
    const again = this.#askedAt + this.#silence;
    const lost = this.#askedAt + this.#timeout;
    return Math.max(now, again > now ? Math.min(again, lost) : lost);
  }
}

/** One of ours, or one that the caller has set by `AbortSignal.timeout()`. */
function isLimitInTime(error: Error): boolean {
  return error instanceof TimeoutError || isNamed(error.cause, 'TimeoutError');
}
