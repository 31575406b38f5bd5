/**
 * How streams were closed that a reset closed. Streams that ended in order need no memory: a frame on one of those is a
 * connection error, whenever it comes (RFC 9113 §5.1).
 */

export const Closing = {
  /** Both directions ended: nothing may follow. */
  ENDED: 0,
  /** We reset it: the peer may not know yet, and what it sends is dropped. */
  RESET_BY_US: 1,
  /** The peer reset it, and must not send more. */
  RESET_BY_PEER: 2,
} as const;

const capacity = 1_024;

export class ClosedStreams {
  readonly #closings = new Map<number, number>();
  // All below it that are not in the map may have been reset: we no longer know, and assume the harmless.
  #forgottenUpTo = 0;

  add(streamId: number, closing: number): void {
    if (this.#closings.size >= capacity) {
      for (const oldest of this.#closings.keys()) {
        this.#closings.delete(oldest);
        if (oldest > this.#forgottenUpTo) this.#forgottenUpTo = oldest;
        break;
      }
    }
    this.#closings.set(streamId, closing);
  }

  closing(streamId: number): number {
    return this.#closings.get(streamId) ?? (streamId <= this.#forgottenUpTo ? Closing.RESET_BY_US : Closing.ENDED);
  }
}
