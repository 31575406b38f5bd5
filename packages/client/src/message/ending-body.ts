/** The body of a streamed response, which keeps its call alive until it has ended. */
import type { DuplexBody, HeaderPair, ResponseBody } from '@x/httpcore';

/** Calls `onEnd` once: when the body has been read, closed, or has failed. */
export function endingBody(body: ResponseBody | DuplexBody, onEnd: () => void): ResponseBody {
  return 'write' in body ? new EndingDuplexBody(body, onEnd) : new EndingBody(body, onEnd);
}

class EndingBody implements ResponseBody {
  readonly #body: ResponseBody;
  #onEnd: (() => void) | undefined;

  constructor(body: ResponseBody, onEnd: () => void) {
    this.#body = body;
    this.#onEnd = onEnd;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#body.trailers;
  }

  async bytes(): Promise<Uint8Array> {
    try {
      return await this.#body.bytes();
    } finally {
      this.#end();
    }
  }

  async close(): Promise<void> {
    try {
      await this.#body.close();
    } finally {
      this.#end();
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    const chunks = this.#body[Symbol.asyncIterator]();
    return {
      next: async () => {
        try {
          const result = await chunks.next();
          if (result.done === true) this.#end();
          return result;
        } catch (error) {
          this.#end();
          throw error;
        }
      },
      return: async () => {
        try {
          await chunks.return?.();
        } finally {
          this.#end();
        }
        return { done: true, value: undefined };
      },
    };
  }

  #end(): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.();
  }
}

class EndingDuplexBody extends EndingBody implements DuplexBody {
  readonly #duplex: DuplexBody;

  constructor(body: DuplexBody, onEnd: () => void) {
    super(body, onEnd);
    this.#duplex = body;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#duplex.write(chunk);
  }

  end(): Promise<void> {
    return this.#duplex.end();
  }
}
