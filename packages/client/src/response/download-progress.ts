/** How far the body of a response has come. */
import type { HeaderPair, ResponseBody } from '@x/httpcore';

import { toOwnBytes, type OwnBytes } from './own-bytes.ts';
import { findHeader } from '../request/fields/header-input.ts';

/** How far a response body has come, in bytes. */
export interface DownloadProgress {
  /** Bytes of the content that have been read. */
  readonly received: number;
  /** Bytes in all; `undefined` when nobody knows, as of a body in a content coding. */
  readonly total: number | undefined;
}

/** Called for each piece that has been read; an async one is waited for. What it throws ends the call. */
export type DownloadObserver = (progress: DownloadProgress) => void;

/** The same body, of whose chunks the observer is told as they are taken. */
export class WatchedBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #total: number | undefined;
  readonly #observe: DownloadObserver;

  constructor(body: ResponseBody, headers: readonly HeaderPair[], observe: DownloadObserver) {
    this.#body = body;
    this.#total = totalOf(headers);
    this.#observe = observe;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#body.trailers;
  }

  async bytes(): Promise<OwnBytes> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this) chunks.push(chunk);
    return toOwnBytes(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks));
  }

  close(): Promise<void> {
    return this.#body.close();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OwnBytes, void, undefined> {
    let received = 0;
    for await (const chunk of this.#body) {
      received += chunk.byteLength;
      const told = this.#observe({ received, total: this.#total }) as PromiseLike<void> | undefined;
      if (typeof told === 'object') await told;
      yield chunk;
    }
  }
}

/** Of what is decoded, no length is known. */
function totalOf(headers: readonly HeaderPair[]): number | undefined {
  const length = findHeader(headers, 'content-length');
  const isCoded = findHeader(headers, 'content-encoding') !== undefined;
  return isCoded || length === undefined || !/^\d+$/u.test(length) ? undefined : Number(length);
}
