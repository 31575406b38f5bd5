/** Where an engine writes. The connection behind it flushes once per turn and knows when the peer takes no more. */
export interface ByteSink {
  /** A string is Latin-1. Returns false when the peer is slower than we are: stop until told that it has caught up. */
  write(data: string | Uint8Array): boolean;
}
