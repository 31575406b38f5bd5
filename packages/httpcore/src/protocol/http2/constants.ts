/** The numbers of RFC 9113. */

/** Frame types (RFC 9113 §6). */
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

/** Frame flags; the same bit means different things on different types. */
export const Flag = {
  ACK: 0x1,
  END_STREAM: 0x1,
  END_HEADERS: 0x4,
  PADDED: 0x8,
  PRIORITY: 0x20,
} as const;

/** Settings (RFC 9113 §6.5.2, RFC 8441 §3, RFC 9218 §2.1). */
export const Setting = {
  HEADER_TABLE_SIZE: 0x1,
  ENABLE_PUSH: 0x2,
  MAX_CONCURRENT_STREAMS: 0x3,
  INITIAL_WINDOW_SIZE: 0x4,
  MAX_FRAME_SIZE: 0x5,
  MAX_HEADER_LIST_SIZE: 0x6,
  ENABLE_CONNECT_PROTOCOL: 0x8,
  NO_RFC7540_PRIORITIES: 0x9,
} as const;

/** Error codes (RFC 9113 §7). */
export const ErrorCode = {
  NO_ERROR: 0x0,
  PROTOCOL_ERROR: 0x1,
  INTERNAL_ERROR: 0x2,
  FLOW_CONTROL_ERROR: 0x3,
  SETTINGS_TIMEOUT: 0x4,
  STREAM_CLOSED: 0x5,
  FRAME_SIZE_ERROR: 0x6,
  REFUSED_STREAM: 0x7,
  CANCEL: 0x8,
  COMPRESSION_ERROR: 0x9,
  CONNECT_ERROR: 0xa,
  ENHANCE_YOUR_CALM: 0xb,
  INADEQUATE_SECURITY: 0xc,
  HTTP_1_1_REQUIRED: 0xd,
} as const;

const errorNames: readonly string[] = Object.keys(ErrorCode);

/** The name of RFC 9113 §7; an unknown code is treated as INTERNAL_ERROR, as that section allows. */
export function errorName(code: number): string {
  return errorNames[code] ?? 'INTERNAL_ERROR';
}

export const frameHeaderLength = 9;
/** What every endpoint must accept (RFC 9113 §4.2), and what holds before SETTINGS say otherwise. */
export const minimumMaxFrameSize = 16_384;
export const maximumMaxFrameSize = 16_777_215;
/** Of streams and of the connection, before anything changes it (RFC 9113 §6.9.2). */
export const defaultWindow = 65_535;
/** RFC 9113 §6.9.1: a window above this is a FLOW_CONTROL_ERROR. */
export const maximumWindow = 2_147_483_647;
/** RFC 9113 §6.5.2: no server should allow fewer. */
export const recommendedMaxConcurrentStreams = 100;
export const maximumStreamId = 2_147_483_647;
export const defaultHeaderTableSize = 4_096;
/** RFC 9113 §3.4. */
export const connectionPreface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
