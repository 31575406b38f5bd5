/** Whatever others take for a body, as bytes. */
import { Readable } from 'node:stream';
import type { ByteIterable } from './carrier.ts';

export interface SentBody {
  readonly bytes: ByteIterable;
  /** Of what has no other way to say so. */
  readonly contentType?: string | undefined;
  readonly contentLength?: number | undefined;
}

// What fetch holds in memory it shows as a stream, with its length. Taken whole, it can be sent again; more than this is not taken.
const mostTaken = 1024 * 1024;

const encoder = new TextEncoder();

/**
 * A promise only where something has to be waited for.
 * @throws {InvalidBody} it is nothing that can be sent; a chunk of it that is nothing fails the iteration with it.
 */
export function readBody(body: unknown, contentLength: number | undefined): SentBody | null | Promise<SentBody> {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string') return inMemory(encoder.encode(body));
  if (ArrayBuffer.isView(body)) return inMemory(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  if (body instanceof ArrayBuffer) return inMemory(new Uint8Array(body));
  if (typeof body !== 'object') throw refuse();
  if (isBlob(body)) return blobBody(body);
  if (isFormData(body)) return formBody(body);
  if (isReadable(body) || Symbol.asyncIterator in body || Symbol.iterator in body) {
    const chunks = body as Iterable<unknown> | AsyncIterable<unknown>;
    // What fails before it is read says so when it is.
    if (body instanceof Readable) body.on('error', () => {});
    // What has been read of a Node stream can't be given back, and whoever holds it may listen to it.
    if (contentLength !== undefined && contentLength <= mostTaken && !isReadable(body)) return taken(chunks);
    return { bytes: bytesOf(chunks), contentLength: lengthLeft(body) };
  }
  throw refuse();
}

/** Bytes of a Node stream that has all it will ever have; else `undefined`. */
function lengthLeft(body: object): number | undefined {
  if (!(body instanceof Readable) || body.readableObjectMode || body.destroyed) return undefined;
  const state = (body as { readonly _readableState?: { readonly ended?: boolean } })._readableState;
  return state?.ended === true ? body.readableLength : undefined;
}

/** It has no form on the wire. */
export class InvalidBody extends TypeError {
  override readonly name = 'InvalidBody';
  readonly code = 'INVALID_BODY';
}

function refuse(): Error {
  return new InvalidBody('body must be a string, a Buffer, a Readable stream, an iterable, or an async iterable');
}

function inMemory(bytes: Uint8Array): SentBody | null {
  return bytes.length === 0 ? null : { bytes: [bytes] };
}

async function taken(chunks: Iterable<unknown> | AsyncIterable<unknown>): Promise<SentBody> {
  const bytes: Uint8Array[] = [];
  let size = 0;
  const source = bytesOf(chunks);
  for (let next = await source.next(); next.done !== true; next = await source.next()) {
    bytes.push(next.value);
    size += next.value.length;
    // It is longer than it said: for the one who sends to say.
    if (size > mostTaken) return { bytes: continued(bytes, source) };
  }
  return { bytes };
}

function continued(first: readonly Uint8Array[], rest: AsyncIterableIterator<Uint8Array, undefined>): AsyncIterable<Uint8Array> {
  const begun = first.values();
  return {
    [Symbol.asyncIterator]: () => ({
      next: () => {
        const chunk = begun.next();
        return chunk.done === true ? rest.next() : Promise.resolve(chunk);
      },
      return: () => rest.return!(),
    }),
  };
}

/**
 * The chunks of whatever there is to read. Not a generator, whose `return()` would wait for a source that is silent, and would leave one alone that was not
 * begun with: who stops reading ends the source now.
 */
function bytesOf(chunks: Iterable<unknown> | AsyncIterable<unknown>): AsyncIterableIterator<Uint8Array, undefined> {
  let source: Source | undefined;
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      source ??= sourceOf(chunks);
      const { done, value } = await source.next();
      if (done === true) return { done, value: undefined };
      const bytes = toBytes(value instanceof Promise ? await value : value);
      if (bytes !== undefined) return { done: false, value: bytes };
      source.end();
      throw new InvalidBody('A chunk of the body is neither text nor bytes');
    },
    return() {
      (source ??= sourceOf(chunks)).end();
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}

function toBytes(chunk: unknown): Uint8Array | undefined {
  if (typeof chunk === 'string') return encoder.encode(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  return chunk instanceof ArrayBuffer ? new Uint8Array(chunk) : undefined;
}

interface Source {
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  end(): void;
}

function sourceOf(chunks: Iterable<unknown> | AsyncIterable<unknown>): Source {
  if ('getReader' in chunks) {
    const reader = (chunks as ReadableStream<unknown>).getReader();
    return { next: () => reader.read() as Promise<IteratorResult<unknown>>, end: () => forgotten(reader.cancel()) };
  }
  const iterator = Symbol.asyncIterator in chunks ? chunks[Symbol.asyncIterator]() : chunks[Symbol.iterator]();
  const end = (): void => {
    if ('destroy' in chunks && typeof chunks.destroy === 'function') chunks.destroy();
    else forgotten(iterator.return?.());
  };
  return { next: () => iterator.next(), end };
}

/** How a source ends that nobody reads is nobody's concern. */
function forgotten(ending: unknown): void {
  if (ending instanceof Promise) ending.catch(() => {});
}

interface BlobLike {
  readonly size: number;
  readonly type: string;
  arrayBuffer(): Promise<ArrayBuffer>;
  stream(): unknown;
}

function isBlob(body: object): body is BlobLike {
  return body instanceof Blob || ('arrayBuffer' in body && 'stream' in body && /^(?:Blob|File)$/.test(tagOf(body)));
}

async function blobBody(blob: BlobLike): Promise<SentBody> {
  const contentType = blob.type === '' ? undefined : blob.type;
  const bytes = blob.size <= mostTaken ? [new Uint8Array(await blob.arrayBuffer())] : bytesOf(blob.stream() as AsyncIterable<unknown>);
  return { bytes, contentType, contentLength: blob.size };
}

/** Of any copy of undici: they all know each other by this. */
function isFormData(body: object): body is FormData {
  return tagOf(body) === 'FormData' && 'append' in body && 'entries' in body;
}

/** The platform knows how to write it. */
async function formBody(form: FormData): Promise<SentBody> {
  const copy = new FormData();
  // The same with empty files, which tells how long all is but for them.
  const frame = new FormData();
  let ofFiles = 0;
  for (const [name, value] of form) {
    if (typeof value === 'string') {
      copy.append(name, value);
      frame.append(name, value);
    } else {
      copy.append(name, value, value.name);
      frame.append(name, new Blob([], { type: value.type }), value.name);
      ofFiles += value.size;
    }
  }
  const { contentType, body, bytes } = written(copy);
  if (ofFiles <= mostTaken) return { bytes: [new Uint8Array(await bytes())], contentType };
  const around = written(frame);
  // Boundaries are as long as each other.
  const isAlike = around.contentType?.length === contentType?.length;
  return { bytes: bytesOf(body), contentType, contentLength: isAlike ? ofFiles + (await around.bytes()).byteLength : undefined };
}

function written(form: FormData): { contentType: string | undefined; body: AsyncIterable<unknown>; bytes(): Promise<ArrayBuffer> } {
  const response = new Response(form);
  return {
    contentType: response.headers.get('content-type') ?? undefined,
    body: response.body as AsyncIterable<unknown>,
    bytes: () => response.arrayBuffer(),
  };
}

function isReadable(body: object): boolean {
  return body instanceof Readable || ('pipe' in body && typeof body.pipe === 'function');
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
