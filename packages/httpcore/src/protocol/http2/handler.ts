import type { HeaderPair } from '../../contract/values.ts';
import type { HttpCoreError, RemoteProtocolError } from '../../contract/errors.ts';
import type { PeerSettings } from './peer-settings.ts';

/**
 * What the engine tells the connection. All calls are synchronous, most of them from inside `receive` and `flush`; every
 * method of the engine but those two may be called from inside them. They must not throw.
 *
 * For each stream: any number of `onInformational`, then `onHead`, `onData`…, `onResponseEnd`; or `onReset` instead of what is left of
 * that. After `onReset`, and after the stream was reset from this side, nothing follows.
 */
export interface Http2EngineHandler<Token> {
  /** There is something to send: call `flush` before this turn ends. Not repeated until then. */
  onOutput(): void;
  /** A SETTINGS frame has been applied. */
  onSettings(settings: PeerSettings): void;
  /** `capacity` may have changed: a stream has ended, or the peer's limit is another. */
  onCapacityChange(): void;
  onInformational(token: Token, status: number, headers: readonly HeaderPair[]): void;
  /** The final head. With `endStream`, `onResponseEnd` follows at once. */
  onHead(token: Token, status: number, headers: readonly HeaderPair[], endStream: boolean): void;
  /**
   * `chunk[start, end)` is data, of the chunk given to `receive`, and valid until that returns. It counts against the windows until `consumed` is
   * called with as many octets (padding has been given back already).
   */
  onData(token: Token, chunk: Uint8Array, start: number, end: number): void;
  /** The response is whole. */
  onResponseEnd(token: Token, trailers: readonly HeaderPair[]): void;
  /** The stream is gone. `wasProcessed` is false where the peer provably did not act on the request: it can be sent again. */
  onReset(token: Token, error: HttpCoreError, wasProcessed: boolean): void;
  /** The peer has reset a stream whose response is whole: it does not want the rest of the request (RFC 9113 §8.1). */
  onUploadStopped(token: Token, errorCode: number): void;
  /** There is room for more of the request body, after `sendData` returned false. */
  onWritable(token: Token): void;
  /** The whole request is written: the body, and the trailers if it has any. Not called for a request without a body. */
  onRequestSent(token: Token): void;
  /**
   * The peer wants HTTP/1.1 in the place of HTTP/2 (HTTP_1_1_REQUIRED, RFC 9113 §7): for the request of `token`, whose `onReset` follows
   * at once, or by GOAWAY for the connection, where it is `null` and `onGoAway` follows.
   */
  onHttp1Required(token: Token | null): void;
  /** No new streams. `onReset` follows for those above `lastStreamId`; the others go on. */
  onGoAway(lastStreamId: number, errorCode: number): void;
  /** The peer has answered `ping(payload)`. */
  onPingAcknowledged(payload: number): void;
  /** The engine is finished; every stream has had its `onReset`. GOAWAY is with the sink: close the transport once it is sent. */
  onConnectionError(error: RemoteProtocolError): void;
}
