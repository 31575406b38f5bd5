/** Failures with the codes of Connect and gRPC, so that what waits for `Unavailable` finds it. */

// https://grpc.io/docs/guides/status-codes/
const canceled = 1;
const invalidArgument = 3;
const deadlineExceeded = 4;
const permissionDenied = 7;
const resourceExhausted = 8;
const internal = 13;
const unavailable = 14;

const codeOfName: Readonly<Record<string, number>> = {
  Aborted: canceled,
  LocalProtocolError: invalidArgument,
  UnsupportedProtocol: invalidArgument,
  InvalidOption: invalidArgument,
  ReadTimeout: deadlineExceeded,
  WriteTimeout: deadlineExceeded,
  DeadlineExceeded: deadlineExceeded,
  ConnectError: unavailable,
  ConnectTimeout: unavailable,
  PoolTimeout: unavailable,
  PoolClosed: unavailable,
  ClientClosed: unavailable,
  ProxyError: unavailable,
  ReadError: unavailable,
  WriteError: unavailable,
};

/** Of resets, as gRPC over HTTP/2 maps them. */
const codeOfReset: Readonly<Record<string, number>> = {
  H2_REFUSED_STREAM: unavailable,
  H2_CANCEL: canceled,
  H2_ENHANCE_YOUR_CALM: resourceExhausted,
  H2_INADEQUATE_SECURITY: permissionDenied,
  INCOMPLETE_HEAD: unavailable,
  INCOMPLETE_BODY: unavailable,
};

/** What is none of ours is handed on as it is. */
export function toConnectError(error: unknown): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  // What the caller's own messages fail with is no reason to try once more.
  if (error.code === 'REQUEST_BODY_FAILED')
    return made(internal, error.cause instanceof Error ? error.cause.message : error.message, error);
  const code = codeOfReset[error.code] ?? (error.name === 'RemoteProtocolError' ? internal : codeOfName[error.name]);
  return code === undefined ? error : made(code, error.message, error);
}

/** Whatever has these is an instance of Connect's own class, in whichever copy of it. */
function made(code: number, message: string, cause: Error): Error {
  return Object.assign(new Error(message, { cause }), {
    name: 'ConnectError',
    code,
    rawMessage: message,
    metadata: new Headers(),
    details: [],
    findDetails: () => [],
  });
}
