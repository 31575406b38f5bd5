/**
 * The client's end of an HTTP/2 connection (RFC 9113), without the connection: bytes go in by `receive`, bytes come out
 * into a sink, and what happens is told to a handler.
 *
 * Nothing is sent before `flush`: all that one turn of the event loop asks for leaves in one write. An error of the
 * connection is final: GOAWAY is sent, every stream is told, and from then on nothing is read and nothing is written.
 */
import type { HeaderPair } from '../../contract/values.ts';
import { LocalProtocolError, type HttpCoreError } from '../../contract/errors.ts';
import type { ByteSink } from '../byte-sink.ts';
import { Closing } from './closed-streams.ts';
import { defaultHeaderTableSize, defaultWindow, maximumStreamId, minimumMaxFrameSize, Setting } from './constants.ts';
import { ConnectionFault, remoteError, type GoAway } from './faults.ts';
import { FrameReader } from './frame-reader.ts';
import type { Http2EngineHandler } from './handler.ts';
import { Inbound } from './inbound.ts';
import { resolveHttp2EngineOptions, type Http2EngineOptions } from './options.ts';
import { OutboundBody } from './outbound-body.ts';
import type { PeerSettings } from './peer-settings.ts';
import { Responses } from './responses.ts';
import { livenessPing, Session } from './session.ts';
import { StreamEvent } from './stream-state.ts';
import { Http2Stream } from './stream.ts';

// Huffman codes have at most 30 bits for an octet, but whoever sends those means harm: twice the list is enough.
const blockSizeFactor = 2;

export class Http2Engine<Token> {
  readonly #session: Session<Token>;
  readonly #responses: Responses<Token>;
  readonly #reader: FrameReader;

  /** @throws {LocalProtocolError} `INVALID_OPTION`. */
  constructor(sink: ByteSink, handler: Http2EngineHandler<Token>, options: Http2EngineOptions) {
    const resolved = resolveHttp2EngineOptions(options);
    this.#session = new Session(sink, handler, resolved);
    this.#responses = new Responses(this.#session);
    this.#reader = new FrameReader(new Inbound(this.#session, this.#responses), {
      maxFrameSize: resolved.maxFrameSize,
      maxHeaderBlockSize: Math.max(resolved.maxHeaderListSize * blockSizeFactor, resolved.maxFrameSize),
    });
  }

  /** How many more streams can be opened now: the peer's limit less those that are open; 100 before it has said one. */
  get capacity(): number {
    return this.#session.capacity;
  }

  /** Has it used the last identifier that there is (RFC 9113 §5.1.1)? No stream can be opened any more. */
  get isExhausted(): boolean {
    return this.#session.nextStreamId > maximumStreamId;
  }

  get openStreams(): number {
    return this.#session.streams.size;
  }

  /** The tokens of the open streams. */
  tokens(): Token[] {
    return this.#session.streams.all().map(({ token }) => token);
  }

  get peerSettings(): PeerSettings {
    return this.#session.peer;
  }

  /** The last stream that the peer will serve; `Infinity` before its GOAWAY. */
  get peerLastStreamId(): number {
    return this.#session.peerLastStreamId;
  }

  /** What the peer's GOAWAY said; `null` before one. Of several, the first that names an error. */
  get peerGoAway(): GoAway | null {
    return this.#session.peerGoAway;
  }

  /** Has the peer acknowledged our SETTINGS? */
  get areSettingsAcknowledged(): boolean {
    return this.#session.areSettingsAcknowledged;
  }

  /** One-way latch: after an error of the connection, and after `terminate`. */
  get isFinished(): boolean {
    return this.#session.isFinished;
  }

  /** Writes what every connection begins with (RFC 9113 §3.4). It leaves with the first `flush`, together with the first request. */
  start(): void {
    const { writer, options } = this.#session;
    const settings: number[] = [Setting.ENABLE_PUSH, 0, Setting.INITIAL_WINDOW_SIZE, options.streamWindow];
    if (options.headerTableSize !== defaultHeaderTableSize) settings.push(Setting.HEADER_TABLE_SIZE, options.headerTableSize);
    if (options.maxFrameSize !== minimumMaxFrameSize) settings.push(Setting.MAX_FRAME_SIZE, options.maxFrameSize);
    settings.push(Setting.MAX_HEADER_LIST_SIZE, options.maxHeaderListSize);
    writer.preface();
    // Before it has read them, the peer goes by the default.
    this.#session.sendSettings(settings, Math.max(0, defaultWindow - options.streamWindow));
    if (options.connectionWindow > defaultWindow) writer.windowUpdate(0, options.connectionWindow - defaultWindow);
  }

  /** Takes bytes from the peer. Never called from inside itself. After an error of the connection it does nothing. */
  receive(chunk: Uint8Array): void {
    if (this.#session.isFinished) return;
    try {
      this.#reader.read(chunk);
    } catch (fault) {
      if (!(fault instanceof ConnectionFault)) throw fault;
      this.#fail(fault);
    }
  }

  /** Hands over what is to be sent: frames, and as much of the request bodies as the windows and the sink allow. */
  flush(): void {
    if (!this.#session.isFinished) this.#session.flush();
  }

  /** The sink takes more again, after it returned false. `onOutput` follows where there is something to send. */
  onDrained(): void {
    if (!this.#session.isFinished) this.#session.onDrained();
  }

  /**
   * Opens a stream with a request's head. `Host` in `headers` becomes `:authority`.
   *
   * @param protocol the `:protocol` of extended CONNECT (RFC 8441); only where `peerSettings.enableConnectProtocol`.
   * @param addedLength the value of a Content-Length to be added to `headers`, which have none; else `null`.
   * @param token given back in every callback for this stream.
   * @throws {LocalProtocolError} the request is not valid HTTP/2 or larger than the peer allows (`HEADER_LIST_TOO_LARGE`), or
   *   there is no capacity; nothing was sent.
   */
  openStream(
    method: string,
    scheme: string,
    authority: string,
    target: string,
    protocol: string | null,
    headers: readonly HeaderPair[],
    addedLength: string | null,
    endStream: boolean,
    token: Token,
  ): Http2Stream<Token> {
    const session = this.#session;
    if (session.capacity < 1) throw new LocalProtocolError('The connection takes no more streams now', { code: 'NO_CAPACITY' });
    if (protocol !== null && !session.peer.enableConnectProtocol) {
      throw new LocalProtocolError('The peer does not support extended CONNECT', { code: 'EXTENDED_CONNECT_UNSUPPORTED' });
    }
    const fields = session.requestFields;
    fields.addRequest(method, scheme, authority, target, protocol, headers, addedLength, session.peer.maxHeaderListSize);
    if (endStream && fields.contentLength > 0) throw lengthMismatch();
    const stream = new Http2Stream(session.nextStreamId, token, session.streamWindow, session.writer.written, method);
    session.nextStreamId += 2;
    session.streams.add(stream);
    session.writer.headers(stream.id, session.encoder, endStream);
    stream.advanceLocally(StreamEvent.SEND_HEADERS);
    if (endStream) stream.advanceLocally(StreamEvent.SEND_END_STREAM);
    else stream.outbound = new OutboundBody(stream, stream.id, session.peer.initialWindowSize, fields.contentLength);
    session.budget.onRequest();
    session.announceOutput();
    // What follows from that may be SETTINGS, which hold for this stream too.
    session.options.windowMemory.open(stream.receiveWindow.target);
    return stream;
  }

  /**
   * Takes a chunk of the request body; its bytes must not change until they were sent. Returns false when enough is
   * queued: `onWritable` follows. On a stream that is over it does nothing and returns true.
   *
   * @throws {LocalProtocolError} `CONTENT_LENGTH_MISMATCH`: more than the request said; `INVALID_BODY`: the body was ended.
   */
  sendData(stream: Http2Stream<Token>, chunk: Uint8Array): boolean {
    const session = this.#session;
    if (stream.isClosed) return true;
    const body = openBody(stream);
    if (body.missing !== -1) {
      if (chunk.length > body.missing) throw lengthMismatch();
      body.missing -= chunk.length;
    }
    const hasRoom = session.scheduler.enqueue(body, chunk);
    if (session.scheduler.isReady) session.announceOutput();
    return hasRoom;
  }

  /**
   * Ends the request body, once what is queued has been sent. On a stream that is over it does nothing.
   *
   * @throws {LocalProtocolError} `CONTENT_LENGTH_MISMATCH`: less than the request said; `INVALID_TRAILER` and the like;
   *   `HEADER_LIST_TOO_LARGE`: more trailers than the peer allows; `INVALID_BODY`: it was ended before. The stream is still open then: reset it.
   */
  endStream(stream: Http2Stream<Token>, trailers: readonly HeaderPair[] | null): void {
    const session = this.#session;
    if (stream.isClosed) return;
    const body = openBody(stream);
    if (body.missing > 0) throw lengthMismatch();
    if (trailers !== null && trailers.length > 0) {
      session.requestFields.checkTrailers(trailers, session.peer.maxHeaderListSize);
      // A copy: what was checked is what is sent.
      body.trailers = trailers.map(([name, value]) => [name, value] as const);
    }
    body.isComplete = true;
    if (body.queued > 0) return;
    if (body.trailers === null) session.writer.endOfStream(stream.id);
    else session.writeTrailers(body);
    session.announceOutput();
    session.onRequestEnded(stream);
  }

  /** Gives a stream up: RST_STREAM, and nothing more is said of it. On a stream that is over it does nothing. */
  resetStream(stream: Http2Stream<Token>, errorCode: number): void {
    const session = this.#session;
    if (stream.isClosed) return;
    session.writer.reset(stream.id, errorCode);
    session.closeStream(stream, Closing.RESET_BY_US);
    session.announceOutput();
    session.handler.onCapacityChange();
  }

  /** The caller has taken `octets` of what `onData` brought: the peer may send as many again. */
  consumed(stream: Http2Stream<Token>, octets: number): void {
    this.#responses.consumed(stream, octets);
  }

  /** The caller waits for more of a response, and has taken all that came: where the peer may send nothing, it may now. */
  open(stream: Http2Stream<Token>): void {
    this.#responses.open(stream);
  }

  /** What a response may have under way or unread before it is read. */
  get streamWindow(): number {
    return this.#session.streamWindow;
  }

  /** Has the peer acknowledged all SETTINGS of ours? */
  get isSettled(): boolean {
    return this.#session.isSettled;
  }

  /** Sets {@link streamWindow}, for all streams. With 0, only those that are waited for get any: see {@link open}. */
  resizeStreamWindows(octets: number): void {
    this.#session.resizeStreamWindows(octets);
  }

  /** Sends a PING; `onPingAcknowledged` brings `payload`, a 32-bit number, back. */
  ping(payload: number): void {
    if (this.#session.isFinished) return;
    this.#session.writer.ping(false, livenessPing, payload);
    this.#session.announceOutput();
  }

  /** Says that no stream of the peer's will be served, and opens none any more. Open streams go on. */
  goAway(errorCode: number): void {
    const session = this.#session;
    if (session.isFinished || session.hasSentGoAway) return;
    session.hasSentGoAway = true;
    session.writer.goAway(0, errorCode);
    session.announceOutput();
  }

  /** The transport is gone, or about to be: every stream ends with `error`. Writes nothing. */
  terminate(error: HttpCoreError): void {
    if (this.#session.isFinished) return;
    this.#reader.stop();
    this.#session.finish(error);
  }

  #fail(fault: ConnectionFault): void {
    const session = this.#session;
    const error = remoteError(fault.errorCode, fault.message);
    this.#reader.stop();
    session.writer.goAway(0, fault.errorCode);
    session.writer.flush();
    session.finish(error);
    session.handler.onConnectionError(error);
  }
}

function openBody<Token>(stream: Http2Stream<Token>): OutboundBody<Http2Stream<Token>> {
  const body = stream.outbound;
  if (body === null || body.isComplete) throw new LocalProtocolError('The request body has ended', { code: 'INVALID_BODY' });
  return body;
}

function lengthMismatch(): LocalProtocolError {
  return new LocalProtocolError('The request body has another length than its Content-Length', { code: 'CONTENT_LENGTH_MISMATCH' });
}
