/**
 * Hands responses on without their content codings, and with bodies that stay within `maxResponseBytes`.
 *
 * What the server said stays to be seen: `Content-Encoding` and `Content-Length` are those of the body as it travelled. A body
 * without a coding whose length is known and permitted is not touched at all, which is the way of most responses.
 */
import type { HeaderPair } from '@x/httpcore';

import { isNamed } from '../request/fields/header-input.ts';
import { readContentEncoding } from '../codings/codings.ts';
import { DecodedBody } from './decoded-body.ts';
import { LimitedBody } from './limited-body.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { ReadSettings } from './decoding-settings.ts';
import type { CallContext } from '../call/context.ts';
import type { Passage } from '../call/passage.ts';

export function decodeResponses(settingsOf: (context: CallContext) => ReadSettings): Passage {
  return { back: (response, _request, context) => readable(response, settingsOf(context)) };
}

/** @throws {DecodingError} `TOO_MANY_CODINGS`. */
function readable(response: StreamResponse, { decompress, limits, maxExpansion }: ReadSettings): StreamResponse {
  const { status, body, rawHeaders } = response;
  if (response.request.method === 'HEAD' || status === 204 || status === 304 || 'write' in body) return response;
  const { coding, length } = framingOf(rawHeaders);
  // RFC 9110 §14.2: a part of an encoded representation, which by itself can not be decoded.
  const codings = coding === undefined || !decompress || status === 206 ? [] : readContentEncoding(coding);
  if (codings.length > 0) {
    const decoded = new DecodedBody(body, codings, length, limits, maxExpansion);
    const copy = response.with({ body: decoded });
    copy.encoded = decoded.encodedChunks;
    return copy;
  }
  const isWithin =
    length === undefined ? limits.whole === Infinity && limits.streamed === Infinity : length <= limits.whole && length <= limits.streamed;
  return isWithin ? response : response.with({ body: new LimitedBody(body, length, limits) });
}

// By hand: it runs for every response, and compares names only where their length fits.
function framingOf(pairs: readonly HeaderPair[]): { readonly coding: string | undefined; readonly length: number | undefined } {
  let coding: string | undefined;
  let length: number | undefined;
  for (let index = 0; index < pairs.length; index += 1) {
    const pair = pairs[index]!;
    const name = pair[0];
    if (length === undefined && isNamed(name, 'content-length')) length = lengthOf(pair[1]);
    else if (isNamed(name, 'content-encoding')) coding = coding === undefined ? pair[1] : `${coding}, ${pair[1]}`;
  }
  return { coding, length };
}

function lengthOf(value: string): number | undefined {
  let length = 0;
  for (let index = 0; index < value.length; index += 1) {
    const digit = value.charCodeAt(index) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    length = length * 10 + digit;
  }
  return value === '' ? undefined : length;
}
