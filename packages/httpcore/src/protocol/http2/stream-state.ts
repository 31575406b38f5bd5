/**
 * The states of a stream as a client sees them (RFC 9113 §5.1), in one table. Nobody else decides what may follow what.
 *
 *                                +--------+
 *                                |  idle  |
 *                                +--------+
 *                                     | send HEADERS
 *                                     v
 *                                +--------+
 *              send END_STREAM   |        |   receive END_STREAM
 *                 +--------------|  open  |--------------+
 *                 v              +--------+              v
 *           +-----------+             |            +-----------+
 *           |   half-   |             |            |   half-   |
 *           |  closed   |             | reset      |  closed   |
 *           |  (local)  |             | by either  |  (remote) |
 *           +-----------+             |            +-----------+
 *                 | receive END_STREAM|                  | send END_STREAM
 *                 | or reset          v                  | or reset
 *                 |              +--------+              |
 *                 +------------->| closed |<-------------+
 *                                +--------+
 *
 * The reserved states are not here: push is disabled, so no stream of the server's ever exists. What a frame on a closed
 * stream means depends on how it was closed; see `closed-streams.ts`.
 */

export const StreamState = {
  IDLE: 0,
  OPEN: 1,
  HALF_CLOSED_LOCAL: 2,
  HALF_CLOSED_REMOTE: 3,
  CLOSED: 4,
} as const;

/** What the table has instead of a state. */
export const Illegal = {
  /** We were about to break the protocol. */
  LOCAL: 5,
  /** Connection error PROTOCOL_ERROR: a frame on an idle stream. */
  CONNECTION_PROTOCOL_ERROR: 6,
  /** Stream error STREAM_CLOSED: the peer goes on after its END_STREAM. */
  STREAM_CLOSED: 7,
  /** A frame that may still be under way when a stream closes. */
  IGNORED: 8,
} as const;

export const StreamEvent = {
  SEND_HEADERS: 0,
  SEND_DATA: 1,
  SEND_END_STREAM: 2,
  SEND_RESET: 3,
  RECEIVE_HEADERS: 4,
  RECEIVE_DATA: 5,
  RECEIVE_END_STREAM: 6,
  RECEIVE_WINDOW_UPDATE: 7,
  RECEIVE_RESET: 8,
} as const;

const { OPEN, HALF_CLOSED_LOCAL, HALF_CLOSED_REMOTE, CLOSED } = StreamState;
const { LOCAL, CONNECTION_PROTOCOL_ERROR: BROKEN, STREAM_CLOSED: ENDED, IGNORED } = Illegal;
const eventCount = 9;

// prettier-ignore
const transitions: Uint8Array = Uint8Array.from([
  //                     send HEADERS  DATA               END_STREAM          RST     receive HEADERS      DATA                 END_STREAM           WINDOW_UPDATE        RST_STREAM
  /* idle               */ OPEN,       LOCAL,             LOCAL,              LOCAL,  BROKEN,              BROKEN,              BROKEN,              BROKEN,              BROKEN,
  /* open               */ OPEN,       OPEN,              HALF_CLOSED_LOCAL,  CLOSED, OPEN,                OPEN,                HALF_CLOSED_REMOTE,  OPEN,                CLOSED,
  /* half-closed local  */ LOCAL,      LOCAL,             LOCAL,              CLOSED, HALF_CLOSED_LOCAL,   HALF_CLOSED_LOCAL,   CLOSED,              HALF_CLOSED_LOCAL,   CLOSED,
  /* half-closed remote */ HALF_CLOSED_REMOTE, HALF_CLOSED_REMOTE, CLOSED,    CLOSED, ENDED,               ENDED,               ENDED,               HALF_CLOSED_REMOTE,  CLOSED,
  /* closed             */ LOCAL,      LOCAL,             LOCAL,              LOCAL,  ENDED,               ENDED,               ENDED,               IGNORED,             IGNORED,
]);

/** The state after `event`, or one of {@link Illegal}. SEND_HEADERS on an open stream are the trailers. */
export function transition(state: number, event: number): number {
  return transitions[state * eventCount + event]!;
}
