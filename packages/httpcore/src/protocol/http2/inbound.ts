/**
 * What each frame does, on a connection of ours (RFC 9113 §5, §6, §8). Those that bring a response are handed to `responses.ts`.
 *
 * Faults of the connection are thrown; faults of a stream reset that stream and end there.
 */
import { Closing } from './closed-streams.ts';
import { ErrorCode, errorName, maximumWindow, Setting } from './constants.ts';
import { ConnectionFault, goAwayText, remoteError } from './faults.ts';
import type { FrameHandler } from './frame-reader.ts';
import type { Responses } from './responses.ts';
import { bandwidthPing, livenessPing, type Session } from './session.ts';
import { ResponsePhase, type Http2Stream } from './stream.ts';

export class Inbound<Token> implements FrameHandler {
  readonly #session: Session<Token>;
  readonly #responses: Responses<Token>;
  /** The peer's INITIAL_WINDOW_SIZE before the SETTINGS frame under way; −1 if it has not come up. */
  #initialWindowBefore = -1;

  constructor(session: Session<Token>, responses: Responses<Token>) {
    this.#session = session;
    this.#responses = responses;
  }

  onDataStart(streamId: number, flowLength: number, dataLength: number, endStream: boolean): void {
    this.#responses.onDataStart(streamId, flowLength, dataLength, endStream);
  }

  onDataPiece(chunk: Uint8Array, start: number, end: number): void {
    this.#responses.onDataPiece(chunk, start, end);
  }

  onDataEnd(endStream: boolean): void {
    this.#responses.onDataEnd(endStream);
  }

  onHeaderBlock(streamId: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    this.#responses.onHeaderBlock(streamId, bytes, start, end, endStream);
  }

  onReset(streamId: number, errorCode: number): void {
    const session = this.#session;
    const stream = session.streams.get(streamId);
    if (stream === undefined) {
      session.refuseIdle(streamId, 'RST_STREAM');
      session.budget.late.spend();
      return;
    }
    if (errorCode === ErrorCode.NO_ERROR && this.#responses.endByReset(stream)) return;
    // RFC 9113 §8.7, and §7 for the other: a request that is to come by HTTP/1.1 was not served here. Once it is answered, it was.
    const isRefusal = errorCode === ErrorCode.REFUSED_STREAM || errorCode === ErrorCode.HTTP_1_1_REQUIRED;
    const wasProcessed = !isRefusal || stream.phase !== ResponsePhase.AWAITING_HEAD;
    if (errorCode === ErrorCode.HTTP_1_1_REQUIRED && !wasProcessed) session.handler.onHttp1Required(stream.token);
    session.closeStream(stream, Closing.RESET_BY_PEER);
    session.tellReset(stream, remoteError(errorCode, `The peer reset the stream: ${errorName(errorCode)}`), errorCode, wasProcessed);
    session.handler.onCapacityChange();
  }

  onSetting(identifier: number, value: number): void {
    const session = this.#session;
    if (identifier === Setting.INITIAL_WINDOW_SIZE && this.#initialWindowBefore === -1)
      this.#initialWindowBefore = session.peer.initialWindowSize;
    session.peer.apply(identifier, value);
    // Each in turn: of several the smallest matters too (RFC 7541 §4.2).
    if (identifier === Setting.HEADER_TABLE_SIZE) session.encoder.limitTable(value);
  }

  onSettingsEnd(): void {
    const session = this.#session;
    session.budget.settings.spend();
    session.peer.settle();
    session.writer.maxFrameSize = session.peer.maxFrameSize;
    if (this.#initialWindowBefore !== -1) {
      this.#resizeSendWindows(session.peer.initialWindowSize - this.#initialWindowBefore);
      this.#initialWindowBefore = -1;
    }
    session.writer.settingsAcknowledgement();
    session.oweFrame();
    session.handler.onSettings(session.peer);
    session.handler.onCapacityChange();
  }

  /** RFC 9113 §6.9.2: a new initial size holds for the streams that are open, too. */
  #resizeSendWindows(difference: number): void {
    const session = this.#session;
    for (const stream of session.streams.all()) {
      const { outbound } = stream;
      const isPossible = outbound === null ? this.#growSendWindow(stream, 0) : outbound.window.grow(difference);
      if (!isPossible) {
        throw new ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, 'The peer sent an INITIAL_WINDOW_SIZE that makes a window too large');
      }
      if (outbound !== null) session.scheduler.consider(outbound);
    }
  }

  /** False where the window would pass 2³¹ − 1 (RFC 9113 §6.9.1). */
  #growSendWindow(stream: Http2Stream<Token>, increment: number): boolean {
    if (stream.outbound !== null) return stream.outbound.window.grow(increment);
    stream.unusedCredit += increment;
    return this.#session.peer.initialWindowSize + stream.unusedCredit <= maximumWindow;
  }

  onSettingsAcknowledgement(): void {
    const session = this.#session;
    if (!session.onSettingsAcknowledged()) {
      throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, 'The peer acknowledged SETTINGS that were not sent');
    }
    if (session.areSettingsAcknowledged) return;
    session.areSettingsAcknowledged = true;
    session.decoder.limitTable(session.options.headerTableSize);
  }

  onPing(isAcknowledgement: boolean, high: number, low: number): void {
    const session = this.#session;
    if (!isAcknowledgement) {
      session.budget.ping.spend();
      session.writer.ping(true, high, low);
      session.oweFrame();
    } else if (high === livenessPing) {
      session.budget.ping.spend();
      session.handler.onPingAcknowledged(low);
    } else if (high !== bandwidthPing || !session.onMeasured(low)) {
      session.budget.ignored.spend();
    }
  }

  onGoAway(lastStreamId: number, errorCode: number, debugText: string): void {
    const session = this.#session;
    // RFC 9113 §6.8: a second one may only take back more.
    if (lastStreamId > session.peerLastStreamId) {
      throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, 'The peer sent GOAWAY with a higher last stream than before');
    }
    session.budget.ignored.spend();
    session.peerLastStreamId = lastStreamId;
    // The first that says what is wrong tells the most: some servers send a NO_ERROR behind it.
    if (session.peerGoAway === null || session.peerGoAway.errorCode === ErrorCode.NO_ERROR) session.peerGoAway = { errorCode, debugText };
    if (errorCode === ErrorCode.HTTP_1_1_REQUIRED) session.handler.onHttp1Required(null);
    session.handler.onGoAway(lastStreamId, errorCode);
    const said = goAwayText({ errorCode, debugText });
    const error = remoteError(errorCode, `The server closes the connection (${said}) and did not process this request`);
    for (const stream of session.streams.all()) {
      if (stream.id <= lastStreamId) continue;
      session.closeStream(stream, Closing.RESET_BY_US);
      session.tellReset(stream, error, errorCode, false);
    }
    session.handler.onCapacityChange();
  }

  onWindowUpdate(streamId: number, increment: number): void {
    const session = this.#session;
    session.budget.windowUpdate.spend();
    if (streamId === 0) {
      if (increment === 0) throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, 'The peer sent WINDOW_UPDATE of 0');
      if (!session.scheduler.connectionWindow.grow(increment)) {
        throw new ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "The peer made the connection's window too large");
      }
    } else {
      const stream = session.streams.get(streamId);
      if (stream === undefined) {
        session.refuseIdle(streamId, 'WINDOW_UPDATE');
        return;
      }
      if (increment === 0) {
        session.failStream(stream, ErrorCode.PROTOCOL_ERROR, 'The peer sent WINDOW_UPDATE of 0');
        return;
      }
      const body = stream.outbound;
      if (!this.#growSendWindow(stream, increment)) {
        session.failStream(stream, ErrorCode.FLOW_CONTROL_ERROR, "The peer made a stream's window too large");
        return;
      }
      if (body === null) return;
      session.scheduler.consider(body);
    }
    if (session.scheduler.isReady) session.announceOutput();
  }

  onPriority(streamId: number, isMalformed: boolean): void {
    const session = this.#session;
    session.budget.ignored.spend();
    if (!isMalformed) return;
    const stream = session.streams.get(streamId);
    // There is no stream to reset: RFC 9113 §5.4.2 does not say, and a peer that miscounts octets is not to be trusted.
    if (stream === undefined)
      throw new ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "The peer sent PRIORITY of a length that it can't have");
    session.failStream(stream, ErrorCode.FRAME_SIZE_ERROR, "The peer sent PRIORITY of a length that it can't have");
  }

  onUnknownFrame(): void {
    this.#session.budget.ignored.spend();
  }
}
