/** What the head of a response says of its message and its connection (RFC 9112 §6, §9.3). */
import { decimal } from '../../model/decimal.ts';
import type { HeaderPair } from '../../contract/values.ts';
import { responseBodyKind, type ResponseBodyKind } from './framing.ts';
import type { HeadFacts } from './head-facts.ts';

/** A parsed head. The same object is filled again for the next response: copy what has to last. */
export interface ResponseHead {
  version: '1.0' | '1.1';
  status: number;
  reason: string;
  headers: readonly HeaderPair[];
  bodyKind: ResponseBodyKind;
  /** Bytes of a `length` body. */
  length: number;
  /** May the connection carry another exchange, as far as this head says? (RFC 9112 §9.3) */
  persistent: boolean;
  /** Milliseconds of `Keep-Alive: timeout`, if the server said. */
  keepAliveTimeout: number | undefined;
  /** It has no body and says that it has one: what a server takes for that may still come. */
  announcesMore: boolean;
}

export function emptyHead(): ResponseHead {
  return {
    version: '1.1',
    status: 0,
    reason: '',
    headers: [],
    bodyKind: 'none',
    length: 0,
    persistent: false,
    keepAliveTimeout: undefined,
    announcesMore: false,
  };
}

/** Why a head can't be accepted. */
export interface HeadFault {
  readonly code: string;
  readonly message: string;
}

/**
 * Fills in what follows from the fields of a head, whose version and status are there. `reader` is llhttp, which
 * takes the chunks apart: it and RFC 9112 §6.3 must be of one mind. Returns what is wrong with the head, if anything.
 */
export function describeMessage(
  head: ResponseHead,
  facts: HeadFacts,
  method: string,
  reader: { readonly needsEnd: boolean },
): HeadFault | null {
  const { contentLength, transferEncoding, close, keepAlive, keepAliveTimeout } = facts;
  const { status } = head;
  const length = contentLength === undefined ? 0 : decimal(contentLength);
  if (!Number.isSafeInteger(length)) return { code: 'INVALID_CONTENT_LENGTH', message: 'The Content-Length of the response is too large' };
  const bodyKind = responseBodyKind(method, status, contentLength === undefined ? undefined : length, transferEncoding);
  head.length = length;
  head.bodyKind = bodyKind;
  if (transferEncoding !== undefined) {
    const isDelimited = bodyKind === 'chunked' || bodyKind === 'until-close';
    if (facts.hasEmptyTransferEncoding || (isDelimited && reader.needsEnd !== (bodyKind === 'until-close'))) {
      return { code: 'CONFLICTING_FRAMING', message: 'The Transfer-Encoding of the response can be read in two ways' };
    }
    if (isDelimited && transferEncoding !== 'chunked' && !isReadable(transferEncoding)) {
      const codings = JSON.stringify(transferEncoding.slice(0, 60));
      return { code: 'UNSUPPORTED_TRANSFER_CODING', message: `The response has the transfer codings ${codings}, which nobody asked for` };
    }
  }
  // RFC 9110 §15.3.5, §15.4.5. A 304 to HEAD may say what a GET would get.
  head.announcesMore =
    (status < 200 || status === 204 || (status === 304 && method !== 'HEAD')) && (length > 0 || transferEncoding !== undefined);
  // RFC 9112 §6.1: a transfer coding from an HTTP/1.0 server is taken for faulty framing.
  head.persistent =
    bodyKind !== 'until-close' &&
    !close &&
    !head.announcesMore &&
    (head.version === '1.1' || (keepAlive && transferEncoding === undefined));
  head.keepAliveTimeout = keepAliveTimeout;
  return null;
}

/** Chunked alone, or `identity`, which is none: other codings would have to be asked for by TE (RFC 9110 §10.1.4). */
function isReadable(transferEncoding: string): boolean {
  const codings = transferEncoding.split(',').map((coding) => coding.trim().toLowerCase());
  const named = codings.filter((coding) => coding !== '');
  return named.length === 1 && (named[0] === 'chunked' || named[0] === 'identity');
}
