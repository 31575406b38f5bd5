/**
 * The frames that responses are made of: HEADERS, CONTINUATION and DATA (RFC 9113 §6.1, §6.2, §8.1).
 *
 * Order matters in two places: DATA counts against the connection's window whatever becomes of its stream, and a header
 * block is decoded whoever it is for.
 */
import type { HeaderPair } from '../../contract/values.ts';
import { Closing } from './closed-streams.ts';
import { ErrorCode } from './constants.ts';
import { ConnectionFault } from './faults.ts';
import { ResponseFields } from './response-fields.ts';
import type { Session } from './session.ts';
import { StreamEvent, StreamState } from './stream-state.ts';
import { ResponsePhase, type Http2Stream } from './stream.ts';

// A 103 or two, or a 100, are usual; progress may be reported by 102.
const mostInformational = 64;
const noTrailers: readonly HeaderPair[] = Object.freeze([]);

export class Responses<Token> {
  readonly #session: Session<Token>;
  readonly #fields: ResponseFields = new ResponseFields();
  /** The stream of the DATA frame under way; `null` where its data is dropped. */
  #dataStream: Http2Stream<Token> | null = null;

  constructor(session: Session<Token>) {
    this.#session = session;
  }

  onDataStart(streamId: number, flowLength: number, dataLength: number, endStream: boolean): void {
    const session = this.#session;
    this.#dataStream = null;
    if (!session.receiveWindow.receive(flowLength)) {
      throw new ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "The peer sent more DATA than the connection's window allows");
    }
    // Before anybody has read it: nobody's reading is to hold up the others.
    if (session.receiveWindow.isDue) session.announceOutput();
    if (!endStream) session.budget.onDataReceived(dataLength);
    const stream = session.streams.get(streamId);
    if (stream === undefined) {
      this.#onFrameOfNoStream(streamId, 'DATA');
      return;
    }
    const problem = this.#judgeData(stream, flowLength, dataLength);
    if (problem !== 0) {
      session.failStream(stream, problem, dataProblems.get(problem)!);
      return;
    }
    stream.receivedLength += dataLength;
    this.#dataStream = stream;
    session.onDataReceived(flowLength);
    // Padding is nobody's to take.
    if (flowLength !== dataLength) this.consumed(stream, flowLength - dataLength);
  }

  /** 0, or the error code to reset the stream with. */
  #judgeData(stream: Http2Stream<Token>, flowLength: number, dataLength: number): number {
    if (stream.advance(StreamEvent.RECEIVE_DATA) > StreamState.CLOSED) return ErrorCode.STREAM_CLOSED;
    if (!stream.receiveWindow.receive(flowLength, this.#session.toleratedOctets, this.#session.options.windowMemory))
      return ErrorCode.FLOW_CONTROL_ERROR;
    const isTooMuch = stream.expectedLength !== -1 && stream.receivedLength + dataLength > stream.expectedLength;
    return stream.phase !== ResponsePhase.IN_BODY || isTooMuch ? ErrorCode.PROTOCOL_ERROR : 0;
  }

  onDataPiece(chunk: Uint8Array, start: number, end: number): void {
    const stream = this.#dataStream;
    // It may have been reset since its frame began.
    if (stream !== null && stream.isReceiving) this.#session.handler.onData(stream.token, chunk, start, end);
  }

  onDataEnd(endStream: boolean): void {
    const stream = this.#dataStream;
    this.#dataStream = null;
    if (endStream && stream !== null && stream.isReceiving) this.#endResponse(stream, noTrailers);
  }

  onHeaderBlock(streamId: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void {
    const session = this.#session;
    const fields = this.#fields;
    const stream = session.streams.get(streamId);
    const isTrailers = stream !== undefined && stream.phase !== ResponsePhase.AWAITING_HEAD;
    fields.begin(isTrailers);
    session.decoder.decode(bytes, start, end, fields);
    if (stream === undefined) {
      this.#onFrameOfNoStream(streamId, 'HEADERS');
      return;
    }
    if (stream.advance(StreamEvent.RECEIVE_HEADERS) > StreamState.CLOSED) {
      session.failStream(stream, ErrorCode.STREAM_CLOSED, 'The peer sent HEADERS after the end of the response');
      return;
    }
    if (session.decoder.isOverLimit) {
      session.failStream(
        stream,
        ErrorCode.ENHANCE_YOUR_CALM,
        `The peer sent a header list above the limit of ${session.options.maxHeaderListSize} octets or ${session.options.maxHeaderFields} fields`,
      );
      return;
    }
    fields.finish();
    if (isTrailers && !endStream) fields.problem ??= 'HEADERS after the response head that do not end the response';
    if (fields.problem !== null) {
      session.failStream(stream, ErrorCode.PROTOCOL_ERROR, `The peer sent ${fields.problem}`);
      return;
    }
    if (isTrailers) this.#endResponse(stream, fields.headers);
    else if (fields.status < 200) this.#onInformational(stream, endStream);
    else this.#onHead(stream, endStream);
  }

  #onInformational(stream: Http2Stream<Token>, endStream: boolean): void {
    const { status, headers } = this.#fields;
    stream.informationalCount += 1;
    // RFC 9113 §8.6: there is no upgrade. §8.1: a 1xx is never the end.
    if (status === 101 || endStream) {
      this.#session.failStream(
        stream,
        ErrorCode.PROTOCOL_ERROR,
        `The peer sent ${status} ${endStream ? 'as the end of the response' : 'over HTTP/2'}`,
      );
    } else if (stream.informationalCount > mostInformational) {
      this.#session.failStream(stream, ErrorCode.ENHANCE_YOUR_CALM, `The peer sent more than ${mostInformational} informational responses`);
    } else {
      this.#session.handler.onInformational(stream.token, status, headers);
    }
  }

  #onHead(stream: Http2Stream<Token>, endStream: boolean): void {
    const { status, headers, contentLength } = this.#fields;
    stream.phase = ResponsePhase.IN_BODY;
    // RFC 9110 §6.4.1: these have no content, whatever their Content-Length says. After 2xx to CONNECT it says nothing.
    if (stream.isHead || status === 204 || status === 304) stream.expectedLength = 0;
    else if (!(stream.isConnect && status < 300)) stream.expectedLength = contentLength;
    if (endStream && stream.expectedLength > 0) {
      this.#endResponse(stream, noTrailers);
      return;
    }
    this.#session.handler.onHead(stream.token, status, headers, endStream);
    if (endStream && stream.isReceiving) this.#endResponse(stream, noTrailers);
  }

  #endResponse(stream: Http2Stream<Token>, trailers: readonly HeaderPair[]): void {
    const session = this.#session;
    if (stream.expectedLength !== -1 && stream.receivedLength !== stream.expectedLength) {
      session.failStream(
        stream,
        ErrorCode.PROTOCOL_ERROR,
        `The response ended after ${stream.receivedLength} of the ${stream.expectedLength} octets of its Content-Length`,
      );
      return;
    }
    stream.advance(StreamEvent.RECEIVE_END_STREAM);
    stream.phase = ResponsePhase.ENDED;
    stream.receiveWindow.close(session.options.windowMemory);
    const isClosed = stream.isClosed;
    if (isClosed) session.streams.delete(stream.id);
    session.handler.onResponseEnd(stream.token, trailers);
    if (isClosed) session.handler.onCapacityChange();
  }

  /**
   * RST_STREAM with NO_ERROR in the middle of a response. By RFC 9113 §8.1 it follows END_STREAM; servers on node:http2 send it
   * in the place of END_STREAM when they are busy (seen on Node 20: all of the data, then the reset). It says that nothing went
   * wrong, so like curl and Chromium we take it for the end, unless the response said that it has more. Returns false where it
   * is no end.
   */
  endByReset(stream: Http2Stream<Token>): boolean {
    const session = this.#session;
    if (stream.phase !== ResponsePhase.IN_BODY || !stream.isReceiving) return false;
    if (stream.expectedLength !== -1 && stream.receivedLength !== stream.expectedLength) return false;
    session.closeStream(stream, Closing.RESET_BY_PEER);
    stream.phase = ResponsePhase.ENDED;
    session.handler.onResponseEnd(stream.token, noTrailers);
    session.handler.onCapacityChange();
    return true;
  }

  /** DATA or HEADERS on a stream that is not open. */
  #onFrameOfNoStream(streamId: number, type: string): void {
    const session = this.#session;
    session.refuseIdle(streamId, type);
    const closing = session.closedStreams.closing(streamId);
    if (closing === Closing.ENDED) throw new ConnectionFault(ErrorCode.STREAM_CLOSED, `The peer sent ${type} on a stream that has ended`);
    session.budget.late.spend();
    if (closing === Closing.RESET_BY_PEER) {
      session.writer.reset(streamId, ErrorCode.STREAM_CLOSED);
      session.oweFrame();
    }
  }

  /** Octets of the response were taken: gives the peer a new window where it is time. */
  consumed(stream: Http2Stream<Token>, octets: number): void {
    const session = this.#session;
    const window = stream.receiveWindow;
    // Never more than there is: a mistake of the caller's must not let the peer send without end.
    const taken = Math.min(octets, window.held);
    if (taken <= 0 || !stream.isReceiving || session.isFinished) return;
    this.#enlarge(stream, window.release(taken, session.largestStreamWindow, session.options.windowMemory));
  }

  open(stream: Http2Stream<Token>): void {
    if (!stream.isReceiving || this.#session.isFinished) return;
    this.#enlarge(stream, stream.receiveWindow.open(this.#session.options.windowMemory));
  }

  #enlarge(stream: Http2Stream<Token>, increment: number): void {
    if (increment <= 0) return;
    this.#session.writer.windowUpdate(stream.id, increment);
    this.#session.announceOutput();
  }
}

const dataProblems: ReadonlyMap<number, string> = new Map<number, string>([
  [ErrorCode.STREAM_CLOSED, 'The peer sent DATA after the end of the response'],
  [ErrorCode.FLOW_CONTROL_ERROR, "The peer sent more DATA than the stream's window allows"],
  [ErrorCode.PROTOCOL_ERROR, 'The peer sent DATA before the response head, or more than its Content-Length'],
]);
