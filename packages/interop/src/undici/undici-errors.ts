/** Failures as those of undici know them: by its names and codes, with ours as the cause. */
import { toSystemError } from '../carrier/system-error.ts';

interface Kind {
  readonly name: string;
  /** Beside the code itself: what else of undici's errors it is an instance of. */
  readonly alsoIs?: string;
}

export type UndiciErrorCode =
  | 'UND_ERR_CONNECT_TIMEOUT'
  | 'UND_ERR_HEADERS_TIMEOUT'
  | 'UND_ERR_BODY_TIMEOUT'
  | 'UND_ERR_HEADERS_OVERFLOW'
  | 'UND_ERR_INVALID_ARG'
  | 'UND_ERR_ABORTED'
  | 'UND_ERR_INFO'
  | 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH'
  | 'UND_ERR_DESTROYED'
  | 'UND_ERR_CLOSED'
  | 'UND_ERR_SOCKET'
  | 'UND_ERR_NOT_SUPPORTED'
  | 'UND_ERR_RES_EXCEEDED_MAX_SIZE'
  | 'UND_ERR_PRX_CONN';

const kinds: Readonly<Record<UndiciErrorCode, Kind>> = {
  UND_ERR_CONNECT_TIMEOUT: { name: 'ConnectTimeoutError' },
  UND_ERR_HEADERS_TIMEOUT: { name: 'HeadersTimeoutError' },
  UND_ERR_BODY_TIMEOUT: { name: 'BodyTimeoutError' },
  UND_ERR_HEADERS_OVERFLOW: { name: 'HeadersOverflowError' },
  UND_ERR_INVALID_ARG: { name: 'InvalidArgumentError' },
  UND_ERR_ABORTED: { name: 'AbortError', alsoIs: 'UND_ERR_ABORT' },
  UND_ERR_INFO: { name: 'InformationalError' },
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: { name: 'RequestContentLengthMismatchError' },
  UND_ERR_DESTROYED: { name: 'ClientDestroyedError' },
  UND_ERR_CLOSED: { name: 'ClientClosedError' },
  UND_ERR_SOCKET: { name: 'SocketError' },
  UND_ERR_NOT_SUPPORTED: { name: 'NotSupportedError' },
  UND_ERR_RES_EXCEEDED_MAX_SIZE: { name: 'ResponseExceededMaxSizeError' },
  UND_ERR_PRX_CONN: { name: 'ProxyConnectionError' },
};

/** An error of undici's: `instanceof` of its classes holds, in whichever copy of undici they are. */
export function undiciError(code: UndiciErrorCode, message: string, cause?: unknown): Error {
  const { name, alsoIs } = kinds[code];
  const error = makeError(message, cause);
  define(error, 'name', name);
  Object.defineProperty(error, 'code', { value: code, writable: true, configurable: true, enumerable: true });
  for (const brand of ['UND_ERR', code, alsoIs]) {
    if (brand !== undefined) define(error, Symbol.for(`undici.error.${brand}`), true);
  }
  // Who logs a SocketError looks at its socket.
  if (code === 'UND_ERR_SOCKET') define(error, 'socket', null);
  return error;
}

/** A response that is no HTTP: undici names llhttp's reason in the code. */
function parserError(message: string, reason: string, cause: unknown): Error {
  const error = makeError(message, cause);
  define(error, 'name', 'HTTPParserError');
  define(error, Symbol.for('undici.error.UND_ERR_HTTP_PARSER'), true);
  return Object.assign(error, { code: `HPE_${reason}`, data: undefined });
}

function makeError(message: string, cause: unknown): Error {
  return cause === undefined ? new Error(message) : new Error(message, { cause });
}

function define(error: Error, key: string | symbol, value: unknown): void {
  Object.defineProperty(error, key, { value, writable: true, configurable: true, enumerable: false });
}

/** What is asked of an error of ours; those of a client have no phase. */
interface OwnError extends Error {
  readonly code: string;
  readonly phase?: string | undefined;
}

/** The error for a handler. What comes from neither package, such as a mistake in an interceptor, is handed on as it is. */
export function toUndiciError(error: unknown): Error {
  if (!(error instanceof Error)) return undiciError('UND_ERR_ABORTED', 'The request failed with something that is no error', error);
  if (!isOwn(error)) return error;
  return byName(error) ?? error;
}

function byName(error: OwnError): Error | undefined {
  const { name, message, code, phase } = error;
  switch (name) {
    case 'ConnectTimeout':
    case 'PoolTimeout':
      return undiciError('UND_ERR_CONNECT_TIMEOUT', message, error);
    case 'ReadTimeout':
    case 'WriteTimeout':
    case 'DeadlineExceeded':
      return undiciError(timeoutCode(phase), message, error);
    case 'ConnectError':
    case 'ReadError':
    case 'WriteError':
      if (code === 'REQUEST_BODY_FAILED') return bodyError(error);
      // What the system says, undici hands on as it is.
      return toSystemError(error) ?? undiciError('UND_ERR_SOCKET', message, error);
    case 'LocalProtocolError':
      return undiciError(
        code === 'CONTENT_LENGTH_MISMATCH' ? 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH' : 'UND_ERR_INVALID_ARG',
        message,
        error,
      );
    case 'RemoteProtocolError':
      return protocolError(error);
    case 'ProxyError':
      return undiciError('UND_ERR_PRX_CONN', message, error);
    case 'UnsupportedProtocol':
    case 'InvalidOption':
    case 'InvalidBody':
      return undiciError('UND_ERR_INVALID_ARG', message, error);
    case 'PoolClosed':
    case 'ClientClosed':
      return undiciError('UND_ERR_CLOSED', message, error);
    case 'Aborted':
      return undiciError('UND_ERR_ABORTED', message, error);
    case 'ResponseTooLarge':
      return undiciError('UND_ERR_RES_EXCEEDED_MAX_SIZE', message, error);
    case 'TooManyRetries':
    case 'BodyNotReplayable':
      return isOwn(error.cause) ? withCause(byName(error.cause), error) : undefined;
    default:
      return undefined;
  }
}

/** What the caller's own body failed with is his; a stream that was destroyed without a reason is a request that he gave up. */
function bodyError(error: OwnError): Error | undefined {
  const { cause, message } = error;
  if (!(cause instanceof Error)) return undiciError('UND_ERR_ABORTED', message, error);
  const isDestroyed = 'code' in cause && cause.code === 'ERR_STREAM_PREMATURE_CLOSE';
  return isDestroyed ? undiciError('UND_ERR_ABORTED', message, error) : toUndiciError(cause);
}

/** Retrying says more than what it ended with, which says more than that it was retried: the code is the latter's. */
function withCause(error: Error | undefined, cause: OwnError): Error | undefined {
  if (error !== undefined) define(error, 'cause', cause);
  return error;
}

const beforeSending = new Set(['request', 'pool', 'dns', 'connect', 'proxy', 'tls']);

function timeoutCode(phase: string | undefined): UndiciErrorCode {
  if (phase === 'response-body') return 'UND_ERR_BODY_TIMEOUT';
  return phase !== undefined && beforeSending.has(phase) ? 'UND_ERR_CONNECT_TIMEOUT' : 'UND_ERR_HEADERS_TIMEOUT';
}

function protocolError(error: OwnError): Error {
  const { code, message } = error;
  if (code === 'HEAD_TOO_LARGE' || code === 'TOO_MANY_FIELDS') return undiciError('UND_ERR_HEADERS_OVERFLOW', message, error);
  if (code === 'INCOMPLETE_HEAD' || code === 'INCOMPLETE_BODY') return undiciError('UND_ERR_SOCKET', message, error);
  if (code.startsWith('H2_')) return undiciError('UND_ERR_INFO', message, error);
  return parserError(message, code, error);
}

const ownNames = new Set(
  (
    'ConnectTimeout PoolTimeout ReadTimeout WriteTimeout DeadlineExceeded ConnectError ReadError WriteError ' +
    'LocalProtocolError RemoteProtocolError ProxyError UnsupportedProtocol InvalidOption InvalidBody PoolClosed ClientClosed Aborted ResponseTooLarge TooManyRetries BodyNotReplayable'
  ).split(' '),
);

/** By its name: it may come from another copy of the package. */
function isOwn(error: unknown): error is OwnError {
  return error instanceof Error && ownNames.has(error.name) && 'code' in error && typeof error.code === 'string';
}
