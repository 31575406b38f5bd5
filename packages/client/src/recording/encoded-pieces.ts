/** A content coding done piece by piece, so that a reader has each of them when it has come. */
import type { ContentEncoder } from '../codings/encoders.ts';
import type { ZlibEngine } from '../codings/zlib-pump.ts';
import { setImmediate } from '../time/platform.ts';

export interface TimedPiece {
  /** Milliseconds since the head. */
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** `ends`: does the coding come to its end, or does it break off? */
export async function* encodedPieces(
  { codec }: ContentEncoder,
  pieces: readonly TimedPiece[],
  ends: boolean,
): AsyncGenerator<TimedPiece, undefined> {
  const engine = codec.open(0) as ZlibEngine & { flush(callback: () => void): void };
  const made: Uint8Array[] = [];
  engine.on('data', (chunk: Uint8Array) => void made.push(chunk));
  try {
    for (const [index, { at, bytes }] of pieces.entries()) {
      engine.write(bytes);
      await new Promise<void>((resolve) => engine.flush(resolve));
      if (ends && index === pieces.length - 1) {
        engine.end();
        await new Promise<void>((resolve) => engine.once('end', resolve));
      }
      // What is flushed is emitted in this turn, at the latest.
      await new Promise<void>((resolve) => setImmediate(resolve));
      const chunk = Buffer.concat(made.splice(0));
      if (chunk.length > 0) yield { at, bytes: chunk };
    }
  } finally {
    engine.destroy();
  }
}
