/**
 * Bytes to frames (RFC 9113 §4, §6): what can be judged from a frame alone is judged here.
 *
 * Every frame but DATA is handled whole: in place where the chunk holds all of it, else gathered first, each octet copied
 * once. DATA is passed on as it comes, in pieces of the chunk itself, so that a body is never copied and never waits for
 * the end of its frame. A header block that needs CONTINUATION is gathered up to a limit, in frames and in octets.
 *
 *     +-----------------------------------------------+
 *     |                 Length (24)                   |
 *     +---------------+---------------+---------------+
 *     |   Type (8)    |   Flags (8)   |
 *     +-+-------------+---------------+-------------------------------+
 *     |R|                 Stream Identifier (31)                      |
 *     +=+=============================================================+
 *     |                   Frame Payload (0...)                      ...
 *     +---------------------------------------------------------------+
 */
import { ErrorCode, Flag, FrameType, frameHeaderLength } from './constants.ts';
import { ConnectionFault } from './faults.ts';
import { HeaderBlockAssembly } from './header-block-assembly.ts';

/** Called in the order of the wire, synchronously; throws `ConnectionFault` to end the connection. */
export interface FrameHandler {
  /** A DATA frame begins. `flowLength` is what it counts against the windows, `dataLength` the same without padding. */
  onDataStart(streamId: number, flowLength: number, dataLength: number, endStream: boolean): void;
  /** A piece of it, valid only during the call. Not called for an empty one. */
  onDataPiece(chunk: Uint8Array, start: number, end: number): void;
  onDataEnd(endStream: boolean): void;
  /** A whole header block, valid only during the call. */
  onHeaderBlock(streamId: number, bytes: Uint8Array, start: number, end: number, endStream: boolean): void;
  onReset(streamId: number, errorCode: number): void;
  /** Once for each setting, then {@link onSettingsEnd}. */
  onSetting(identifier: number, value: number): void;
  onSettingsEnd(): void;
  onSettingsAcknowledgement(): void;
  onPing(isAcknowledgement: boolean, high: number, low: number): void;
  onGoAway(lastStreamId: number, errorCode: number, debugText: string): void;
  onWindowUpdate(streamId: number, increment: number): void;
  /** PRIORITY, which we ignore. `isMalformed`: not of 5 octets, which is a stream error (RFC 9113 §6.3). */
  onPriority(streamId: number, isMalformed: boolean): void;
  /** A type that we do not know. */
  onUnknownFrame(): void;
}

export interface FrameLimits {
  /** Our MAX_FRAME_SIZE. */
  readonly maxFrameSize: number;
  /** Octets of a header block over all of its frames. */
  readonly maxHeaderBlockSize: number;
}

// Where in a frame the next octet is.
const IN_HEADER = 0;
const IN_PAYLOAD = 1;
const IN_PAD_LENGTH = 2;
const IN_DATA = 3;
const IN_PADDING = 4;

export class FrameReader {
  readonly #handler: FrameHandler;
  readonly #limits: FrameLimits;
  #place = IN_HEADER;
  #isFirstFrame = true;
  #isStopped = false;
  #length = 0;
  #type = 0;
  #flags = 0;
  #streamId = 0;
  /** Octets of the frame (of its data, of its padding) that are still to come. */
  #left = 0;
  #padding = 0;
  // A frame header or a payload that is spread over chunks.
  #gathered: Uint8Array = new Uint8Array(512);
  #gatheredLength = 0;
  readonly #assembly: HeaderBlockAssembly;

  constructor(handler: FrameHandler, limits: FrameLimits) {
    this.#handler = handler;
    this.#limits = limits;
    this.#assembly = new HeaderBlockAssembly(limits.maxHeaderBlockSize);
  }

  /** Nothing more is read, also of the chunk under way. */
  stop(): void {
    this.#isStopped = true;
  }

  /** @throws {ConnectionFault} */
  read(chunk: Uint8Array): void {
    const end = chunk.length;
    let at = 0;
    while (!this.#isStopped) {
      if (this.#place === IN_HEADER) {
        if (this.#gatheredLength === 0 && end - at >= frameHeaderLength) {
          this.#startFrame(chunk, at);
          at += frameHeaderLength;
        } else {
          at += this.#gather(chunk, at, end, frameHeaderLength);
          if (this.#gatheredLength < frameHeaderLength) return;
          this.#gatheredLength = 0;
          this.#startFrame(this.#gathered, 0);
        }
      } else if (this.#place === IN_PAYLOAD) {
        const length = this.#length;
        if (this.#gatheredLength === 0 && end - at >= length) {
          this.#place = IN_HEADER;
          at += length;
          this.#endFrame(chunk, at - length, at);
        } else {
          at += this.#gather(chunk, at, end, length);
          if (this.#gatheredLength < length) return;
          this.#gatheredLength = 0;
          this.#place = IN_HEADER;
          this.#endFrame(this.#gathered, 0, length);
        }
      } else if (this.#place === IN_DATA) {
        if (this.#left === 0) {
          this.#left = this.#padding;
          this.#place = IN_PADDING;
        } else {
          if (at === end) return;
          const next = Math.min(end, at + this.#left);
          this.#left -= next - at;
          const start = at;
          at = next;
          this.#handler.onDataPiece(chunk, start, next);
        }
      } else if (this.#place === IN_PADDING) {
        const skipped = Math.min(end - at, this.#left);
        at += skipped;
        this.#left -= skipped;
        if (this.#left > 0) return;
        this.#place = IN_HEADER;
        this.#handler.onDataEnd((this.#flags & Flag.END_STREAM) !== 0);
      } else {
        if (at === end) return;
        this.#startPaddedData(chunk[at]!);
        at += 1;
      }
    }
  }

  /** Copies towards `wanted` octets and returns how many it took. */
  #gather(chunk: Uint8Array, at: number, end: number, wanted: number): number {
    const taken = Math.min(end - at, wanted - this.#gatheredLength);
    if (wanted > this.#gathered.length) {
      const larger = new Uint8Array(wanted);
      larger.set(this.#gathered.subarray(0, this.#gatheredLength));
      this.#gathered = larger;
    }
    if (taken > 64) {
      this.#gathered.set(chunk.subarray(at, at + taken), this.#gatheredLength);
    } else {
      for (let index = 0; index < taken; index += 1) this.#gathered[this.#gatheredLength + index] = chunk[at + index]!;
    }
    this.#gatheredLength += taken;
    return taken;
  }

  #startFrame(bytes: Uint8Array, at: number): void {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    const streamId = ((bytes[at + 5]! & 0x7f) << 24) | (bytes[at + 6]! << 16) | (bytes[at + 7]! << 8) | bytes[at + 8]!;
    if (this.#isFirstFrame) {
      this.#isFirstFrame = false;
      // RFC 9113 §3.4. Whatever a server of another protocol sends is caught here too.
      if (type !== FrameType.SETTINGS || (flags & Flag.ACK) !== 0 || streamId !== 0) {
        throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, 'The peer did not begin with SETTINGS: it does not speak HTTP/2');
      }
    }
    if (length > this.#limits.maxFrameSize) {
      throw new ConnectionFault(
        ErrorCode.FRAME_SIZE_ERROR,
        `The peer sent a frame of ${length} octets; ${this.#limits.maxFrameSize} are allowed`,
      );
    }
    if (this.#assembly.isOpen && (type !== FrameType.CONTINUATION || streamId !== this.#assembly.streamId)) {
      throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, 'The peer sent another frame in the middle of a header block');
    }
    this.#length = length;
    this.#type = type;
    this.#flags = flags;
    this.#streamId = streamId;
    this.#place = IN_PAYLOAD;
    if (type === FrameType.DATA) {
      if (streamId === 0) throw onStreamZero('DATA');
      this.#padding = 0;
      if ((flags & Flag.PADDED) !== 0) {
        if (length === 0) throw frameSize('DATA');
        this.#place = IN_PAD_LENGTH;
      } else {
        this.#place = IN_DATA;
        this.#left = length;
        this.#handler.onDataStart(streamId, length, length, (flags & Flag.END_STREAM) !== 0);
      }
    }
  }

  #startPaddedData(padding: number): void {
    if (padding >= this.#length) throw paddingFault();
    this.#padding = padding;
    this.#left = this.#length - 1 - padding;
    this.#place = IN_DATA;
    this.#handler.onDataStart(this.#streamId, this.#length, this.#left, (this.#flags & Flag.END_STREAM) !== 0);
  }

  #endFrame(bytes: Uint8Array, start: number, end: number): void {
    const streamId = this.#streamId;
    const length = end - start;
    switch (this.#type) {
      case FrameType.HEADERS:
        this.#headers(bytes, start, end);
        break;
      case FrameType.CONTINUATION:
        this.#continuation(bytes, start, end);
        break;
      case FrameType.WINDOW_UPDATE:
        if (length !== 4) throw frameSize('WINDOW_UPDATE');
        this.#handler.onWindowUpdate(streamId, uint32(bytes, start) & 0x7fff_ffff);
        break;
      case FrameType.RST_STREAM:
        if (streamId === 0) throw onStreamZero('RST_STREAM');
        if (length !== 4) throw frameSize('RST_STREAM');
        this.#handler.onReset(streamId, uint32(bytes, start));
        break;
      case FrameType.SETTINGS:
        if (streamId !== 0) throw notOnStreamZero('SETTINGS');
        this.#settings(bytes, start, end);
        break;
      case FrameType.PING:
        if (streamId !== 0) throw notOnStreamZero('PING');
        if (length !== 8) throw frameSize('PING');
        this.#handler.onPing((this.#flags & Flag.ACK) !== 0, uint32(bytes, start), uint32(bytes, start + 4));
        break;
      case FrameType.GOAWAY:
        if (streamId !== 0) throw notOnStreamZero('GOAWAY');
        if (length < 8) throw frameSize('GOAWAY');
        this.#handler.onGoAway(uint32(bytes, start) & 0x7fff_ffff, uint32(bytes, start + 4), debugText(bytes, start + 8, end));
        break;
      case FrameType.PRIORITY:
        if (streamId === 0) throw onStreamZero('PRIORITY');
        this.#handler.onPriority(streamId, length !== 5);
        break;
      case FrameType.PUSH_PROMISE:
        // RFC 9113 §8.4: our first SETTINGS disable it, and nothing can be promised before the first request.
        throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, 'The peer sent PUSH_PROMISE although push is disabled');
      default:
        this.#handler.onUnknownFrame();
    }
  }

  #headers(bytes: Uint8Array, start: number, end: number): void {
    const streamId = this.#streamId;
    const flags = this.#flags;
    if (streamId === 0) throw onStreamZero('HEADERS');
    let from = start;
    let to = end;
    if ((flags & Flag.PADDED) !== 0) {
      if (from === to) throw frameSize('HEADERS');
      to -= bytes[from]!;
      from += 1;
      if (to < from) throw paddingFault();
    }
    if ((flags & Flag.PRIORITY) !== 0) {
      // Deprecated by RFC 9113 §5.3.2, and still 5 octets.
      from += 5;
      if (from > to) throw frameSize('HEADERS');
    }
    const endStream = (flags & Flag.END_STREAM) !== 0;
    if ((flags & Flag.END_HEADERS) !== 0) {
      this.#handler.onHeaderBlock(streamId, bytes, from, to, endStream);
      return;
    }
    this.#assembly.open(streamId, bytes, from, to, endStream);
  }

  #continuation(bytes: Uint8Array, start: number, end: number): void {
    const assembly = this.#assembly;
    if (!assembly.isOpen) throw new ConnectionFault(ErrorCode.PROTOCOL_ERROR, 'The peer sent CONTINUATION without HEADERS');
    assembly.append(bytes, start, end);
    if ((this.#flags & Flag.END_HEADERS) === 0) return;
    const streamId = assembly.streamId;
    const block = assembly.close();
    this.#handler.onHeaderBlock(streamId, block, 0, assembly.length, assembly.endsStream);
  }

  #settings(bytes: Uint8Array, start: number, end: number): void {
    if ((this.#flags & Flag.ACK) !== 0) {
      if (start !== end) throw frameSize('SETTINGS');
      this.#handler.onSettingsAcknowledgement();
      return;
    }
    if ((end - start) % 6 !== 0) throw frameSize('SETTINGS');
    for (let at = start; at < end; at += 6) this.#handler.onSetting((bytes[at]! << 8) | bytes[at + 1]!, uint32(bytes, at + 2));
    this.#handler.onSettingsEnd();
  }
}

function uint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0;
}

function onStreamZero(type: string): ConnectionFault {
  return new ConnectionFault(ErrorCode.PROTOCOL_ERROR, `The peer sent ${type} on stream 0`);
}

function notOnStreamZero(type: string): ConnectionFault {
  return new ConnectionFault(ErrorCode.PROTOCOL_ERROR, `The peer sent ${type} on a stream`);
}

function frameSize(type: string): ConnectionFault {
  return new ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, `The peer sent ${type} of a length that it can't have`);
}

function paddingFault(): ConnectionFault {
  return new ConnectionFault(ErrorCode.PROTOCOL_ERROR, 'The peer sent more padding than frame');
}

const longestDebugText = 200;

/** What the peer says beside the code of a GOAWAY (RFC 9113 §6.8), for people: the beginning of it, and printable ASCII alone. */
function debugText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let index = start; index < Math.min(end, start + longestDebugText); index += 1) {
    const octet = bytes[index]!;
    text += octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '?';
  }
  return text;
}
