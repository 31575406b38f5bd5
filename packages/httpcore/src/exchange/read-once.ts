import { isGeneratorObject } from 'node:util/types';

import { LocalProtocolError } from '../contract/errors.ts';
import type { ByteIterable } from '../contract/values.ts';

const begun = new WeakSet<object>();

/**
 * Of a generator that another request has begun to read, this one would send the rest, which is mostly nothing at all.
 * @throws {LocalProtocolError} `INVALID_BODY`.
 */
export function checkUnread(body: ByteIterable): void {
  if (begun.has(body))
    throw new LocalProtocolError('The request body is a generator that another request has begun to read; make a new one for each', {
      code: 'INVALID_BODY',
    });
}

/** From now on it is this request's alone. @throws {LocalProtocolError} as {@link checkUnread}. */
export function beginToRead(body: ByteIterable): void {
  checkUnread(body);
  if (isGeneratorObject(body)) begun.add(body);
}
