/** An application in plain values: what stands in place of a network, and what the conformance suite asks its subjects to reach. */
import type { DispatchContext, ResponseBody } from '../contract/dispatcher.ts';
import type { HeaderPair, Timeouts, TrailerSource, UrlParts } from '../contract/values.ts';

/** The request body, as the application reads it. It can be read once; it is pulled from the caller as it is read. */
export interface ApplicationRequestBody extends AsyncIterable<Uint8Array> {
  /** All of it. Rejects with the error of the exchange when that ends before. */
  bytes(): Promise<Uint8Array>;
  /** All of it, as UTF-8. */
  text(): Promise<string>;
  /** The trailer section, possibly empty; `undefined` until the body has been read to its end. */
  readonly trailers: readonly HeaderPair[] | undefined;
}

/** One request, as it was given to `dispatch`. */
export interface ApplicationRequest {
  readonly method: string;
  /** The host in lower case and without brackets; the port is `null` where it is the scheme's default. */
  readonly url: UrlParts;
  /** The caller's own pairs. `Host` and the framing fields, which a connection would add, are not among them. */
  readonly headers: readonly HeaderPair[];
  readonly body: ApplicationRequestBody;
  readonly timeouts: Timeouts;
  readonly context: DispatchContext;
  /** Aborts when the exchange ends before its response does; the reason is the error that its caller gets. */
  readonly signal: AbortSignal;
  /** Sends a 1xx response before the final one, such as 103 Early Hints. */
  inform(status: number, headers?: readonly HeaderPair[], reason?: string): void;
}

/** Text is sent as UTF-8. Iterables are pulled as the caller reads; what they throw ends the body with `ReadError`. */
export type ApplicationBody = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array> | null;

/** A response. Nothing is added to it: no `Date`, no `Content-Length`. */
export interface ApplicationResponse {
  /** 200–999, or 101 with {@link ApplicationResponse.tunnel}. */
  readonly status: number;
  /** Default empty. */
  readonly reason?: string | undefined;
  readonly headers?: readonly HeaderPair[] | undefined;
  /** Not sent in answer to HEAD, nor with 204 and 304. */
  readonly body?: ApplicationBody | undefined;
  /** Sent after the body; a function is asked once the body has been sent. */
  readonly trailers?: TrailerSource | undefined;
  /** For 101, and 2xx to CONNECT: from the bytes that the client writes to those that it reads. */
  readonly tunnel?: ((incoming: AsyncIterable<Uint8Array>) => ApplicationBody) | undefined;
}

/** A response as a dispatcher gives it; so a mock can hand on what another dispatcher answered. */
export type ApplicationResponseTuple = readonly [
  httpVersion: string,
  status: number,
  reason: string,
  headers: readonly HeaderPair[],
  body: ResponseBody | ApplicationBody,
];

/**
 * Answers requests. What it throws, or returns as an `Error`, fails the exchange: an `HttpCoreError` as it is, anything else
 * as the `cause` of a `ReadError` with the code `HANDLER_FAILED`.
 */
export type Application = (request: ApplicationRequest) => ApplicationAnswer | Promise<ApplicationAnswer>;

/** What an application answers: an object, or a tuple as dispatchers have it. */
export type ApplicationAnswer = ApplicationResponse | ApplicationResponseTuple | Error;
