/** What is worth another try: the extension point, and the limits that come with the client. */
import {
  ConnectError,
  ConnectTimeout,
  HttpCoreError,
  NetworkError,
  PinMismatch,
  ProxyError,
  ReadTimeout,
  RemoteProtocolError,
  WriteTimeout,
} from '@x/httpcore';

import { InvalidOption } from '../errors.ts';
import { findHeader } from '../request/fields/header-input.ts';
import { methodName } from '../request/assemble.ts';
import { AttemptTimeout } from './retry-errors.ts';
import type { Request } from '../request/request.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';

/** Yields a request to have it sent, and gets its response, or has what it failed with thrown into it. */
export type RetryFlow = Generator<Request, void, StreamResponse> | AsyncGenerator<Request, void, StreamResponse>;

/**
 * Says what is sent again. `retryFlow` is called for each call of the client, and first yields the request. It then gets the
 * response from that `yield`, or the error is thrown there, and
 *
 * - yields again, the same request or another one, to have that sent after a wait;
 * - returns, or lets the error through, when it has nothing against this outcome. Then other limits are asked. When the call goes
 *   on nevertheless, a new flow is begun. So it is when a body breaks off that the call was to read whole: that is thrown into it;
 * - throws an error of its own, which fails the call.
 *
 * It needs to count nothing and to wait for nothing: `Retries` does that for all its limits together. It may be async, and read
 * the response's body.
 *
 * @example
 * const onMaintenance: RetryLimits = {
 *   async *retryFlow(request) {
 *     for (;;) {
 *       const response = yield request;
 *       if (response.status !== 500 || !(await response.text()).includes('maintenance')) return;
 *     }
 *   },
 * };
 * const client = new Client({ retries: new Retries(3, { limits: [onMaintenance] }) });
 */
export interface RetryLimits {
  retryFlow(request: Request): RetryFlow;
}

// RFC 9110 §9.2.2, and QUERY, which is safe.
const idempotentMethods = ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'QUERY'] as const;
const idempotent: ReadonlySet<string> = new Set(idempotentMethods);

/** Does sending it twice do what sending it once does? `Idempotency-Key` is the caller's word that the server sees to it. */
export function isIdempotent(request: Request): boolean {
  return idempotent.has(request.method) || findHeader(request.rawHeaders, 'idempotency-key') !== undefined;
}

/**
 * Connections that could not be made, or that broke before the response came: before all of its body did, where it is read whole,
 * as every verb does. Over HTTP/2, a stream that the server resets is like a connection that broke. A request that the server may have seen is sent again only when its method is idempotent (RFC 9110 §9.2.2),
 * or it has an `Idempotency-Key`. Limits in time are no connection failures, but for the `connect` limit and `attemptTimeout`; nor is a
 * certificate that is not accepted. A part of every `Retries`.
 */
export class RetryOnConnectionFailure implements RetryLimits {
  *retryFlow(request: Request): Generator<Request, void, StreamResponse> {
    for (;;) {
      try {
        yield request;
        return;
      } catch (error) {
        if (!isConnectionFailure(error)) throw error;
        if (error.requestSent !== false && !isIdempotent(request)) throw error;
      }
    }
  }
}

function isConnectionFailure(error: unknown): error is HttpCoreError {
  if (!(error instanceof HttpCoreError)) return false;
  // What the caller's own body threw, and what will be no better the next time.
  if (error.code === 'REQUEST_BODY_FAILED' || isRefusedCertificate(error)) return false;
  if (error instanceof NetworkError || error instanceof ConnectTimeout || error instanceof AttemptTimeout) return true;
  if (error instanceof ProxyError) return isPassing(error);
  // Cut off in the middle; or, over HTTP/2, turned away or given up by the server.
  return error instanceof RemoteProtocolError && (cutOffCodes.has(error.code) || error.requestSent === false);
}

/** Did the proxy go away, or fail to reach the origin? It may do better; what it forbids it forbids again. */
function isPassing({ code, status = 0, reply = 0 }: ProxyError): boolean {
  return code === 'PROXY_CLOSED' || (status >= 502 && status <= 504) || unreachableReplies.has(reply);
}

/** RFC 1928 §6: general failure, network or host unreachable, connection refused, TTL expired; and the one refusal of SOCKS4. */
const unreachableReplies = new Set([1, 3, 4, 5, 6, 91]);

// A stream or a connection of HTTP/2 that the server ended is what a connection is that it closed: it restarts, sheds load, or has a fault that the next
// attempt may not meet. What says that we speak wrong (FLOW_CONTROL_ERROR, COMPRESSION_ERROR, …) stays so.
const cutOffCodes = new Set([
  'INCOMPLETE_HEAD',
  'INCOMPLETE_BODY',
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'REFUSED_STREAM', 'CANCEL', 'ENHANCE_YOUR_CALM'].map((name) => `H2_${name}`),
]);

/** A handshake that the network broke is not one whose certificate, or key, was refused. */
function isRefusedCertificate(error: HttpCoreError): boolean {
  if (error instanceof PinMismatch) return true;
  if (!(error instanceof ConnectError) || error.code !== 'TLS_FAILED') return false;
  const code = (error.cause as NodeJS.ErrnoException | undefined)?.code;
  return code === undefined || !transientCodes.has(code);
}

const transientCodes = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT']);

/**
 * Servers that stay silent for longer than the `read` limit, or take no more of the request for longer than the `write` limit. They may be at
 * work on it still: a request that they may have seen is sent again only when its method is idempotent, or it has an `Idempotency-Key`.
 *
 * @example
 * const client = new Client({ timeout: { read: 2_000 }, retries: new Retries(2, { limits: [new RetryOnTimeout()] }) });
 */
export class RetryOnTimeout implements RetryLimits {
  *retryFlow(request: Request): Generator<Request, void, StreamResponse> {
    for (;;) {
      try {
        yield request;
        return;
      } catch (error) {
        if (!(error instanceof ReadTimeout || error instanceof WriteTimeout)) throw error;
        if (error.requestSent !== false && !isIdempotent(request)) throw error;
      }
    }
  }
}

/** Which statuses and methods `RetryOnStatus` sends again. */
export interface RetryOnStatusOptions {
  /** Default 408, 425, 429, 502, 503 and 504. */
  readonly statuses?: Iterable<number> | undefined;
  /** The standard ones in any case. Default the idempotent ones: GET, HEAD, PUT, DELETE, OPTIONS, TRACE and QUERY; and every request with an `Idempotency-Key`. */
  readonly methods?: Iterable<string> | undefined;
}

const statusNames: OptionNames<RetryOnStatusOptions> = Object.freeze({ statuses: undefined, methods: undefined });

/**
 * Responses whose status says that a later try may do better. `Retry-After` is honoured.
 *
 * @throws {InvalidOption} an option is unknown or impossible.
 * @example
 * const client = new Client({ retries: new Retries(3, { limits: [new RetryOnStatus()] }) });
 */
export class RetryOnStatus implements RetryLimits {
  readonly statuses: ReadonlySet<number>;
  readonly methods: ReadonlySet<string>;

  constructor(options: RetryOnStatusOptions = {}) {
    const own = ownOptions(options, statusNames);
    this.statuses = new Set(own.statuses ?? [408, 425, 429, 502, 503, 504]);
    this.methods = new Set([...(own.methods ?? idempotentMethods)].map(methodName));
    for (const status of this.statuses) {
      if (!Number.isInteger(status) || status < 200 || status > 599) throw new InvalidOption('statuses', 'must be numbers from 200 to 599');
    }
  }

  *retryFlow(request: Request): Generator<Request, void, StreamResponse> {
    if (!this.methods.has(request.method) && findHeader(request.rawHeaders, 'idempotency-key') === undefined) return;
    for (;;) {
      const response = yield request;
      if (!this.statuses.has(response.status)) return;
    }
  }
}
