/** What a request body announces of itself: pure decisions, RFC 9110 §8.6 and RFC 9112 §6. Told before anything is sent. */
import { isUint8Array } from 'node:util/types';

import type { ByteIterable, HeaderPair } from '../contract/values.ts';
import { LocalProtocolError } from '../contract/errors.ts';

/** How a request body is delimited, and what has to be added to the head for it. */
export interface RequestFraming {
  /** The length of the body where it is known beforehand, else `null`. 0 for no body. */
  readonly length: number | null;
  /** Does it go out in chunks over HTTP/1.1? */
  readonly chunked: boolean;
  /** A whole field line for the head of an HTTP/1.1 request, or empty when the caller's own fields say it. */
  readonly fieldLine: string;
  /** The value of the Content-Length to be added to the head of an HTTP/2 request; `null` for none. */
  readonly addedLength: string | null;
  /** HTTP/1.1 has no place for trailers behind a body that the caller's fields say the length of (RFC 9112 §7.1.2). */
  readonly needsHttp2: boolean;
}

const none: RequestFraming = framing(0, false, '', null);
const emptyBody: RequestFraming = framing(0, false, 'content-length: 0\r\n', '0');
const chunkedBody: RequestFraming = framing(null, true, 'transfer-encoding: chunked\r\n', null);
const chunkedByCaller: RequestFraming = framing(null, true, '', null);

function framing(
  length: number | null,
  chunked: boolean,
  fieldLine: string,
  addedLength: string | null,
  needsHttp2 = false,
): RequestFraming {
  return Object.freeze({ length, chunked, fieldLine, addedLength, needsHttp2 });
}

// RFC 9110 §8.6: methods that anticipate a body say so even when it is empty.
const methodsWithBody = new Set(['POST', 'PUT', 'PATCH', 'QUERY']);

/** The length of a body that is known without iterating it; `null` for one that is not. Also finds what is no body at all. */
function knownLength(body: ByteIterable | null): number | null {
  if (body === null) return 0;
  if (!Array.isArray(body)) {
    // Bytes and strings can be iterated too, but not by chunks of bytes.
    const isIterable = typeof body === 'object' && !ArrayBuffer.isView(body) && (Symbol.asyncIterator in body || Symbol.iterator in body);
    if (!isIterable)
      throw invalid('INVALID_BODY', 'The request body must be null or an iterable of Uint8Array chunks; wrap bytes in an array');
    return null;
  }
  let length = 0;
  for (const chunk of body as readonly unknown[]) {
    if (!isUint8Array(chunk)) throw invalid('INVALID_BODY', 'Each chunk of the request body must be a Uint8Array');
    length += chunk.length;
  }
  return length;
}

/**
 * Decides how the request is framed; the caller's own `Content-Length` and `Transfer-Encoding` are kept as they are, if they
 * can be true (RFC 9112 §6.1, §6.2).
 *
 * @throws {LocalProtocolError} `INVALID_FRAMING`, `CONTENT_LENGTH_MISMATCH` or `INVALID_BODY`; nothing has been sent then.
 */
export function requestFraming(
  method: string,
  headers: readonly HeaderPair[],
  body: ByteIterable | null,
  hasTrailers: boolean,
): RequestFraming {
  let contentLength: string | undefined;
  let transferEncoding: string | undefined;
  for (let index = 0; index < headers.length; index += 1) {
    const name = headers[index]![0];
    if (name.length === 14 && name.toLowerCase() === 'content-length') {
      if (contentLength !== undefined) throw invalid('INVALID_FRAMING', 'The request has more than one Content-Length');
      contentLength = headers[index]![1];
    } else if (name.length === 17 && name.toLowerCase() === 'transfer-encoding') {
      transferEncoding = transferEncoding === undefined ? headers[index]![1] : `${transferEncoding}, ${headers[index]![1]}`;
    }
  }
  if (body === null && contentLength === undefined && transferEncoding === undefined && !hasTrailers) {
    return methodsWithBody.has(method) ? emptyBody : none;
  }
  if (method === 'CONNECT') throw invalid('INVALID_FRAMING', 'A CONNECT request has no body');
  if (contentLength !== undefined && transferEncoding !== undefined) {
    throw invalid('INVALID_FRAMING', 'The request has both Content-Length and Transfer-Encoding');
  }
  const length = knownLength(body);
  if (transferEncoding !== undefined) {
    if (!endsInChunked(transferEncoding)) {
      throw invalid(
        'INVALID_FRAMING',
        'The Transfer-Encoding of a request must be a list of codings whose last, and no other, is "chunked"',
      );
    }
    return chunkedByCaller;
  }
  if (contentLength !== undefined) {
    if (!/^[0-9]{1,16}$/.test(contentLength) || !Number.isSafeInteger(Number(contentLength))) {
      throw invalid('INVALID_FRAMING', 'The Content-Length of the request is not a decimal number');
    }
    const announced = Number(contentLength);
    if (length !== null && length !== announced) {
      throw invalid('CONTENT_LENGTH_MISMATCH', `The request announces ${announced} bytes and its body has ${length}`);
    }
    return framing(announced, false, '', null, hasTrailers);
  }
  if (length === null) return chunkedBody;
  const text = String(length);
  return hasTrailers ? framing(length, true, chunkedBody.fieldLine, text) : framing(length, false, `content-length: ${text}\r\n`, text);
}

/** RFC 9112 §6.1: chunked is applied once, and last. RFC 9110 §5.6.1.1: a sender's list has no empty elements. */
function endsInChunked(transferEncoding: string): boolean {
  const codings = transferEncoding.split(',').map((coding) => coding.trim().toLowerCase());
  return codings.pop() === 'chunked' && codings.every((coding) => otherCoding.test(coding));
}

// RFC 9112 §7: a token, with parameters perhaps; and not chunked.
const otherCoding =
  /^(?!chunked(?:[\t ]*;|$))[!#$%&'*+\-.^_`|~0-9a-z]+(?:[\t ]*;[\t ]*[!#$%&'*+\-.^_`|~0-9a-z]+[\t ]*=[\t ]*(?:[!#$%&'*+\-.^_`|~0-9a-z]+|"[^"]*"))*$/;

function invalid(code: string, message: string): LocalProtocolError {
  return new LocalProtocolError(message, { code, phase: 'request' });
}
