/** HTTP/2 frames as a server, good or bad, would send them (RFC 9113 §4.1, §6). Nothing is checked: that is the point. */

export const FrameType = {
  DATA: 0x0,
  HEADERS: 0x1,
  PRIORITY: 0x2,
  RST_STREAM: 0x3,
  SETTINGS: 0x4,
  PUSH_PROMISE: 0x5,
  PING: 0x6,
  GOAWAY: 0x7,
  WINDOW_UPDATE: 0x8,
  CONTINUATION: 0x9,
} as const;

export const FrameFlag = { ACK: 0x1, END_STREAM: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

/** RFC 9113 §6.5.2, RFC 8441 §3. */
export const SettingId = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
  ENABLE_CONNECT_PROTOCOL: 0x8,
} as const;

export type SettingName = keyof typeof SettingId;

const ERROR_NAMES = [
  'NO_ERROR',
  'PROTOCOL_ERROR',
  'INTERNAL_ERROR',
  'FLOW_CONTROL_ERROR',
  'SETTINGS_TIMEOUT',
  'STREAM_CLOSED',
  'FRAME_SIZE_ERROR',
  'REFUSED_STREAM',
  'CANCEL',
  'COMPRESSION_ERROR',
  'CONNECT_ERROR',
  'ENHANCE_YOUR_CALM',
  'INADEQUATE_SECURITY',
  'HTTP_1_1_REQUIRED',
] as const;

/** The error codes of RFC 9113 §7, by name. */
export type Http2ErrorName = (typeof ERROR_NAMES)[number];

export function errorCode(name: Http2ErrorName): number {
  return ERROR_NAMES.indexOf(name);
}

/** The name of an error code; of an unknown one, its number. */
export function errorName(code: number): string {
  return ERROR_NAMES[code] ?? String(code);
}

/** A header block, or the fields to make one of. */
export type Fields = readonly (readonly [name: string, value: string])[];

/** Any frame at all. Payloads that are text are Latin-1. */
export function frame(type: number, flags: number, streamId: number, payload: Uint8Array | string = ''): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const whole = Buffer.alloc(9 + bytes.length);
  whole.writeUIntBE(bytes.length, 0, 3);
  whole[3] = type;
  whole[4] = flags;
  whole.writeUInt32BE(streamId, 5);
  whole.set(bytes, 9);
  return whole;
}

export function settings(values: Readonly<Partial<Record<SettingName, number>>> = {}): Buffer {
  const entries = Object.entries(values) as [SettingName, number][];
  const payload = Buffer.alloc(entries.length * 6);
  entries.forEach(([name, value], index) => {
    payload.writeUInt16BE(SettingId[name], index * 6);
    payload.writeUInt32BE(value, index * 6 + 2);
  });
  return frame(FrameType.SETTINGS, 0, 0, payload);
}

export function settingsAcknowledgement(): Buffer {
  return frame(FrameType.SETTINGS, FrameFlag.ACK, 0);
}

export interface HeadersOptions {
  /** Default false. */
  readonly endStream?: boolean;
  /** False where CONTINUATION follows. Default true. */
  readonly endHeaders?: boolean;
}

export function headers(
  streamId: number,
  block: Fields | Uint8Array,
  { endStream = false, endHeaders = true }: HeadersOptions = {},
): Buffer {
  const flags = (endStream ? FrameFlag.END_STREAM : 0) | (endHeaders ? FrameFlag.END_HEADERS : 0);
  return frame(FrameType.HEADERS, flags, streamId, block instanceof Uint8Array ? block : literalBlock(block));
}

export function continuation(streamId: number, block: Fields | Uint8Array, endHeaders = true): Buffer {
  const bytes = block instanceof Uint8Array ? block : literalBlock(block);
  return frame(FrameType.CONTINUATION, endHeaders ? FrameFlag.END_HEADERS : 0, streamId, bytes);
}

export interface DataOptions {
  /** Default false. */
  readonly endStream?: boolean;
  /** Octets of padding; default none, which is not the same as 0. */
  readonly padding?: number;
}

export function data(streamId: number, payload: Uint8Array | string, { endStream = false, padding }: DataOptions = {}): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const flags = (endStream ? FrameFlag.END_STREAM : 0) | (padding === undefined ? 0 : FrameFlag.PADDED);
  const padded = padding === undefined ? bytes : Buffer.concat([Buffer.of(padding), bytes, Buffer.alloc(padding)]);
  return frame(FrameType.DATA, flags, streamId, padded);
}

export function resetStream(streamId: number, error: Http2ErrorName): Buffer {
  return frame(FrameType.RST_STREAM, 0, streamId, uint32(errorCode(error)));
}

export function ping(payload: Uint8Array | string = '12345678', acknowledges = false): Buffer {
  return frame(FrameType.PING, acknowledges ? FrameFlag.ACK : 0, 0, payload);
}

export function goAway(lastStreamId: number, error: Http2ErrorName = 'NO_ERROR', debugData = ''): Buffer {
  return frame(FrameType.GOAWAY, 0, 0, Buffer.concat([uint32(lastStreamId, errorCode(error)), Buffer.from(debugData, 'latin1')]));
}

export function windowUpdate(streamId: number, increment: number): Buffer {
  return frame(FrameType.WINDOW_UPDATE, 0, streamId, uint32(increment));
}

export function priority(streamId: number): Buffer {
  return frame(FrameType.PRIORITY, 0, streamId, Buffer.alloc(5));
}

/** A promise of a push that nobody asked for. */
export function pushPromise(streamId: number, promisedId: number, block: Fields): Buffer {
  return frame(FrameType.PUSH_PROMISE, FrameFlag.END_HEADERS, streamId, Buffer.concat([uint32(promisedId), literalBlock(block)]));
}

/** Fields as literals that touch no table and use no Huffman code (RFC 7541 §6.2.2). */
export function literalBlock(fields: Fields): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.of(0x00),
      integer(name.length),
      Buffer.from(name, 'latin1'),
      integer(value.length),
      Buffer.from(value, 'latin1'),
    ]),
  );
}

/** RFC 7541 §5.1 with a prefix of 7 bits, the eighth being 0. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const octets = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) octets.push((rest % 128) | 128);
  octets.push(rest);
  return Buffer.from(octets);
}

function uint32(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return bytes;
}
