/** Content of a length that the caller knows and we have to take on trust, until it is sent. */
import type { ByteIterable } from '@x/httpcore';

import { BodyChanged } from '../../errors.ts';
import { ChunkIterator } from '../body/chunks.ts';
import type { RequestBody } from '../body/request-body.ts';
import { iterate } from '../body/streamed-body.ts';

export class MeasuredBody implements RequestBody {
  readonly contentType: string | undefined;
  readonly length: number;
  readonly replayable: boolean;
  readonly onFailure: RequestBody['onFailure'];
  readonly #body: RequestBody;

  constructor(body: RequestBody, length: number) {
    this.contentType = body.contentType;
    this.replayable = body.replayable;
    this.onFailure = body.onFailure;
    this.length = length;
    this.#body = body;
  }

  /** Fails before a byte too many, and at the end when there are too few: the parts behind would be read as this one's. */
  open(): ByteIterable {
    const chunks = iterate(this.#body.open());
    let left = this.length;
    return new ChunkIterator(() => ({
      next: async () => {
        const result = await chunks.next();
        if (result.done !== true) left -= (result.value as Uint8Array).byteLength;
        if (left >= 0 && (result.done !== true || left === 0)) return result;
        await chunks.return?.();
        throw new BodyChanged(`A file has ${left < 0 ? 'more' : 'fewer'} bytes than the ${this.length} that were given as its length`, {
          code: 'LENGTH_MISMATCH',
        });
      },
      return: () => chunks.return?.(),
    }));
  }

  discard(): void {
    this.#body.discard();
  }

  release(): void {
    this.#body.release();
  }
}
