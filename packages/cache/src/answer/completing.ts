/** A whole response out of the beginning that is stored and the rest that has come (RFC 9111 §3.4). */
import { ReadError, type DispatchResponse, type HeaderPair, type ResponseBody } from '@x/httpcore';

import type { CacheRequest } from '../cache-request.ts';
import { joinChunks } from '../own-bytes.ts';
import { fieldValue, noFields, replaceFields, withoutFields } from '../rules/fields.ts';
import { parseContentRange } from '../rules/ranges.ts';
import { freshenedFields, strongTag } from '../rules/validation.ts';
import type { StoredBytes, StoredResponse } from '../store/store.ts';
import type { CacheCore } from './cache-core.ts';

/** `undefined` where they do not belong together: only parts with the same strong validator do. */
export async function completedResponse(
  core: CacheCore,
  request: CacheRequest,
  beginning: StoredResponse,
  [httpVersion, , , fields, body]: DispatchResponse,
): Promise<DispatchResponse | undefined> {
  const range = parseContentRange(fieldValue(fields, 'content-range'));
  const { complete } = beginning.part!;
  const isRest = range !== undefined && range.first === beginning.length && range.complete === complete && range.last === complete! - 1;
  if (!isRest || strongTag(fields) !== strongTag(beginning.headers)) return undefined;
  const bytes = await core.store.open(request.key, beginning, 0, beginning.length);
  if (bytes === undefined) return undefined;
  const headers = replaceFields(withoutFields(freshenedFields(beginning.headers, fields), new Set(['content-range'])), [
    ['content-length', String(complete)],
  ]);
  return [httpVersion, 200, 'OK', headers, new CompletedBody(bytes, body, complete!)];
}

class CompletedBody implements ResponseBody {
  readonly #beginning: StoredBytes;
  readonly #rest: ResponseBody;
  readonly #length: number;
  #isOver = false;

  constructor(beginning: StoredBytes, rest: ResponseBody, length: number) {
    this.#beginning = beginning;
    this.#rest = rest;
    this.#length = length;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#isOver ? (this.#rest.trailers ?? noFields) : undefined;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    const chunks: Uint8Array<ArrayBuffer>[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return joinChunks(chunks);
  }

  async close(): Promise<void> {
    this.#isOver = true;
    await this.#rest.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    try {
      let length = 0;
      if (this.#beginning instanceof Uint8Array) {
        length += this.#beginning.length;
        yield new Uint8Array(this.#beginning);
      } else {
        for await (const chunk of this.#beginning) {
          length += chunk.length;
          yield new Uint8Array(chunk);
        }
      }
      for await (const chunk of this.#rest) {
        length += chunk.length;
        if (length > this.#length) throw this.#notAsLong(length);
        yield chunk;
      }
      if (length < this.#length) throw this.#notAsLong(length);
    } finally {
      await this.close();
    }
  }

  /** The rest came without a length of its own, and is not what its Content-Range says. */
  #notAsLong(length: number): ReadError {
    const message = `The rest of the response, of which a part was stored, is not what its Content-Range says: ${length} bytes of ${this.#length}`;
    return new ReadError(message, { phase: 'response-body', requestSent: true });
  }
}
