/** Frames as a server, good or bad, would send them (RFC 9113 §4.1, §6). Nothing is checked: that is the point. */
import { Buffer } from 'node:buffer';

import { Flag, FrameType } from '../../../src/protocol/http2/constants.ts';

export type Fields = readonly (readonly [name: string, value: string])[];

export function frame(type: number, flags: number, streamId: number, payload: Uint8Array | string = ''): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const header = Buffer.alloc(9);
  header.writeUIntBE(bytes.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(streamId, 5);
  return Buffer.concat([header, bytes]);
}

export function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}

export type SettingEntry = readonly [identifier: number, value: number];

export function settings(...entries: readonly SettingEntry[]): Buffer {
  const bytes = Buffer.alloc(entries.length * 6);
  entries.forEach(([identifier, value], index) => {
    bytes.writeUInt16BE(identifier, index * 6);
    bytes.writeUInt32BE(value, index * 6 + 2);
  });
  return frame(FrameType.SETTINGS, 0, 0, bytes);
}

export function settingsAcknowledgement(): Buffer {
  return frame(FrameType.SETTINGS, Flag.ACK, 0);
}

/** A header block of raw literals that touch no table. */
export function literals(fields: Fields): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.from([0x00]),
      integer(name.length, 7),
      Buffer.from(name, 'latin1'),
      integer(value.length, 7),
      Buffer.from(value, 'latin1'),
    ]),
  );
}

/** RFC 7541 §5.1, with the rest of the first octet 0. */
export function integer(value: number, prefixBits: number): Buffer {
  const most = 2 ** prefixBits - 1;
  if (value < most) return Buffer.from([value]);
  const octets = [most];
  let rest = value - most;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128);
  octets.push(rest);
  return Buffer.from(octets);
}

export interface HeadersOptions {
  readonly endStream?: boolean;
  readonly padding?: number;
  readonly priority?: boolean;
  readonly endHeaders?: boolean;
}

export function headers(streamId: number, block: Fields | Uint8Array, options: HeadersOptions = {}): Buffer {
  const { endStream = false, padding, priority = false, endHeaders = true } = options;
  const flags =
    (endStream ? Flag.END_STREAM : 0) |
    (endHeaders ? Flag.END_HEADERS : 0) |
    (padding === undefined ? 0 : Flag.PADDED) |
    (priority ? Flag.PRIORITY : 0);
  return frame(
    FrameType.HEADERS,
    flags,
    streamId,
    Buffer.concat([
      Buffer.from(padding === undefined ? [] : [padding]),
      Buffer.alloc(priority ? 5 : 0),
      block instanceof Uint8Array ? block : literals(block),
      Buffer.alloc(padding ?? 0),
    ]),
  );
}

export function continuation(streamId: number, block: Uint8Array, endHeaders = true): Buffer {
  return frame(FrameType.CONTINUATION, endHeaders ? Flag.END_HEADERS : 0, streamId, block);
}

export function data(
  streamId: number,
  payload: Uint8Array | string,
  options: { readonly endStream?: boolean; readonly padding?: number } = {},
): Buffer {
  const { endStream = false, padding } = options;
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const flags = (endStream ? Flag.END_STREAM : 0) | (padding === undefined ? 0 : Flag.PADDED);
  return frame(
    FrameType.DATA,
    flags,
    streamId,
    padding === undefined ? bytes : Buffer.concat([Buffer.from([padding]), bytes, Buffer.alloc(padding)]),
  );
}

export function reset(streamId: number, errorCode: number): Buffer {
  return frame(FrameType.RST_STREAM, 0, streamId, uint32(errorCode));
}

export function ping(high = 0, low = 0, isAcknowledgement = false): Buffer {
  return frame(FrameType.PING, isAcknowledgement ? Flag.ACK : 0, 0, uint32(high, low));
}

export function goAway(lastStreamId: number, errorCode = 0, debugData = ''): Buffer {
  return frame(FrameType.GOAWAY, 0, 0, Buffer.concat([uint32(lastStreamId, errorCode), Buffer.from(debugData)]));
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(FrameType.WINDOW_UPDATE, 0, streamId, uint32(increment));
}

export function priority(streamId: number, length = 5): Buffer {
  return frame(FrameType.PRIORITY, 0, streamId, Buffer.alloc(length));
}
