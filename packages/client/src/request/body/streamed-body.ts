/** Bodies that are read while they are sent. */
import { isGeneratorObject } from 'node:util/types';

import type { ByteIterable } from '@x/httpcore';

import { BodyNotReplayable } from '../../errors.ts';
import { ChunkIterator, readerSource, type ChunkSource } from './chunks.ts';
import type { RequestBody } from './request-body.ts';

/** A body whose source can be opened again and again: a Blob, a collection of chunks, a function. */
export class ReopenedBody implements RequestBody {
  readonly contentType: string | undefined;
  readonly length: number | undefined;
  readonly replayable = true;
  readonly #open: () => ChunkSource | Promise<ChunkSource>;

  constructor(open: () => ChunkSource | Promise<ChunkSource>, contentType?: string, length?: number) {
    this.#open = open;
    this.contentType = contentType;
    this.length = length;
  }

  open(): ByteIterable {
    return new ChunkIterator(this.#open);
  }

  discard(): void {}

  release(): void {}
}

/** @see RequestBody.onFailure */
type Watch = NonNullable<RequestBody['onFailure']>;

/** A body whose source is there once: a stream, a generator. */
export class SingleUseBody implements RequestBody {
  readonly contentType = undefined;
  readonly length = undefined;
  readonly replayable = false;
  readonly #source: () => ChunkSource;
  readonly #abandon: () => void;
  readonly onFailure: Watch | undefined;
  #begun = false;

  constructor(source: () => ChunkSource, abandon: () => void, watch?: Watch) {
    this.#source = source;
    this.#abandon = abandon;
    if (watch !== undefined) this.onFailure = (tell) => watch((error) => this.#begun || tell(error));
  }

  get untouched(): boolean {
    return !this.#begun;
  }

  // What was opened and never asked for anything, as by a request that found no connection, is as good as new.
  open(): ByteIterable {
    this.#assertUntouched();
    return new ChunkIterator(() => {
      this.#assertUntouched();
      this.#begun = true;
      return this.#source();
    });
  }

  #assertUntouched(): void {
    if (!this.#begun) return;
    throw new BodyNotReplayable(
      'The request body was read from a stream and sent; give a function that makes a new stream to send it again',
    );
  }

  discard(): void {
    this.#begun = true;
    this.#abandon();
  }

  release(): void {
    if (!this.#begun) this.discard();
  }
}

const readByAnother =
  'The request body is a generator or stream that another request has been given, and it can be read once; give a function that makes a new one for each request';

/** Node's `Readable`, or what looks like it. */
export interface NodeReadable extends AsyncIterable<unknown> {
  pipe(...args: never[]): unknown;
  destroy(error?: Error): unknown;
  on?(event: 'error', listener: (error: unknown) => void): unknown;
}

/**
 * From now on its errors are those of the call: one that comes before its turn, as of a file that is not there, is told when it is read,
 * and never left to end the process.
 */
export function nodeStreamBody(stream: NodeReadable): SingleUseBody {
  let failure: { readonly error: unknown } | undefined;
  const watchers = new Set<(error: unknown) => void>();
  stream.on?.('error', (error) => {
    failure ??= { error };
    for (const tell of watchers) tell(error);
  });
  return new SingleUseBody(
    () => {
      if (failure !== undefined) throw failure.error;
      takeOnce(stream);
      const chunks = stream[Symbol.asyncIterator]();
      // Its iterator is an async generator, whose own return() waits for a stream that is silent.
      return { next: () => chunks.next(), return: () => void stream.destroy() };
    },
    () => void stream.destroy(),
    (tell) => {
      if (failure !== undefined) tell(failure.error);
      watchers.add(tell);
      return () => void watchers.delete(tell);
    },
  );
}

export function webStreamBody(stream: ReadableStream<unknown>): SingleUseBody {
  let unwatch = (): void => {};
  return new SingleUseBody(
    () => {
      unwatch();
      return readerSource(stream);
    },
    () => {
      unwatch();
      // A locked stream belongs to the reader that the core has returned, or to somebody else.
      if (!stream.locked) stream.cancel().catch(() => {});
    },
    (tell) => {
      // What only looks like one may not have all of it.
      if (!(stream instanceof ReadableStream) || stream.locked) return () => {};
      const reader = stream.getReader();
      let isWatched = true;
      reader.closed.catch((error: unknown) => isWatched && tell(error));
      unwatch = () => {
        if (!isWatched) return;
        isWatched = false;
        reader.releaseLock();
      };
      return unwatch;
    },
  );
}

/** A generator, or an iterable of which nobody knows whether it can be iterated twice. */
export function iteratorBody(source: Iterable<unknown> | AsyncIterable<unknown>): SingleUseBody {
  // Once begun, its iterator is returned by whoever reads it; not begun, a generator holds nothing yet.
  return new SingleUseBody(
    () => {
      if (isGeneratorObject(source)) takeOnce(source);
      return iterate(source);
    },
    () => {},
  );
}

const taken = new WeakSet<object>();

/**
 * Of a generator or stream that another request has read, or reads, this one would send the rest, which is mostly nothing at all.
 * @throws {BodyNotReplayable}
 */
function takeOnce(source: object): void {
  if (taken.has(source)) throw new BodyNotReplayable(readByAnother);
  taken.add(source);
}

export function iterate(source: Iterable<unknown> | AsyncIterable<unknown>): ChunkSource {
  return Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
}
