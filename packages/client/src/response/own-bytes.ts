/** Bytes as they are handed out: of the plain kind, and on memory that nobody else has. */
import { ownBytes } from '../own-bytes.ts';

/**
 * A `Uint8Array` on an `ArrayBuffer` of its own: `Uint8Array<ArrayBuffer>` for those versions of TypeScript that tell such arrays apart
 * (5.7 and later), and what `Blob`, `crypto.subtle` and the platform's `Response` take.
 */
export type OwnBytes = ReturnType<Uint8ArrayConstructor['of']>;

/** The same bytes: what is transferred or kept takes nothing of others along. */
export function toOwnBytes(bytes: Uint8Array): OwnBytes {
  return ownBytes(bytes);
}
