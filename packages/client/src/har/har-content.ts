/** From the pieces that a response body came in to what is written of it: its content coding undone, its secrets masked. */
import { readContentEncoding } from '../codings/codings.ts';
import { rounded, textOf } from './har-message.ts';
import type { HarContent } from './har.ts';
import type { Mask } from './mask.ts';
import { decodeBeginning } from './partial-decoding.ts';

/** Milliseconds since the head, and the bytes that came then. */
export interface Piece {
  readonly at: number;
  readonly bytes: Uint8Array;
}

export interface ReceivedBody {
  readonly pieces: readonly Piece[];
  readonly mediaType: string;
  /** `Content-Encoding`; empty without one. */
  readonly coding: string;
  /** Did all of it come? */
  readonly complete: boolean;
  readonly incomplete: HarContent['_incomplete'];
}

export interface WrittenContent {
  readonly content: HarContent;
  /** How many bytes longer masking has made it; of a body whose coding was undone, nothing that a length was said of. */
  readonly grown: number;
}

/** Bytes, and where in them each piece ended. */
interface Pieces {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

// Each piece of an encoded body is found by decoding all up to it.
const mostDecodedForPieces = 16 * 1024 * 1024;

/** `maxLength`: of the content when its coding is undone, in bytes. */
export function writtenContent(received: ReceivedBody, mask: Mask, maxLength: number): WrittenContent {
  const { mediaType, coding, incomplete } = received;
  const raw = joined(received.pieces);
  const encoded = coding !== '' && coding.trim().toLowerCase() !== 'identity' && raw.bytes.length > 0;
  const plain = encoded ? undone(raw, coding, received.complete, maxLength) : raw;
  const present = plain ?? raw;
  const masked = plain === undefined ? { bytes: raw.bytes, offset: (at: number): number => at } : mask.body(plain.bytes, mediaType);
  const { text, encoding } = textOf(masked.bytes);
  const content: HarContent = {
    size: masked.bytes.length,
    ...(encoded && plain !== undefined ? { compression: plain.bytes.length - raw.bytes.length } : {}),
    mimeType: mediaType === '' ? 'x-unknown' : mediaType,
    ...(masked.bytes.length === 0 ? {} : { text }),
    ...(encoding === undefined ? {} : { encoding }),
    ...chunksOf(received.pieces, present.ends.map(masked.offset)),
    ...(encoded && plain === undefined ? { _encoded: true as const } : {}),
    ...(incomplete === undefined ? {} : { _incomplete: incomplete }),
  };
  return { content, grown: encoded ? 0 : masked.bytes.length - raw.bytes.length };
}

function joined(pieces: readonly Piece[]): Pieces {
  let length = 0;
  const ends = pieces.map(({ bytes }) => (length += bytes.length));
  return { bytes: pieces.length === 1 ? pieces[0]!.bytes : Buffer.concat(pieces.map(({ bytes }) => bytes)), ends };
}

/** `undefined`: it can not be undone here. */
function undone({ bytes, ends }: Pieces, coding: string, complete: boolean, maxLength: number): Pieces | undefined {
  try {
    const content = complete ? decodeWhole(bytes, coding, maxLength) : decodeBeginning(coding, bytes, maxLength);
    if (content === undefined) return undefined;
    const work = ends.reduce((sum, end) => sum + end, 0);
    const last = content.length;
    if (ends.length < 2 || work > mostDecodedForPieces) return { bytes: content, ends: ends.map(() => last) };
    const decodedEnds = ends.map((end, index) =>
      index === ends.length - 1 ? last : (decodeBeginning(coding, bytes.subarray(0, end), maxLength)?.length ?? last),
    );
    return { bytes: content, ends: decodedEnds };
  } catch {
    return undefined;
  }
}

function decodeWhole(bytes: Uint8Array, coding: string, maxLength: number): Uint8Array | undefined {
  const codings = readContentEncoding(coding);
  if (codings.length === 0) return undefined;
  let content = bytes;
  for (const { decodeNow } of codings) {
    const { decoded, consumed } = decodeNow(content, maxLength);
    if (consumed < content.length) return undefined;
    content = decoded;
  }
  return content;
}

function chunksOf(pieces: readonly Piece[], ends: readonly number[]): Pick<HarContent, '_chunks'> {
  const chunks = pieces
    .map(({ at }, index) => [rounded(at), ends[index]!] as const)
    .filter(([, end], index) => end > (ends[index - 1] ?? 0));
  return chunks.length === 0 ? {} : { _chunks: chunks };
}
