/** The body of a response of a dispatcher that traces nothing: it ends when it has been read, closed or has failed. */
import type { HeaderPair, ResponseBody } from '@x/httpcore';

export interface BodyWatcher {
  onEnd(bytes: number): void;
  onFailure(error: unknown): void;
  /** It was closed before its end. */
  onLeft(): void;
}

export class WatchedBody implements ResponseBody {
  readonly #body: ResponseBody;
  readonly #watcher: BodyWatcher;

  constructor(body: ResponseBody, watcher: BodyWatcher) {
    this.#body = body;
    this.#watcher = watcher;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#body.trailers;
  }

  async bytes(): Promise<Uint8Array<ArrayBuffer>> {
    try {
      const bytes = await this.#body.bytes();
      this.#watcher.onEnd(bytes.length);
      return bytes;
    } catch (error) {
      this.#watcher.onFailure(error);
      throw error;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array<ArrayBuffer>, void, undefined> {
    let bytes = 0;
    try {
      for await (const chunk of this.#body) {
        bytes += chunk.length;
        yield chunk;
      }
      this.#watcher.onEnd(bytes);
    } catch (error) {
      this.#watcher.onFailure(error);
      throw error;
    } finally {
      this.#watcher.onLeft();
    }
  }

  async close(): Promise<void> {
    await this.#body.close();
    this.#watcher.onLeft();
  }
}
