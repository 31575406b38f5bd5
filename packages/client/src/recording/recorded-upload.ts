/** A request body that is seen while it is sent. */
import type { ByteIterable } from '@x/httpcore';

export interface UploadWatcher {
  /** Also when it is sent once more. */
  begun(): void;
  passed(chunk: Uint8Array): void;
  /** All of it was asked for. */
  ended(): void;
}

/** The same body. Chunks in memory stay such: they have a length, and can be sent again. */
export function recordedUpload(body: ByteIterable, watcher: UploadWatcher): ByteIterable {
  if (Array.isArray(body)) {
    watcher.begun();
    for (const chunk of body as readonly unknown[]) if (chunk instanceof Uint8Array) watcher.passed(chunk);
    watcher.ended();
    return body;
  }
  if (Symbol.asyncIterator in body) {
    return {
      [Symbol.asyncIterator]() {
        watcher.begun();
        const chunks = body[Symbol.asyncIterator]();
        // Not a generator, whose return() waits for a source that is silent.
        return {
          async next() {
            return seen(await chunks.next(), watcher);
          },
          async return() {
            await chunks.return?.();
            return { done: true as const, value: undefined };
          },
        };
      },
    };
  }
  return {
    [Symbol.iterator]() {
      watcher.begun();
      const chunks = body[Symbol.iterator]();
      return {
        next: () => seen(chunks.next(), watcher),
        return: () => {
          chunks.return?.();
          return { done: true as const, value: undefined };
        },
      };
    },
  };
}

function seen(result: IteratorResult<Uint8Array>, watcher: UploadWatcher): IteratorResult<Uint8Array> {
  if (result.done === true) watcher.ended();
  // What is no chunk is refused by whoever sends it.
  else if (result.value instanceof Uint8Array) watcher.passed(result.value);
  return result;
}
