import type { AnyResponse } from './any-response.ts';

/** Sees the chunks of a body that is read as it comes before they are decoded: a digest may be of those. */
export interface EncodedChunks {
  onChunk: ((chunk: Uint8Array) => void) | undefined;
}

/** A response whose body is still to be read. */
export interface UnreadResponse extends AnyResponse, AsyncIterable<Uint8Array> {
  /** Of a body whose content coding is undone: tells of its chunks before that. */
  readonly encoded?: EncodedChunks | undefined;
  /** Never rejects. */
  close(): Promise<void>;
}
