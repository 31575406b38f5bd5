/**
 * The errors of the core. They are part of the contract: whatever satisfies `Dispatcher` fails with these and no others.
 *
 * HttpCoreError
 * ├─ TimeoutError        ConnectTimeout · ReadTimeout · WriteTimeout · PoolTimeout · DeadlineExceeded
 * ├─ NetworkError        ConnectError · ReadError · WriteError
 * ├─ ProtocolError       LocalProtocolError (we were asked to break the protocol) · RemoteProtocolError (the peer did)
 * ├─ ProxyError          the proxy's refusal, with its status and headers
 * └─ UnsupportedProtocol · PoolClosed · Aborted
 *
 * Engines and transports make an error with its code alone; the exchange that it ends adds the facts only it knows
 * ({@link HttpCoreError.withFacts}): one connection error becomes one error for each of its exchanges.
 */
import { isOf, textOf } from './thrown.ts';
import type { HeaderPair } from './values.ts';

/** Where in its life the exchange was. */
export type ErrorPhase =
  | 'request' // the arguments are being checked; nothing has happened yet
  | 'pool' // waiting for a connection
  | 'dns'
  | 'connect'
  | 'proxy'
  | 'tls'
  | 'send' // the request is being written
  | 'response-head' // all is sent, or enough of it; waiting for the final head
  | 'response-body';

/** What retrying and reporting need to know about a failure. */
export interface ErrorFacts {
  readonly phase?: ErrorPhase | undefined;
  /** `scheme://host:port`, never with credentials, path or query. */
  readonly origin?: string | undefined;
  readonly method?: string | undefined;
  /**
   * Could the peer have acted on any of the request? `false` means that sending it again is safe whatever the method: nothing of it
   * has left, or the peer has said that it did not process it (over HTTP/2 by REFUSED_STREAM or GOAWAY). `undefined`: whoever made the
   * error did not say, and the phase does not tell.
   */
  readonly requestSent?: boolean | undefined;
  /** Had the connection served an exchange before this one? */
  readonly connectionReused?: boolean | undefined;
  /**
   * How many bytes of the response body had come by then, still encoded (`Content-Encoding`); `undefined` before there was a final head.
   * Unless the caller's side ended the exchange, iterating the body gives them all before it throws.
   */
  readonly receivedBytes?: number | undefined;
  /**
   * The proxy, as `scheme://host:port`, that is why: it was not reached, or was silent or closed the connection instead of opening a way. Nothing of the
   * request was sent then, and another proxy may do. `undefined`: it is not for a proxy's absence.
   */
  readonly unreachedProxy?: string | undefined;
}

/** What an error of the core is made of. */
export interface ErrorInit extends ErrorFacts {
  readonly code?: string | undefined;
  readonly cause?: unknown;
}

/** In these nothing of a request has been sent. */
const phasesBeforeSending: ReadonlySet<ErrorPhase | undefined> = new Set(['request', 'pool', 'dns', 'connect', 'proxy', 'tls'] as const);

/** The root of every error that a dispatcher throws. `code` is stable; the wording of `message` is not. */
export class HttpCoreError extends Error {
  override readonly name: string = 'HttpCoreError';
  /** Stable identifier, such as `CONNECT_TIMEOUT` or `INVALID_HEADER_VALUE`. */
  readonly code: string;
  readonly phase: ErrorPhase | undefined;
  readonly origin: string | undefined;
  readonly method: string | undefined;
  readonly requestSent: boolean | undefined;
  readonly connectionReused: boolean;
  readonly receivedBytes: number | undefined;
  readonly unreachedProxy: string | undefined;

  constructor(message: string, init: ErrorInit = {}, defaultCode = 'HTTPCORE') {
    super(message, init.cause === undefined ? undefined : { cause: init.cause });
    this.code = init.code ?? defaultCode;
    this.phase = init.phase;
    this.origin = init.origin;
    this.method = init.method;
    this.requestSent = init.requestSent ?? (phasesBeforeSending.has(init.phase) ? false : undefined);
    this.connectionReused = init.connectionReused ?? false;
    this.receivedBytes = init.receivedBytes;
    this.unreachedProxy = init.unreachedProxy;
  }

  /** The page of the documentation about its `code`, what happened and what to do: `errors/connect-failed`. Codes of others have none. */
  get help(): string {
    return `errors/${this.code.toLowerCase().replaceAll('_', '-')}`;
  }

  /** What Node calls the reason, where it is one of the system (`ECONNREFUSED`, `ENOTFOUND`): as `error.cause.code`. */
  get errno(): string | undefined {
    const { code } = Object(this.cause) as { readonly code?: unknown };
    return typeof code === 'string' && /^E[A-Z0-9]+$/.test(code) ? code : undefined;
  }

  /**
   * The same error with the facts of one exchange; facts that are already known stay. Each exchange gets a copy of its own,
   * because a connection's failure is shared by all its exchanges.
   */
  withFacts(facts: ErrorFacts): this {
    return copyOf(this, {
      phase: this.phase ?? facts.phase,
      origin: this.origin ?? facts.origin,
      method: this.method ?? facts.method,
      requestSent: this.requestSent === true ? true : (facts.requestSent ?? this.requestSent),
      connectionReused: this.connectionReused || facts.connectionReused === true,
      receivedBytes: this.receivedBytes ?? facts.receivedBytes,
      unreachedProxy: this.unreachedProxy ?? facts.unreachedProxy,
    });
  }
}

/** Classes of others extend ours, with constructors that ask for something else: none is called. */
function copyOf<Kind extends HttpCoreError>(error: Kind, facts: ErrorFacts): Kind {
  const copy = error.cause === undefined ? new Error(error.message) : new Error(error.message, { cause: error.cause });
  return Object.assign(Object.setPrototypeOf(copy, Object.getPrototypeOf(error) as object) as Kind, error, facts);
}

/**
 * An exchange of ours has failed that somebody else's needed, such as the CONNECT of a tunnel: the error without its facts, for the other's to
 * be added. Nothing of the other was sent.
 */
export function ofAnotherExchange(error: HttpCoreError): HttpCoreError {
  const { phase } = error;
  return copyOf(error, {
    phase,
    origin: undefined,
    method: undefined,
    requestSent: false,
    connectionReused: false,
    receivedBytes: undefined,
  });
}

/** What was thrown, if it is an error of this tree; else the one that `otherwise` makes of it and of what it says. */
export function toCoreError(thrown: unknown, otherwise: (said: string) => HttpCoreError): HttpCoreError {
  return isOf(HttpCoreError, thrown) ? thrown : otherwise(textOf(thrown));
}

/** Where the class says that there was no connection to send anything on. */
function unsent(init: ErrorInit | undefined): ErrorInit {
  return { ...init, requestSent: init?.requestSent ?? false };
}

/** A limit in time has passed. */
export class TimeoutError extends HttpCoreError {
  override readonly name: string = 'TimeoutError';
  constructor(message: string, init?: ErrorInit, defaultCode = 'TIMEOUT') {
    super(message, init, defaultCode);
  }
}
/** No ready connection within the `connect` limit: DNS, TCP, proxy handshake and TLS together. */
export class ConnectTimeout extends TimeoutError {
  override readonly name = 'ConnectTimeout';
  constructor(message: string, init?: ErrorInit) {
    super(message, unsent(init), 'CONNECT_TIMEOUT');
  }
}
/** The peer was silent for longer than the `read` limit. */
export class ReadTimeout extends TimeoutError {
  override readonly name = 'ReadTimeout';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'READ_TIMEOUT');
  }
}
/** The peer took none of the request for longer than the `write` limit. */
export class WriteTimeout extends TimeoutError {
  override readonly name = 'WriteTimeout';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'WRITE_TIMEOUT');
  }
}

/** One exchange that held a slot while another waited for it. */
export interface SlotHolder {
  readonly method: string;
  readonly origin: string;
  /** Milliseconds since the exchange was given to the pool. */
  readonly age: number;
  readonly phase: ErrorPhase;
}
/** No connection came free within the `pool` limit. `holders` says who has them. */
export class PoolTimeout extends TimeoutError {
  override readonly name = 'PoolTimeout';
  readonly holders: readonly SlotHolder[];
  constructor(message: string, init?: ErrorInit & { readonly holders?: readonly SlotHolder[] }) {
    super(message, unsent(init), 'POOL_TIMEOUT');
    this.holders = init?.holders ?? [];
  }
}
/** The exchange's absolute deadline has passed; `phase` says what it was doing. */
export class DeadlineExceeded extends TimeoutError {
  override readonly name = 'DeadlineExceeded';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'DEADLINE_EXCEEDED');
  }
}

/** The network failed; `cause` is the system's error where there is one. */
export class NetworkError extends HttpCoreError {
  override readonly name: string = 'NetworkError';
  constructor(message: string, init?: ErrorInit, defaultCode = 'NETWORK') {
    super(message, init, defaultCode);
  }
}

/** One address that was tried, and why it did not work. */
export interface ConnectFailure {
  readonly address: string;
  readonly port: number | undefined;
  /** The system's code, such as `ECONNREFUSED`. */
  readonly code: string;
  readonly reason: string;
}
/** No connection could be made. Codes: `CONNECT_FAILED`, `DNS_FAILED`, `TLS_FAILED`. `attempts` lists each address. */
export class ConnectError extends NetworkError {
  override readonly name: string = 'ConnectError';
  readonly attempts: readonly ConnectFailure[];
  constructor(message: string, init?: ErrorInit & { readonly attempts?: readonly ConnectFailure[] }) {
    super(message, unsent(init), 'CONNECT_FAILED');
    this.attempts = init?.attempts ?? [];
  }
}
/**
 * The connection failed or was closed while the response was awaited or read. Codes: `READ_FAILED`, `CONNECTION_CLOSED`, and
 * `HANDLER_FAILED` when an application in this process threw (it is the `cause`).
 */
export class ReadError extends NetworkError {
  override readonly name = 'ReadError';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'READ_FAILED');
  }
}
/** The request could not be written. Codes: `WRITE_FAILED`; `REQUEST_BODY_FAILED` when the caller's own iterable threw (it is the `cause`). */
export class WriteError extends NetworkError {
  override readonly name = 'WriteError';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'WRITE_FAILED');
  }
}

/** The protocol was, or would have been, broken. */
export class ProtocolError extends HttpCoreError {
  override readonly name: string = 'ProtocolError';
  constructor(message: string, init?: ErrorInit, defaultCode = 'PROTOCOL') {
    super(message, init, defaultCode);
  }
}
/**
 * We were asked for something that HTTP does not allow. Codes: `INVALID_METHOD`, `INVALID_TARGET`, `INVALID_HOST`,
 * `INVALID_PORT`, `INVALID_HEADER_NAME`, `INVALID_HEADER_VALUE`, `INVALID_FRAMING`, `INVALID_BODY`, `INVALID_TRAILER`,
 * `INVALID_OPTION`, `CONTENT_LENGTH_MISMATCH`, `BODY_ALREADY_READ`. Over HTTP/2 also `EXTENDED_CONNECT_UNSUPPORTED`, and
 * `HEADER_LIST_TOO_LARGE`: the headers, or the trailers, are more than the server said it accepts.
 */
export class LocalProtocolError extends ProtocolError {
  override readonly name = 'LocalProtocolError';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'LOCAL_PROTOCOL');
  }
}
/**
 * The peer broke the protocol. Codes over HTTP/1.1: `INVALID_RESPONSE`, `INVALID_CONTENT_LENGTH`, `CONFLICTING_FRAMING`,
 * `INVALID_CHUNK`, `HEAD_TOO_LARGE`, `TOO_MANY_FIELDS`, `TRAILERS_TOO_LARGE`, `CHUNK_EXTENSION_TOO_LARGE`,
 * `UNSUPPORTED_TRANSFER_CODING`, `INCOMPLETE_HEAD`, `INCOMPLETE_BODY`, `UNEXPECTED_UPGRADE`, `UNSOLICITED_BYTES`, `TOO_MANY_INFORMATIONAL`.
 * Over HTTP/2: `H2_` and the name of RFC 9113 §7, such as `H2_FLOW_CONTROL_ERROR`.
 */
export class RemoteProtocolError extends ProtocolError {
  override readonly name = 'RemoteProtocolError';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'REMOTE_PROTOCOL');
  }
}

/** The answer of a proxy that refused. */
export interface ProxyRefusal {
  readonly status?: number | undefined;
  readonly headers?: readonly HeaderPair[] | undefined;
  readonly body?: string | undefined;
  readonly reply?: number | undefined;
}
/**
 * No way through the proxy. Codes: `PROXY_REFUSED` (it said no), `PROXY_AUTH_REQUIRED` (it wants credentials, or others: 407, or what SOCKS has in
 * its place), `PROXY_PROTOCOL` (its answer makes no sense) and `PROXY_CLOSED` (it closed the connection instead of answering).
 * That it could not be reached is a `ConnectError`, that it was silent a `ConnectTimeout` in the phase `proxy`.
 */
export class ProxyError extends HttpCoreError {
  override readonly name = 'ProxyError';
  /** Of its answer; `undefined` where there was none, and for SOCKS. */
  readonly status: number | undefined;
  readonly headers: readonly HeaderPair[];
  /** The beginning of what it said, up to 4 KiB, as Latin-1. */
  readonly body: string;
  /** The reply code of a SOCKS proxy: RFC 1928 §6, or 91 to 93 of SOCKS4. */
  readonly reply: number | undefined;
  constructor(message: string, init?: ErrorInit & ProxyRefusal) {
    super(message, unsent(init), 'PROXY_REFUSED');
    this.status = init?.status;
    this.headers = init?.headers ?? [];
    this.body = init?.body ?? '';
    this.reply = init?.reply;
  }
}
/** The scheme, or the protocol that was negotiated, is not one that this dispatcher speaks. */
export class UnsupportedProtocol extends HttpCoreError {
  override readonly name = 'UnsupportedProtocol';
  constructor(message: string, init?: ErrorInit) {
    super(message, unsent(init), 'UNSUPPORTED_PROTOCOL');
  }
}
/** The dispatcher was closed. */
export class PoolClosed extends HttpCoreError {
  override readonly name = 'PoolClosed';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'POOL_CLOSED');
  }
}
/**
 * The caller's side ended the exchange. Codes: `ABORTED` (`cause` is the signal's reason), `BODY_CLOSED`, `OBSERVER_FAILED` (`cause`
 * is what `onInformational` threw).
 */
export class Aborted extends HttpCoreError {
  override readonly name = 'Aborted';
  constructor(message: string, init?: ErrorInit) {
    super(message, init, 'ABORTED');
  }
}

/**
 * Puts the stack of the caller on an error that was made in a socket callback, where the stack leads nowhere.
 *
 * Call it in the `catch` of the async function that the caller awaits: V8 then walks the chain of awaits, so the trace ends
 * in the caller's own line. The happy path pays nothing, and a failure little: the frames become text when somebody reads them. That costs
 * many times as much where there are source maps, and thousands may fail at one moment.
 *
 * @param ownFrames how many frames on top are ours.
 */
export function withCallerStack(error: unknown, ownFrames = 1): unknown {
  // One that was thrown as it is may be frozen.
  if (!isOf(HttpCoreError, error) || !Object.isExtensible(error)) return error;
  const heading = `${error.name} [${error.code}]: ${error.message}`;
  const here = errorHere();
  const become = (value: unknown): void => {
    Object.defineProperty(error, 'stack', { value, writable: true, configurable: true, enumerable: false });
  };
  // To put another in its place would make text of its own stack first.
  Reflect.deleteProperty(error, 'stack');
  Object.defineProperty(error, 'stack', {
    get() {
      const stack = heading + framesOf(here, ownFrames + 1);
      become(stack);
      return stack;
    },
    set: become,
    configurable: true,
    enumerable: false,
  });
  return error;
}

/**
 * Settles the promise of `resolve` with this error, which has the stack of whoever awaits that promise by then. What succeeds pays nothing: there
 * is no second promise for the sake of failures.
 */
export function failWithCallerStack(resolve: (failure: Promise<never>) => void, error: unknown): void {
  let fail!: (error: unknown) => void;
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // In this order: where the stack is taken, the promise of `resolve` waits for this one already, and V8 finds the way from one to the other.
  resolve(failure.then(undefined, throwWithCallerStack));
  fail(error);
}

function throwWithCallerStack(error: unknown): never {
  throw withCallerStack(error, 2);
}

/** The same for what fails before there is a promise. */
export async function rejectWithCallerStack(error: unknown): Promise<never> {
  throw withCallerStack(error, 2);
}

/** Not by `captureStackTrace`, which makes the text at once. Programs that have their stacks their own way may throw here. */
function errorHere(): Error | null {
  try {
    return new Error();
  } catch {
    return null;
  }
}

/** Empty where the program has its stacks its own way: `Error.prepareStackTrace` may give anything, and throw. */
function framesOf(captured: { readonly stack?: unknown } | null, skipped: number): string {
  try {
    const stack = captured?.stack;
    if (typeof stack !== 'string') return '';
    let start = stack.indexOf('\n');
    for (let count = 0; count < skipped && start !== -1; count += 1) start = stack.indexOf('\n', start + 1);
    return start === -1 ? '' : stack.slice(start);
  } catch {
    return '';
  }
}
