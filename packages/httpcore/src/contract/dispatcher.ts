/**
 * The contract between a client and whatever moves its requests.
 *
 * Everything that crosses it is a plain value: strings, numbers, pairs and byte iterables. A network pool, an in-process
 * application, a mock and a recorder all have this one shape, so any of them can sit under any client.
 */
import type { NetworkOptions } from './network-options.ts';
import type { TraceObserver } from './trace.ts';
import type { ByteIterable, HeaderPair, Timeouts, TrailerSource, UrlParts } from './values.ts';

export type { ByteIterable, HeaderPair, Timeouts, TrailerSource, UrlParts } from './values.ts';

/**
 * The bytes of a response body, as they come.
 *
 * Iterate it once, or call {@link ResponseBody.bytes}. Leaving the loop early closes it. Where the connection or the stream breaks off,
 * iterating gives everything that came before and throws then, however late it is read; what the caller ends (`signal`, `deadline`, a limit)
 * throws at once.
 *
 * All bytes are plain `Uint8Array`s whose memory is the caller's alone, to the octet: it may be kept, changed, or given to another thread.
 *
 * A body that nobody reads holds memory, however small the pieces are that it comes in: over HTTP/1.1 at most 64 KiB plus one socket chunk, and its
 * connection; over HTTP/2 at most 1 MiB, in nobody else's way. All of a pool that are under way share `maxBufferedBytes`: the less of it is left, the less each
 * may hold, and one that holds more already is paused. So those stop first that have been left unread for longest; those that came later go on, those
 * that are read go on whatever the others hold, and all do when there is room again. A body that has come whole is the caller's own memory, and counts
 * no more. Call {@link ResponseBody.close} to give it back.
 */
export interface ResponseBody extends AsyncIterable<Uint8Array<ArrayBuffer>> {
  /**
   * The whole body. The fast path when all of it is already here. Where it does not come whole, the error's `receivedBytes` say how much came.
   *
   * @throws {ReadTimeout | ReadError | RemoteProtocolError | DeadlineExceeded | Aborted} when the rest does not arrive whole.
   * @example
   * const [, status, , , body] = await pool.dispatch('GET', ['http', 'localhost', 8080, '/'], [], null);
   * console.log(status, new TextDecoder().decode(await body.bytes()));
   */
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Says that the rest is not wanted. A small rest (up to 64 KiB) is drained so that the connection can be used again; else
   * the connection is dropped (HTTP/1.1) or the stream is reset (HTTP/2). Idempotent; never rejects.
   */
  close(): Promise<void>;
  /** The trailer section (RFC 9110 §6.5), possibly empty; `undefined` until the body has ended. */
  readonly trailers: readonly HeaderPair[] | undefined;
  /**
   * All of it, where it has come in one piece and nobody has begun to read it: for whoever hands a body on and wants to see its bytes, as a cache does. They are its
   * reader's all the same: not to be changed, and not to be kept. `undefined` otherwise; bodies need not have it.
   */
  readonly unread?: Uint8Array | undefined;
}

/**
 * The body of an upgraded exchange: 101 Switching Protocols, or a 2xx answer to CONNECT. Both directions are raw bytes, and
 * the first ones may be those that the server sent together with its head.
 */
export interface DuplexBody extends ResponseBody {
  /**
   * Sends bytes, behind those of earlier writes and of the request body. Resolves when more can be taken; until then the bytes must not change.
   * @throws {WriteError | WriteTimeout | ReadError | Aborted} the connection has ended, or the peer has taken nothing for longer than the `write` limit.
   */
  write(chunk: Uint8Array): Promise<void>;
  /** Ends our direction, behind what was written; reading goes on until the peer ends its own. */
  end(): Promise<void>;
}

/** `httpVersion` is `1.0`, `1.1` or `2`; `reason` is empty where the protocol has none. */
export type DispatchResponse = readonly [
  httpVersion: string,
  status: number,
  reason: string,
  headers: readonly HeaderPair[],
  body: ResponseBody,
];

/** A head that is not the final one, and the promise of the next. For the package: it is exported nowhere. */
export type InterimResponse = readonly [
  httpVersion: null,
  status: number,
  reason: string,
  headers: readonly HeaderPair[],
  next: Promise<DispatchResponse | InterimResponse>,
];

/** A 1xx response that came before the final one (RFC 9110 §15.2), such as 103 Early Hints. */
export type InformationalObserver = (status: number, reason: string, headers: readonly HeaderPair[]) => void;

/** A proxy, as `new Proxy()` makes it and nobody else: its origin is `scheme://host:port`, without credentials. */
export interface ProxyIdentity {
  readonly origin: string;
  readonly via: ProxyIdentity | null;
}

/** Everything a request may carry beside its five primitive arguments. All of it is optional. */
export interface DispatchContext {
  /** Aborts the exchange at any stage, with `Aborted` whose `cause` is the signal's reason. No listener stays behind. */
  readonly signal?: AbortSignal | undefined;
  /** The moment, in milliseconds of `performance.now()`, after which the exchange fails with `DeadlineExceeded`. It caps every phase. */
  readonly deadline?: number | undefined;
  /** Called at every step of the exchange, in the order in which the steps happen. Must not throw; must be quick. */
  readonly trace?: TraceObserver | undefined;
  /**
   * `trace` does not look at the async context (`AsyncLocalStorage`) that it is called in, such as a recorder: it need not be that of
   * the call, as it is for everything else that a request calls back. That saves a little. Default `false`.
   */
  readonly traceInAnyContext?: boolean | undefined;
  /** Called for every 1xx response but 100 (when `Expect` asked for it) and 101. */
  readonly onInformational?: InformationalObserver | undefined;
  /** Sent after the body, with the chunked coding on HTTP/1.1. */
  readonly trailers?: TrailerSource | undefined;
  /**
   * Does each iteration of the request body give all of it anew? Then it can be sent again on another connection, where the method permits
   * that, as a list of chunks can always be. Default `false`: an iterable is begun once.
   */
  readonly replayableBody?: boolean | undefined;
  /**
   * Is a request that is answered 421 sent again, once, on another connection, where its body can be (RFC 9110 §15.5.20)? That
   * connection takes no new requests then. Default `false`: only what went to a connection of another origin is.
   */
  readonly replayMisdirected?: boolean | undefined;
  /**
   * The `:protocol` of an extended CONNECT (RFC 8441), such as `websocket`; with the method CONNECT, over HTTP/2 only. A 2xx
   * answer has a {@link DuplexBody}.
   */
  readonly protocol?: string | undefined;
  /**
   * The proxy for this request, a `Proxy`, instead of the pool's; `null`: none. Without a network it has no effect.
   */
  readonly proxy?: ProxyIdentity | null | undefined;
  /** TLS server name (SNI, and the name that the certificate must have) when it is not the host. */
  readonly servername?: string | undefined;
  /**
   * How the connection for this request is made, where that is another than the pool's way: who we are in TLS, from which address, by which socket, with
   * which protocol. Requests that say the same share connections. Without a network it has no effect.
   */
  readonly network?: NetworkOptions | undefined;
}

/** How long closing waits for what runs. */
export interface CloseOptions {
  /**
   * How many milliseconds what runs may still take, before it is ended; `Infinity`: as long as it takes. Default: 30,000, or what the pool's
   * `closeGrace` says.
   */
  readonly grace?: number | undefined;
}

/** Moves one request and brings the response back. The shape that everything in this project meets at. */
export interface Dispatcher extends AsyncDisposable {
  /**
   * Sends one request. Settles as soon as the final response head is there, even while the request body is still being sent.
   *
   * `Host` (or `:authority`) and the framing fields are added where they are absent; no pair is ever edited.
   *
   * @throws {LocalProtocolError} the arguments are not valid HTTP; nothing was sent.
   * @throws {UnsupportedProtocol} the scheme is not one that this dispatcher speaks.
   * @throws {PoolClosed} `close()` or `destroy()` was called before.
   * @throws {ConnectError | ReadError | WriteError} the network failed.
   * @throws {ConnectTimeout | ReadTimeout | WriteTimeout | PoolTimeout | DeadlineExceeded} a limit passed.
   * @throws {RemoteProtocolError} the peer broke the protocol.
   * @throws {ProxyError} a proxy refused.
   * @throws {Aborted} the signal aborted.
   * @example
   * const [version, status, reason, headers, body] = await dispatcher.dispatch(
   *   'POST', ['https', 'example.com', null, '/items?dry=1'], [['content-type', 'text/plain']], [new TextEncoder().encode('hi')],
   *   [10_000, 30_000, 30_000, 5_000],
   * );
   */
  dispatch(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts?: Timeouts,
    context?: DispatchContext,
  ): Promise<DispatchResponse>;
  /**
   * Graceful: takes no new request, lets running exchanges end, then closes every connection. What runs has a grace, and is ended after it.
   * Idempotent; the shortest grace given counts. Never rejects.
   *
   * Disposing (`await using`) closes, too, and ends at once what nobody reads: responses whose body nobody has begun to read, and those
   * whose reader has left them. So an error that leaves the block is not held up by a response that was open in it.
   */
  close(options?: CloseOptions): Promise<void>;
}
