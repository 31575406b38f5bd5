/** What a client wrote, as lines that people can read: `HEADERS 1 END_STREAM :method=GET …`, `RST_STREAM 1 CANCEL`. */
import { Buffer } from 'node:buffer';

import { connectionPreface, errorName, Flag, FrameType } from '../../../src/protocol/http2/constants.ts';
import { ReferenceDecoder } from './reference-hpack.ts';

const typeNames = Object.keys(FrameType);

/** Of one connection: header blocks are decoded, by hpack.js, in their order. */
export class FrameLog {
  readonly #decoder = new ReferenceDecoder();
  #unread: Buffer = Buffer.alloc(0);
  #block: Buffer = Buffer.alloc(0);

  add(bytes: Uint8Array): void {
    this.#unread = Buffer.concat([this.#unread, bytes]);
  }

  /** The frames that have come since the last call. */
  take(): string[] {
    const frames: string[] = [];
    if (this.#unread.length >= 24 && this.#unread.subarray(0, 24).toString('latin1') === connectionPreface) {
      frames.push('PREFACE');
      this.#unread = this.#unread.subarray(24);
    }
    while (this.#unread.length >= 9) {
      const length = this.#unread.readUIntBE(0, 3);
      if (this.#unread.length < 9 + length) break;
      frames.push(this.#describe(this.#unread.subarray(0, 9 + length)));
      this.#unread = this.#unread.subarray(9 + length);
    }
    if (this.#unread.length > 0) frames.push(`UNFINISHED ${this.#unread.toString('hex')}`);
    return frames;
  }

  #describe(frame: Buffer): string {
    const type = frame[3]!;
    const flags = frame[4]!;
    const streamId = frame.readUInt32BE(5);
    const payload = frame.subarray(9);
    const parts: (string | number)[] = [typeNames[type] ?? `TYPE ${type}`];
    if (streamId !== 0) parts.push(streamId);
    switch (type) {
      case FrameType.SETTINGS:
        if ((flags & Flag.ACK) !== 0) parts.push('ACK');
        for (let at = 0; at < payload.length; at += 6) parts.push(`${payload.readUInt16BE(at)}=${payload.readUInt32BE(at + 2)}`);
        break;
      case FrameType.HEADERS:
      case FrameType.CONTINUATION:
        if (type === FrameType.HEADERS && (flags & Flag.END_STREAM) !== 0) parts.push('END_STREAM');
        this.#block = Buffer.concat([this.#block, payload]);
        if ((flags & Flag.END_HEADERS) === 0) {
          parts.push(`(${payload.length} octets, not the end)`);
        } else {
          parts.push(
            ...this.#decoder
              .decode(this.#block)
              .map(({ name, value, neverIndex }) => `${name}=${value}${neverIndex ? ' (never indexed)' : ''}`),
          );
          this.#block = Buffer.alloc(0);
        }
        break;
      case FrameType.DATA:
        if ((flags & Flag.END_STREAM) !== 0) parts.push('END_STREAM');
        parts.push(payload.length > 40 ? `(${payload.length} octets)` : JSON.stringify(payload.toString('latin1')));
        break;
      case FrameType.RST_STREAM:
        parts.push(errorName(payload.readUInt32BE(0)));
        break;
      case FrameType.GOAWAY:
        parts.push(payload.readUInt32BE(0), errorName(payload.readUInt32BE(4)));
        break;
      case FrameType.WINDOW_UPDATE:
        parts.push(payload.readUInt32BE(0));
        break;
      default:
        if ((flags & Flag.ACK) !== 0) parts.push('ACK');
        parts.push(payload.toString('hex'));
    }
    return parts.join(' ');
  }
}
