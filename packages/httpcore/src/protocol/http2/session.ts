/**
 * What the two halves of the engine share: the one that takes calls (`engine.ts`) and the one that takes frames
 * (`inbound.ts`). It owns the streams and knows how they end; each of them ends here, and once.
 */
import type { HttpCoreError } from '../../contract/errors.ts';
import type { ByteSink } from '../byte-sink.ts';
import { AbuseBudget } from './abuse-budget.ts';
import { BandwidthEstimator } from './bandwidth-estimator.ts';
import { ClosedStreams, Closing } from './closed-streams.ts';
import { defaultHeaderTableSize, defaultWindow, ErrorCode, maximumStreamId, Setting } from './constants.ts';
import { ConnectionFault, remoteError, type GoAway } from './faults.ts';
import { ConnectionReceiveWindow } from './flow-control.ts';
import { FrameWriter } from './frame-writer.ts';
import type { Http2EngineHandler } from './handler.ts';
import { HeaderDecoder } from './hpack/decoder.ts';
import { HeaderEncoder } from './hpack/encoder.ts';
import type { ResolvedHttp2EngineOptions } from './options.ts';
import type { OutboundBody } from './outbound-body.ts';
import { PeerSettings } from './peer-settings.ts';
import { RequestFields } from './request-fields.ts';
import { SendScheduler, type SchedulerOwner } from './send-scheduler.ts';
import { StreamEvent } from './stream-state.ts';
import { StreamTable } from './stream-table.ts';
import { ResponsePhase, type Http2Stream } from './stream.ts';

// Frames that we owe the peer while it reads nothing; nghttp2 has the same bound.
const mostOwedFrames = 1_000;
// The first half of the payload of our PINGs says what they are for.
export const livenessPing = 0x6c69_7665;
export const bandwidthPing = 0x6264_7031;

export class Session<Token> implements SchedulerOwner<Http2Stream<Token>> {
  readonly options: ResolvedHttp2EngineOptions;
  readonly handler: Http2EngineHandler<Token>;
  readonly writer: FrameWriter;
  readonly encoder: HeaderEncoder;
  readonly decoder: HeaderDecoder;
  readonly requestFields: RequestFields;
  readonly peer: PeerSettings;
  readonly scheduler: SendScheduler<Http2Stream<Token>>;
  readonly budget: AbuseBudget;
  readonly streams: StreamTable<Http2Stream<Token>> = new StreamTable();
  readonly closedStreams: ClosedStreams = new ClosedStreams();
  readonly receiveWindow: ConnectionReceiveWindow;
  nextStreamId: number;
  /** What a stream begins with: our INITIAL_WINDOW_SIZE. */
  streamWindow: number;
  readonly #mostStreams: number;
  areSettingsAcknowledged = false;
  /** SETTINGS frames of ours that the peer has not acknowledged: by how much each makes the windows of streams smaller. */
  readonly #unacknowledgedSettings: number[] = [];
  /** The sum of those: what a peer that has not read them yet may send beyond its windows. */
  toleratedOctets = 0;
  // One-way latches.
  isFinished = false;
  hasSentGoAway = false;
  /** The last stream that the peer will serve; `Infinity` before GOAWAY. */
  peerLastStreamId: number = Infinity;
  peerGoAway: GoAway | null = null;

  readonly #estimator: BandwidthEstimator;
  // Octets of DATA since the measurement began, or since the last one ended.
  #measuredOctets = 0;
  #measurement = 0;
  #measuringSince = -1;
  #owedFrames = 0;
  #isOutputAnnounced = false;

  constructor(sink: ByteSink, handler: Http2EngineHandler<Token>, options: ResolvedHttp2EngineOptions) {
    this.options = options;
    this.handler = handler;
    this.peer = new PeerSettings(options.assumedMaxConcurrentStreams);
    this.writer = new FrameWriter(sink);
    this.encoder = new HeaderEncoder(options.encoderTableSize, defaultHeaderTableSize);
    this.requestFields = new RequestFields(this.encoder);
    this.decoder = new HeaderDecoder(options.headerTableSize, defaultHeaderTableSize, {
      maxSize: options.maxHeaderListSize,
      maxFields: options.maxHeaderFields,
    });
    this.scheduler = new SendScheduler(this.writer, this, defaultWindow);
    this.budget = new AbuseBudget(options.now);
    this.receiveWindow = new ConnectionReceiveWindow(options.connectionWindow);
    this.streamWindow = options.streamWindow;
    this.#mostStreams = options.mostStreams;
    this.#estimator = new BandwidthEstimator(Math.max(options.streamWindow, options.readWindow), options.maxStreamWindow);
    this.nextStreamId = options.firstStreamId;
  }

  get capacity(): number {
    if (this.isFinished || this.hasSentGoAway || this.peerLastStreamId !== Infinity) return 0;
    const identifiers = (maximumStreamId + 2 - this.nextStreamId) / 2;
    return Math.max(0, Math.min(this.#mostStreams - this.streams.size, this.peer.maxConcurrentStreams - this.streams.size, identifiers));
  }

  announceOutput(): void {
    if (this.#isOutputAnnounced) return;
    this.#isOutputAnnounced = true;
    this.handler.onOutput();
  }

  /** `entries` alternates identifiers and values; `lessWindow`: by how much they make the windows of streams smaller. */
  sendSettings(entries: readonly number[], lessWindow: number): void {
    this.writer.settings(entries);
    this.#unacknowledgedSettings.push(lessWindow);
    this.toleratedOctets += lessWindow;
    this.announceOutput();
  }

  /** Has the peer acknowledged all of them? */
  get isSettled(): boolean {
    return this.#unacknowledgedSettings.length === 0;
  }

  /** Returns false where there was nothing to acknowledge. */
  onSettingsAcknowledged(): boolean {
    const lessWindow = this.#unacknowledgedSettings.shift();
    if (lessWindow === undefined) return false;
    this.toleratedOctets -= lessWindow;
    return true;
  }

  /**
   * By SETTINGS, which hold for the streams that are open and for those to come (RFC 9113 §6.9.2). They reach the peer before
   * whatever we send next, so both sides count the same.
   */
  resizeStreamWindows(window: number): void {
    const change = window - this.streamWindow;
    if (change === 0 || this.isFinished) return;
    this.streamWindow = window;
    this.sendSettings([Setting.INITIAL_WINDOW_SIZE, window], Math.max(0, -change));
    for (const { receiveWindow } of this.streams.all()) receiveWindow.resize(change, this.options.windowMemory);
  }

  flush(): void {
    this.#isOutputAnnounced = false;
    if (this.receiveWindow.isDue) this.writer.windowUpdate(0, this.receiveWindow.renew());
    this.scheduler.pump();
    this.writer.flush();
  }

  onDrained(): void {
    this.writer.unblock();
    this.#owedFrames = 0;
    if (this.scheduler.isReady) this.announceOutput();
  }

  /** A frame was written because the peer sent one. @throws {ConnectionFault} where it makes us write and does not read. */
  oweFrame(): void {
    if (this.writer.isBlocked) {
      this.#owedFrames += 1;
      if (this.#owedFrames > mostOwedFrames) {
        throw new ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, 'The peer asks for answers and does not read them');
      }
    }
    this.announceOutput();
  }

  // Streams and how they end.

  /** The peer can't open streams, since push is disabled; and ours it can't know before we have opened them. */
  refuseIdle(streamId: number, type: string): void {
    if (streamId % 2 === 0 || streamId >= this.nextStreamId) {
      throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, `The peer sent ${type} on an idle stream`);
    }
  }

  /** RFC 9113 §5.4.2: the peer broke the rules of one stream. */
  failStream(stream: Http2Stream<Token>, errorCode: number, message: string): void {
    this.writer.reset(stream.id, errorCode);
    this.oweFrame();
    this.closeStream(stream, Closing.RESET_BY_US);
    this.tellReset(stream, remoteError(errorCode, message), errorCode, true);
    this.handler.onCapacityChange();
  }

  /** A response that is whole stays so, whatever becomes of its stream: then only the upload is over. */
  tellReset(stream: Http2Stream<Token>, error: HttpCoreError, errorCode: number, wasProcessed: boolean): void {
    if (stream.phase === ResponsePhase.ENDED) this.handler.onUploadStopped(stream.token, errorCode);
    else this.handler.onReset(stream.token, error, wasProcessed);
  }

  /** Closes by reset: what the request has queued is dropped. */
  closeStream(stream: Http2Stream<Token>, closing: number): void {
    stream.advanceLocally(closing === Closing.RESET_BY_PEER ? StreamEvent.RECEIVE_RESET : StreamEvent.SEND_RESET);
    this.streams.delete(stream.id);
    this.closedStreams.add(stream.id, closing);
    if (closing === Closing.RESET_BY_US) this.budget.onReset(Math.max(0, stream.receiveWindow.available));
    if (stream.outbound !== null) this.scheduler.abandon(stream.outbound);
    stream.receiveWindow.close(this.options.windowMemory);
  }

  /** Our END_STREAM was written. */
  onRequestEnded(stream: Http2Stream<Token>): void {
    stream.advanceLocally(StreamEvent.SEND_END_STREAM);
    const isClosed = stream.isClosed;
    if (isClosed) this.streams.delete(stream.id);
    this.handler.onRequestSent(stream.token);
    if (isClosed) this.handler.onCapacityChange();
  }

  /** The connection is over, for every stream at once. */
  finish(error: HttpCoreError): void {
    this.isFinished = true;
    const handedOver = this.writer.handedOver;
    for (const stream of this.streams.all()) {
      stream.advanceLocally(StreamEvent.SEND_RESET);
      this.streams.delete(stream.id);
      if (stream.outbound !== null) this.scheduler.abandon(stream.outbound);
      stream.receiveWindow.close(this.options.windowMemory);
      const wasProcessed = stream.startsAt < handedOver && stream.id <= this.peerLastStreamId;
      this.tellReset(stream, error, ErrorCode.NO_ERROR, wasProcessed);
    }
  }

  // The scheduler's word.

  onBodySent(body: OutboundBody<Http2Stream<Token>>): void {
    if (body.trailers !== null) this.writeTrailers(body);
    this.onRequestEnded(body.owner);
  }

  writeTrailers(body: OutboundBody<Http2Stream<Token>>): void {
    // Encoded only now: blocks must be encoded in the order in which they are sent.
    this.requestFields.addTrailers(body.trailers!);
    this.writer.headers(body.streamId, this.encoder, true);
  }

  onRoom(body: OutboundBody<Http2Stream<Token>>): void {
    this.handler.onWritable(body.owner.token);
  }

  onDataSent(octets: number): void {
    this.budget.onDataSent(octets);
  }

  // Bandwidth × delay.

  onDataReceived(octets: number): void {
    this.#measuredOctets += octets;
    if (this.#measuringSince !== -1 || !this.#estimator.isDue(this.#measuredOctets)) return;
    this.#measuredOctets = 0;
    this.#measuringSince = this.options.now();
    this.#measurement += 1;
    this.writer.ping(false, bandwidthPing, this.#measurement);
    this.announceOutput();
  }

  /** Is it the acknowledgement of the measurement under way? */
  onMeasured(measurement: number): boolean {
    if (this.#measuringSince === -1 || measurement !== this.#measurement) return false;
    const roundTrip = this.options.now() - this.#measuringSince;
    this.#measuringSince = -1;
    if (this.#estimator.measure(this.#measuredOctets, roundTrip)) {
      // With less, one response could take all of it.
      this.receiveWindow.target = Math.max(this.receiveWindow.target, 2 * this.#estimator.window);
      if (this.receiveWindow.isDue) this.announceOutput();
    }
    this.#measuredOctets = 0;
    return true;
  }

  /** What a response that is read may have under way. */
  get largestStreamWindow(): number {
    return this.#estimator.window;
  }
}
