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
    // What has been read of a Node stream can't be given back, and whoever holds it may listen to it.
    if (contentLength !== undefined && contentLength <= mostTaken && !isReadable(body)) return taken(chunks);
    return { bytes: bytesOf(chunks) };
  }
  throw refuse();
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

async function* continued(first: readonly Uint8Array[], rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, undefined> {
  yield* first;
  yield* rest;
}

async function* bytesOf(chunks: Iterable<unknown> | AsyncIterable<unknown>): AsyncGenerator<Uint8Array, undefined> {
  for await (const chunk of chunks) {
    if (typeof chunk === 'string') yield encoder.encode(chunk);
    else if (ArrayBuffer.isView(chunk)) yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    else if (chunk instanceof ArrayBuffer) yield new Uint8Array(chunk);
    else throw new InvalidBody('A chunk of the body is neither text nor bytes');
  }
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
function formBody(form: FormData): SentBody {
  const copy = new FormData();
  for (const [name, value] of form) {
    if (typeof value === 'string') copy.append(name, value);
    else copy.append(name, value, value.name);
  }
  const response = new Response(copy);
  return { bytes: bytesOf(response.body as AsyncIterable<unknown>), contentType: response.headers.get('content-type') ?? undefined };
}

function isReadable(body: object): boolean {
  return body instanceof Readable || ('pipe' in body && typeof body.pipe === 'function');
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}
