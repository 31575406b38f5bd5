/** One array of all: the chunk itself when it is the only one. */
export function joinChunks(chunks: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (chunks.length === 1) return chunks[0]!;
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Asking a smaller array for its `buffer` moves it out of the heap, which costs more than a copy. */
const smallest = 64;

/**
 * These bytes as a plain array whose memory is theirs alone, the same where it holds nothing else: what others hand out are Buffers, and parts of
 * something larger.
 */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  if (bytes.length <= smallest) return new Uint8Array(bytes);
  const { buffer } = bytes;
  if (bytes.length !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return new Uint8Array(bytes);
  // Not a Buffer, whose slice() and toString() do something else.
  return bytes.constructor === Uint8Array ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(buffer);
}
