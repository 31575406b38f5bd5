/** What a request sends, whatever it was made from. */
import type { ByteIterable } from '@x/httpcore';

/** A body as it will be sent: its length, where that is known, and whether it can be sent again. */
export interface RequestBody {
  /** What `Content-Type` says when the caller does not; `undefined` leaves it out. */
  readonly contentType: string | undefined;
  /** Bytes, when they are known before the first is sent; else the body travels in chunks. */
  readonly length: number | undefined;
  /** Finds out a length that takes a look at something first, such as a file. Asked before the first byte is sent. */
  measure?(): Promise<number | undefined>;
  /** Can it be sent again? */
  readonly replayable: boolean;
  /** It can be sent once, and nobody has asked it for anything yet. */
  readonly untouched?: boolean | undefined;
  /**
   * The bytes, once more each time.
   * @throws {BodyNotReplayable} it can be read once, and was.
   */
  open(): ByteIterable;
  /**
   * Tells of a source that fails before anybody has asked it for anything, until what this gives is called. A source that can not tell
   * has none.
   */
  readonly onFailure?: ((tell: (error: unknown) => void) => () => void) | undefined;
  /** The request has failed: what still holds a file or a socket lets go of it. Never throws. */
  discard(): void;
  /** The call is over: a source that was given with it, and whose turn never came, lets go of what it holds. Never throws. */
  release(): void;
}

/** Bytes that are all here. */
export class BytesBody implements RequestBody {
  readonly contentType: string | undefined;
  readonly length: number;
  readonly replayable = true;
  readonly chunks: readonly Uint8Array[];

  constructor(chunks: readonly Uint8Array[], contentType: string | undefined) {
    let length = 0;
    for (const chunk of chunks) length += chunk.byteLength;
    this.chunks = chunks;
    this.length = length;
    this.contentType = contentType;
  }

  static text(text: string, contentType: string): BytesBody {
    return new BytesBody([Buffer.from(text, 'utf8')], contentType);
  }

  open(): ByteIterable {
    return this.chunks;
  }

  discard(): void {}

  release(): void {}
}
