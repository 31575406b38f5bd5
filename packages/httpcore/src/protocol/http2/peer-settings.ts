/** What the peer has told us of itself (RFC 9113 §6.5). */
import {
  defaultHeaderTableSize,
  defaultWindow,
  ErrorCode,
  maximumMaxFrameSize,
  maximumWindow,
  minimumMaxFrameSize,
  Setting,
} from './constants.ts';
import { ConnectionFault } from './faults.ts';

export class PeerSettings {
  /** Has the first SETTINGS frame come? */
  isKnown = false;
  headerTableSize: number = defaultHeaderTableSize;
  maxConcurrentStreams: number;
  initialWindowSize: number = defaultWindow;
  maxFrameSize: number = minimumMaxFrameSize;
  /** Of requests and of their trailers: `Infinity` where none was given. */
  maxHeaderListSize: number = Infinity;
  /** RFC 8441 §3: `:protocol` may be used. */
  enableConnectProtocol = false;
  #limitsStreams = false;

  /** @param assumedMaxConcurrentStreams until the server's own word is here. */
  constructor(assumedMaxConcurrentStreams: number) {
    this.maxConcurrentStreams = assumedMaxConcurrentStreams;
  }

  /** @throws {ConnectionFault} where RFC 9113 §6.5.2 does not allow the value. */
  apply(identifier: number, value: number): void {
    switch (identifier) {
      case Setting.HEADER_TABLE_SIZE:
        this.headerTableSize = value;
        break;
      case Setting.ENABLE_PUSH:
        // A server may only say that it does not push (RFC 9113 §6.5.2).
        if (value !== 0) throw invalid('ENABLE_PUSH');
        break;
      case Setting.MAX_CONCURRENT_STREAMS:
        this.maxConcurrentStreams = value;
        this.#limitsStreams = true;
        break;
      case Setting.INITIAL_WINDOW_SIZE:
        if (value > maximumWindow) throw invalid('INITIAL_WINDOW_SIZE', ErrorCode.FLOW_CONTROL_ERROR);
        this.initialWindowSize = value;
        break;
      case Setting.MAX_FRAME_SIZE:
        if (value < minimumMaxFrameSize || value > maximumMaxFrameSize) throw invalid('MAX_FRAME_SIZE');
        this.maxFrameSize = value;
        break;
      case Setting.MAX_HEADER_LIST_SIZE:
        this.maxHeaderListSize = value;
        break;
      case Setting.ENABLE_CONNECT_PROTOCOL:
        // RFC 8441 §3: 0 or 1, and never 0 after 1.
        if (value > 1 || (value === 0 && this.enableConnectProtocol)) throw invalid('ENABLE_CONNECT_PROTOCOL');
        this.enableConnectProtocol = value === 1;
        break;
      case Setting.NO_RFC7540_PRIORITIES:
        if (value > 1) throw invalid('NO_RFC7540_PRIORITIES');
        break;
      default:
      // RFC 9113 §6.5.2: an unknown setting is ignored.
    }
  }

  /** The end of a SETTINGS frame. */
  settle(): void {
    if (this.isKnown) return;
    this.isKnown = true;
    // The server has spoken: a limit that it did not mention does not exist.
    if (!this.#limitsStreams) this.maxConcurrentStreams = Infinity;
  }
}

function invalid(name: string, errorCode: number = ErrorCode.PROTOCOL_ERROR): ConnectionFault {
  return new ConnectionFault(errorCode, `The peer sent an invalid value of ${name}`);
}
