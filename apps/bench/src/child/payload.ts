/** The bytes that servers send and contenders expect. */

/** The body of the small answers: 11 bytes. */
export const SMALL_BODY = 'hello world';

/** Size of the large bodies, down and up. */
export const LARGE_BYTES: number = 100 * 1024 * 1024;

/** What `id` has to be in a parsed document. */
export const DOCUMENT_ID = 40_917;

/** The JSON document: exactly 1 KiB, with the usual mix of numbers, strings, booleans and nesting. */
export const DOCUMENT: string = makeDocument(1024);

const CHUNK_BYTES = 64 * 1024;

function makeDocument(bytes: number): string {
  const items = Array.from({ length: 9 }, (_, index) => ({
    sku: `A-${1000 + index * 37}`,
    name: `Article number ${index + 1}`,
    price: 9.95 + index,
    inStock: index % 3 !== 0,
  }));
  const document = { id: DOCUMENT_ID, customer: { name: 'Ada Lovelace', city: 'London' }, items, note: '' };
  const missing = bytes - Buffer.byteLength(JSON.stringify(document));
  if (missing < 0) throw new RangeError(`The document does not fit into ${bytes} bytes.`);
  return JSON.stringify({ ...document, note: 'n'.repeat(missing) });
}

/** The body of an upload: the same 64 KiB over and over, so that making it costs nobody anything. */
export function* uploadChunks(bytes: number): Generator<Uint8Array, void, undefined> {
  const chunk = Buffer.alloc(CHUNK_BYTES, 'upload ');
  let left = bytes;
  for (; left >= CHUNK_BYTES; left -= CHUNK_BYTES) yield chunk;
  if (left > 0) yield chunk.subarray(0, left);
}
