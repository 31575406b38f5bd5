/** What can be wrong with a coding, in terms of the response. */
import { DecodingError } from '../errors.ts';

/** What zlib says too, when its input ends in the middle. */
export function unexpectedEnd(): Error {
  return Object.assign(new Error('unexpected end of data'), { code: 'Z_BUF_ERROR' });
}

// More zeros than anything is padded with. Without an end to them, a server could keep us reading for nothing.
const mostPadding = 64 * 1024;

/**
 * Data after the end of a coding are told, not dropped: they may be the damaged next member of a gzip file, and a body that is
 * silently short is worse than an error. Zeros after gzip are padding, as gzip(1) and tar leave it.
 *
 * `skipped` is how many bytes were passed over before these.
 */
export function assertPadding(mayPad: boolean, rest: Uint8Array, skipped = 0): void {
  if (!mayPad || skipped + rest.length > mostPadding || rest.some((byte) => byte !== 0)) throw new Error('data after the end');
}

/** A failure of zlib, or of ours, as an error of the coding `name`. The `cause` quotes nothing of the body. */
export function codingFailure(name: string, cause: unknown): DecodingError {
  if (cause instanceof DecodingError) return cause;
  const { code, message } = cause as NodeJS.ErrnoException;
  const isTruncated = code === 'Z_BUF_ERROR';
  return new DecodingError(`The ${name} coding of the response body ${isTruncated ? 'breaks off' : 'is corrupt'}: ${message}`, {
    code: isTruncated ? 'TRUNCATED_CODING' : 'CORRUPT_CODING',
    cause,
  });
}
