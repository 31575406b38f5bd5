/** How a store in memory keeps bodies. */
import type { StoredBytes } from './store.ts';

/** Bodies up to this size are in a record with their head: an array of bytes is three objects, and its memory is had and given back by itself. */
export const largestText = 1024;

/** What came in many small pieces is one. */
export function keptChunks(chunks: readonly Uint8Array[], length: number): readonly Uint8Array[] {
  if (chunks.length === 1 || length > 64 * 1024) return chunks;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return [whole];
}

export function bytesOfChunks(chunks: readonly Uint8Array[], start: number, end: number): StoredBytes {
  return chunks.length === 1 ? chunks[0]!.subarray(start, end) : slices(chunks, start, end);
}

/** Empty for no bytes. */
async function* slices(chunks: readonly Uint8Array[], start: number, end: number): AsyncGenerator<Uint8Array, void, undefined> {
  let at = 0;
  for (const chunk of chunks) {
    if (at >= end) return;
    const from = Math.max(0, start - at);
    const piece = chunk.subarray(from, end - at);
    at += chunk.length;
    if (piece.length > 0 && from < chunk.length) yield piece;
  }
}
