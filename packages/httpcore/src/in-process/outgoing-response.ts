/** From what an application answers to what goes to its client; what HTTP does not allow is refused as a peer's mistake. */
import { isUint8Array } from 'node:util/types';

import type { HeaderPair, TrailerSource } from '../contract/values.ts';
import { LocalProtocolError, RemoteProtocolError } from '../contract/errors.ts';
import { dropLater } from '../contract/thrown.ts';
import { resolveTrailers } from '../exchange/trailers.ts';
import { checkedFields, isFieldValue } from '../model/field-syntax.ts';
import type { ApplicationAnswer, ApplicationBody, ApplicationResponse, ApplicationResponseTuple } from './application.ts';

/** The chunks of a body. Unlike an async generator's, `return` may work while `next` is pending. */
export interface ChunkIterator {
  next(): IteratorResult<unknown> | Promise<IteratorResult<unknown>>;
  return?(): unknown;
}

export interface OutgoingResponse {
  readonly version: string;
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly HeaderPair[];
  /** Already begun: whoever does not need it calls `return`. */
  readonly chunks: ChunkIterator | null;
  /** What `Content-Length` announces; `null` without one. */
  readonly length: number | null;
  /** Asked for once the body has been sent. */
  readonly trailers: () => TrailerSource | undefined;
  readonly tunnel: ApplicationResponse['tunnel'];
}

/**
 * @throws {RemoteProtocolError} `INVALID_RESPONSE` or `INVALID_CONTENT_LENGTH`.
 * @throws the answer itself when it is an `Error`.
 */
export function outgoingResponse(answer: ApplicationAnswer): OutgoingResponse {
  if (answer instanceof Error) throw answer;
  if (typeof answer !== 'object' || answer === null) throw invalid('The application answered with no response');
  return Array.isArray(answer) ? fromTuple(answer as unknown as ApplicationResponseTuple) : fromResponse(answer as ApplicationResponse);
}

function fromTuple([version, status, reason, headers, body]: ApplicationResponseTuple): OutgoingResponse {
  const trailers = (): readonly HeaderPair[] | undefined =>
    typeof body === 'object' && body !== null && 'trailers' in body ? body.trailers : undefined;
  return checked(version, { status, reason, headers, body }, trailers);
}

function fromResponse(response: ApplicationResponse): OutgoingResponse {
  return checked('1.1', response, () => response.trailers);
}

function checked(version: string, response: ApplicationResponse, trailers: () => TrailerSource | undefined): OutgoingResponse {
  const { status, reason = '', headers = [], body = null, tunnel } = response;
  if (typeof version !== 'string') throw invalid('The HTTP version of the response must be a string such as "1.1"');
  if (!Number.isInteger(status) || status > 999 || (status < 200 && status !== 101)) {
    throw invalid(`The status of the response must be an integer from 200 to 999, or 101; it is ${String(status)}`);
  }
  if (typeof reason !== 'string' || !isFieldValue(reason)) throw invalid('The reason of the response is not a valid reason phrase');
  const fields = checkedResponseFields(headers);
  return { version, status, reason, headers: fields, chunks: chunksOf(body), length: contentLength(fields), trailers, tunnel };
}

/** @throws {RemoteProtocolError} `INVALID_RESPONSE`. */
export function checkedResponseFields(headers: readonly HeaderPair[]): readonly HeaderPair[] {
  try {
    return checkedFields(headers);
  } catch (error) {
    throw invalid((error as Error).message, error);
  }
}

/** Asks for the trailers. @throws {RemoteProtocolError} `INVALID_RESPONSE`. @throws what the application threw. */
export async function responseTrailers(response: OutgoingResponse): Promise<readonly HeaderPair[]> {
  try {
    return (await resolveTrailers(response.trailers())) ?? [];
  } catch (error) {
    throw error instanceof LocalProtocolError ? invalid(error.message, error) : error;
  }
}

function contentLength(headers: readonly HeaderPair[]): number | null {
  let length: string | null = null;
  for (const [name, value] of headers) {
    if (name.length !== 14 || name.toLowerCase() !== 'content-length') continue;
    if (!/^[0-9]{1,15}$/.test(value) || (length !== null && length !== value)) {
      throw invalid('The Content-Length of the response is not one decimal number', undefined, 'INVALID_CONTENT_LENGTH');
    }
    length = value;
  }
  return length === null ? null : Number(length);
}

/** Begins a body. @throws {RemoteProtocolError} `INVALID_RESPONSE`. */
export function chunksOf(body: ApplicationBody): ChunkIterator | null {
  if (body === null) return null;
  if (typeof body === 'string') return [new TextEncoder().encode(body)].values();
  if (isUint8Array(body)) return [body].values();
  if (typeof body === 'object') {
    if ('getReader' in body && typeof body.getReader === 'function') return chunksOfStream(body as unknown as ReadableStream<unknown>);
    if (Symbol.asyncIterator in body) return body[Symbol.asyncIterator]();
    if (Symbol.iterator in body) return body[Symbol.iterator]();
  }
  throw invalid('The body of the response must be a string, bytes, an iterable of bytes, or null');
}

// A stream's own iterator queues `return` behind a pending `next`: a stream that hangs could not be cancelled.
function chunksOfStream(stream: ReadableStream<unknown>): ChunkIterator {
  if (stream.locked) throw invalid('The body of the response has been read before');
  const reader = stream.getReader();
  return {
    next: () => reader.read() as Promise<IteratorResult<unknown>>,
    return: () => reader.cancel(),
  };
}

/** Ends a body that is not needed; what that throws is nobody's concern any more. */
export function dispose(chunks: ChunkIterator | null): void {
  try {
    dropLater(chunks?.return?.());
  } catch {
    // As above.
  }
}

export function invalid(message: string, cause?: unknown, code = 'INVALID_RESPONSE'): RemoteProtocolError {
  return new RemoteProtocolError(message, { code, cause });
}
