/** A whole response out of the beginning that is stored and the rest that has come (RFC 9111 §3.4). */
import type { DispatchResponse, HeaderPair, ResponseBody } from '@x/httpcore';

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
  return [httpVersion, 200, 'OK', headers, new CompletedBody(bytes, body)];
}

class CompletedBody implements ResponseBody {
  readonly #beginning: StoredBytes;
  readonly #rest: ResponseBody;
  #isOver = false;

  constructor(beginning: StoredBytes, rest: ResponseBody) {
    this.#beginning = beginning;
    this.#rest = rest;
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
      if (this.#beginning instanceof Uint8Array) yield new Uint8Array(this.#beginning);
      else for await (const chunk of this.#beginning) yield new Uint8Array(chunk);
      yield* this.#rest;
    } finally {
      await this.close();
    }
  }
}
