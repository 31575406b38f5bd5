/** The body of a platform `Request` as a body of the client. */
import { isArrayBuffer, isUint8Array } from 'node:util/types';

import type { BodyInput } from '../request/body/body-input.ts';
import { setImmediate } from '../time/platform.ts';

type PlatformRequest = globalThis.Request;

// What is longer is sent as it comes; so is what is not there at once.
const mostReadAhead = 1024 * 1024;

/**
 * `given` is what the caller passed beside the URL: of text, bytes, a Blob or a form the length is known, and it can be sent
 * again. A `Request` shows only a stream of what it was made from; what of that is there at once is taken for all the same. `undefined`:
 * none.
 */
export async function fetchBody(asked: PlatformRequest, given: unknown): Promise<BodyInput | FormData | undefined> {
  const { body } = asked;
  if (body === null) return undefined;
  if (typeof given === 'string' || given instanceof URLSearchParams || given instanceof Blob || given instanceof FormData) return given;
  // The standard takes a copy: the caller may use the memory again at once.
  if (isArrayBuffer(given)) return new Uint8Array(given.slice(0));
  if (ArrayBuffer.isView(given)) return new Uint8Array(given.buffer, given.byteOffset, given.byteLength).slice();
  // A stream that the caller passes is meant as one.
  if (given !== undefined && given !== null) return streamOfBytes(body);
  return readAhead(body);
}

/** The stream, whose chunks are bytes, or text as everywhere in the client. */
function streamOfBytes(stream: ReadableStream<unknown>): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const result = await reader.read();
        if (result.done) controller.close();
        else controller.enqueue(bytesOf(result.value, reader));
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/**
 * The standard refuses text. But `Readable.toWeb()` of a stream of text gives chunks of it, and what they mean is plain.
 *
 * @throws {TypeError} it is anything else.
 */
function bytesOf(chunk: unknown, reader: Reader): Uint8Array {
  if (isUint8Array(chunk)) return chunk;
  if (typeof chunk === 'string') return Buffer.from(chunk);
  const error = new TypeError(
    `A chunk of the stream that fetch is to send must be a Uint8Array or text, not ${chunk === null ? 'null' : typeof chunk}`,
  );
  reader.cancel(error).catch(() => {});
  throw error;
}

/** All of it as bytes, if it ends before anything else happens; else a stream of it. Never waits for the stream. */
async function readAhead(stream: ReadableStream<unknown>): Promise<BodyInput> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const turn = nextTurn();
  for (;;) {
    const read = reader.read();
    const result = await Promise.race([read.catch(() => undefined), turn]);
    if (result === undefined) return new StartedStream(chunks, read, reader);
    if (result.done) return Buffer.concat(chunks);
    const chunk = bytesOf(result.value, reader);
    chunks.push(chunk);
    size += chunk.byteLength;
    if (size > mostReadAhead) return new StartedStream(chunks, reader.read(), reader);
  }
}

function nextTurn(): Promise<undefined> {
  return new Promise((resolve) => {
    setImmediate(() => resolve(undefined));
  });
}

type Reader = ReadableStreamDefaultReader<unknown>;

/** A stream of which some chunks have been read, and the next one asked for. */
class StartedStream implements AsyncIterableIterator<Uint8Array, undefined> {
  readonly #chunks: Uint8Array[];
  readonly #reader: Reader;
  #read: ReturnType<Reader['read']> | undefined;

  constructor(chunks: Uint8Array[], read: ReturnType<Reader['read']>, reader: Reader) {
    this.#chunks = chunks;
    this.#read = read;
    this.#reader = reader;
    // Whoever pulls gets to know.
    read.catch(() => {});
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    const chunk = this.#chunks.shift();
    if (chunk !== undefined) return { done: false, value: chunk };
    const read = this.#read ?? this.#reader.read();
    this.#read = undefined;
    const result = await read;
    return result.done ? { done: true, value: undefined } : { done: false, value: bytesOf(result.value, this.#reader) };
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#reader.cancel();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
