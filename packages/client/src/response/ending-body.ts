/** The body of a streamed response, which keeps its call alive until it has ended. */
import type { DuplexBody, HeaderPair, ResponseBody } from '@x/httpcore';

type OnEnd = (error?: unknown) => void;

/** Calls `onEnd` once: when the body has been read or closed, or with the error that it has failed with. */
export function endingBody(body: ResponseBody | DuplexBody, onEnd: OnEnd): ResponseBody {
  return 'write' in body ? new EndingDuplexBody(body, onEnd) : new EndingBody(body, onEnd);
}

class EndingBody implements ResponseBody {
  readonly #body: ResponseBody;
  #onEnd: OnEnd | undefined;

  constructor(body: ResponseBody, onEnd: OnEnd) {
    this.#body = body;
    this.#onEnd = onEnd;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#body.trailers;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const bytes = await this.#body.bytes();
      this.#end();
      return bytes;
    } catch (error) {
      this.#end(error);
      throw error;
    }
  }

  async close(): Promise<void> {
    try {
      await this.#body.close();
    } finally {
      this.#end();
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array<ArrayBuffer>> {
    const chunks = this.#body[Symbol.asyncIterator]();
    return {
      next: async () => {
        try {
          const result = await chunks.next();
          if (result.done === true) this.#end();
          return result;
        } catch (error) {
          this.#end(error);
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

  #end(error?: unknown): void {
    const onEnd = this.#onEnd;
    this.#onEnd = undefined;
    onEnd?.(error);
  }
}

class EndingDuplexBody extends EndingBody implements DuplexBody {
  readonly #duplex: DuplexBody;

  constructor(body: DuplexBody, onEnd: OnEnd) {
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
