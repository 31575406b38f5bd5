/** What callers may give as a body, and the body that it becomes. */
import { isAnyArrayBuffer } from 'node:util/types';

import { InvalidOption } from '../../errors.ts';
import { toParams, serializeForm, type ParamsInput } from '../url/params.ts';
import { isFormData } from '../multipart/form-data.ts';
import { chunkBytes, readerSource, type BodyChunk, type ChunkSource } from './chunks.ts';
import { BytesBody, type RequestBody } from './request-body.ts';
import { iterate, iteratorBody, nodeStreamBody, ReopenedBody, webStreamBody, type NodeReadable } from './streamed-body.ts';

/** A body, or a stream of one. Text is sent as UTF-8. */
export type BodySource =
  | string
  | Uint8Array
  | ArrayBuffer
  | ArrayBufferView
  | Blob
  | URLSearchParams
  | ReadableStream<BodyChunk>
  | NodeReadable
  | Iterable<BodyChunk>
  | AsyncIterable<BodyChunk>;

/**
 * A body, or a function that makes one each time that the request is sent: then a redirect or a retry can send it again.
 */
export type BodyInput = BodySource | (() => BodySource | Promise<BodySource>);

const plainText = 'text/plain;charset=UTF-8';
const formType = 'application/x-www-form-urlencoded';

/** @throws {InvalidOption} it is nothing that can be sent. */
export function toRequestBody(input: BodyInput): RequestBody {
  if (typeof input === 'string') return BytesBody.text(input, plainText);
  if (typeof input === 'function') return new ReopenedBody(async () => openResult(await input()));
  if (typeof input !== 'object' || input === null)
    throw new InvalidOption('body', `must be text, bytes, a stream, an iterable or a function, not ${typeof input}`);
  if (input instanceof URLSearchParams) return BytesBody.text(input.toString(), formType);
  if (isAnyArrayBuffer(input) || ArrayBuffer.isView(input)) {
    return new BytesBody([chunkBytes(input)], undefined);
  }
  if (input instanceof Blob) {
    // jsdom's, under a test.
    if (typeof input.stream !== 'function')
      throw new InvalidOption('body', 'is a Blob that has no stream(), so its bytes can not be had; give the bytes');
    return new ReopenedBody(() => readerSource(input.stream()), input.type === '' ? undefined : input.type, input.size);
  }
  if ('getReader' in input) return webStreamBody(input);
  if (isNodeReadable(input)) return nodeStreamBody(input);
  if (Array.isArray(input)) return new BytesBody(readChunks(input), undefined);
  if (Symbol.asyncIterator in input) return iteratorBody(input);
  if (Symbol.iterator in input && !isFormData(input)) {
    const isOwnIterator = (input[Symbol.iterator]() as unknown) === input;
    return isOwnIterator ? iteratorBody(input) : new ReopenedBody(() => iterate(input));
  }
  throw new InvalidOption('body', `can not be sent: ${kindOf(input)}; use json for objects and form for fields`);
}

/**
 * `null` is sent as `null`, which is a JSON document.
 * @throws {InvalidOption} the value has no JSON form; the cause is what the serializer threw.
 */
export function jsonBody(value: unknown, stringify: (value: unknown) => string | undefined = JSON.stringify): RequestBody {
  let text: string | undefined;
  try {
    text = stringify(value);
  } catch (cause) {
    throw new InvalidOption('json', 'has no JSON form', { cause });
  }
  if (text === undefined) throw new InvalidOption('json', `has no JSON form: it is a ${typeof value}`);
  if (typeof text !== 'string') throw new InvalidOption('stringifyJson', `must give text, not ${typeof text}`);
  return BytesBody.text(text, 'application/json');
}

/** @throws {InvalidOption} a value is an object. */
export function formBody(input: ParamsInput): RequestBody {
  return BytesBody.text(serializeForm(toParams(input, 'form')), formType);
}

/** What a function has made, which goes with its iterator even when that was never begun. */
function openResult(made: BodySource): ChunkSource {
  const body = toRequestBody(made);
  const chunks = iterate(body.open());
  return {
    next: () => chunks.next(),
    async return() {
      await chunks.return?.();
      body.discard();
    },
  };
}

function readChunks(chunks: readonly unknown[]): Uint8Array[] {
  try {
    return chunks.map(chunkBytes);
  } catch (cause) {
    throw new InvalidOption('body', 'must be an array of strings and bytes', { cause });
  }
}

function isNodeReadable(input: object): input is NodeReadable {
  const candidate = input as Partial<NodeReadable>;
  return Symbol.asyncIterator in input && typeof candidate.pipe === 'function' && typeof candidate.destroy === 'function';
}

function kindOf(input: object): string {
  const name = (Object.getPrototypeOf(input) as object | null)?.constructor.name;
  return name === undefined || name === 'Object' ? 'it is a plain object' : `it is a ${name}`;
}
