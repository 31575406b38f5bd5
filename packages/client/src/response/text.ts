/** Bytes as text. */
import { mediaType } from '../request/fields/media-type.ts';

type Slice = (this: Uint8Array, start: number, end: number) => string;
// Node's own decoders, which take any Uint8Array as `this` and so save making a Buffer of each body.
const { utf8Slice, latin1Slice } = Buffer.prototype as unknown as { utf8Slice: Slice; latin1Slice: Slice };

// The bytes 0x80 to 0x9f in windows-1252, which is what the web means by Latin-1 and by ASCII (WHATWG Encoding §4.2). Several
// releases of Node decode these labels as real Latin-1, so it is done here.
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';

// What nearly all types are that name one.
const plainCharset = /^[\w.+-]+\/[\w.+-]+; ?charset=([\w-]+)$/i;

/** The `charset` of a `Content-Type` (RFC 9110 §8.3.2), in lower case; none of a type that nobody can read. */
export function charsetOf(contentType: string | undefined): string | undefined {
  if (contentType === undefined) return undefined;
  if (contentType !== lastType) {
    lastCharset = readCharset(contentType);
    lastType = contentType;
  }
  return lastCharset;
}

// Most responses of a program have one type.
let lastType = '';
let lastCharset: string | undefined;

function readCharset(contentType: string): string | undefined {
  if (!/charset/i.test(contentType)) return undefined;
  const plain = plainCharset.exec(contentType)?.[1];
  if (plain !== undefined) return plain.toLowerCase();
  return mediaType(contentType)?.params.get('charset')?.trim().toLowerCase() || undefined;
}

/**
 * Decodes as the WHATWG Encoding Standard does: a byte order mark decides before the charset, is taken off, and what is
 * invalid becomes U+FFFD. A charset that nobody knows is taken as UTF-8: what a server says can't make reading fail.
 */
export function decodeText(bytes: Uint8Array, charset: string | undefined): string {
  const marked = byteOrderMark(bytes);
  if (marked === 'utf-8') return decodeUtf8(bytes, 3);
  if (marked === undefined && (charset === undefined || charset === 'utf-8' || charset === 'utf8')) return decodeUtf8(bytes, 0);
  const decoder = decoderFor(marked ?? charset!) ?? new TextDecoder();
  return decoder.encoding === 'windows-1252' ? decodeWindows1252(bytes) : decoder.decode(bytes);
}

/** Up to here V8 has the octets of an array beside the object. */
const longestOnHeap = 64;
const scratch = Buffer.allocUnsafeSlow(longestOnHeap);

function decodeUtf8(bytes: Uint8Array, start: number): string {
  const end = bytes.length;
  if (end > longestOnHeap) return utf8Slice.call(bytes, start, end);
  // Since Node 24 its decoders have such octets moved to memory of their own first, which takes four times as long as all of the rest.
  for (let index = start; index < end; index += 1) scratch[index] = bytes[index]!;
  return utf8Slice.call(scratch, start, end);
}

export function decodeWindows1252(bytes: Uint8Array): string {
  return latin1Slice.call(bytes, 0, bytes.length).replace(/[\x80-\x9f]/g, (character) => windows1252[character.charCodeAt(0) - 0x80]!);
}

export function byteOrderMark(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | undefined {
  const first = bytes[0];
  if (first === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (first === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (first === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return undefined;
}

export function decoderFor(label: string): InstanceType<typeof TextDecoder> | undefined {
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}
