/** The body of a streamed response, which keeps its call alive until it has ended. */
import type { DuplexBody, HeaderPair, ResponseBody } from '@x/httpcore';

/** Who wants to know what becomes of a body. */
export interface BodyWatcher {
  /** Somebody has begun to read it. May be told again. */
  onRead(): void;
  /** It has been read or closed, or has failed with this error. */
  onEnd(error?: unknown): void;
}

/** Tells the end once. */
export function endingBody(body: ResponseBody | DuplexBody, watcher: BodyWatcher): ResponseBody {
  return 'write' in body ? new EndingDuplexBody(body, watcher) : new EndingBody(body, watcher);
}

class EndingBody implements ResponseBody {
  readonly #body: ResponseBody;
  #watcher: BodyWatcher | undefined;

  constructor(body: ResponseBody, watcher: BodyWatcher) {
    this.#body = body;
    this.#watcher = watcher;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#body.trailers;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    this.#watcher?.onRead();
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
        this.#watcher?.onRead();
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
    const watcher = this.#watcher;
    this.#watcher = undefined;
    watcher?.onEnd(error);
  }
}

class EndingDuplexBody extends EndingBody implements DuplexBody {
  readonly #duplex: DuplexBody;

  constructor(body: DuplexBody, watcher: BodyWatcher) {
    super(body, watcher);
    this.#duplex = body;
  }

  write(chunk: Uint8Array): Promise<void> {
    return this.#duplex.write(chunk);
  }

  end(): Promise<void> {
    return this.#duplex.end();
  }
}
