/** Bytes as they are handed out: of the plain kind, and on memory that nobody else has. */

/**
 * A `Uint8Array` on an `ArrayBuffer` of its own: `Uint8Array<ArrayBuffer>` for those versions of TypeScript that tell such arrays apart
 * (5.7 and later), and what `Blob`, `crypto.subtle` and the platform's `Response` take.
 */
export type OwnBytes = ReturnType<Uint8ArrayConstructor['of']>;

/** The same bytes, and the same memory where it holds nothing else: what is transferred or kept takes nothing of others along. */
export function toOwnBytes(bytes: Uint8Array): OwnBytes {
  const { buffer } = bytes;
  if (bytes.byteLength !== buffer.byteLength || !(buffer instanceof ArrayBuffer)) return new Uint8Array(bytes);
  // Not a Buffer, whose slice() and toString() do something else.
  return (bytes.constructor === Uint8Array ? bytes : new Uint8Array(buffer)) as OwnBytes;
}
