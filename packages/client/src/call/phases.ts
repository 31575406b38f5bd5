/** From the moments of an attempt to its phases. Pure. */
import type { DialTimings } from '@x/httpcore';

/** In milliseconds of one clock; `undefined` where it did not come to that. */
export interface Moments {
  readonly started: number;
  /** Given to the pool. */
  readonly queued: number | undefined;
  /** Given a connection. */
  readonly assigned: number | undefined;
  readonly sent: number | undefined;
  readonly firstByte: number | undefined;
  readonly ended: number | undefined;
}

/** How a connection was come by: made for this attempt, or there already. */
export interface Dialled {
  /** `undefined`: it never got one. */
  readonly reused: boolean | undefined;
  readonly steps: DialTimings | undefined;
}

/** Milliseconds each. */
export interface Phases {
  readonly queued: number | undefined;
  readonly dns: number | undefined;
  readonly connect: number | undefined;
  readonly proxy: number | undefined;
  readonly tls: number | undefined;
  readonly sent: number | undefined;
  readonly firstByte: number | undefined;
  readonly download: number | undefined;
  readonly total: number;
}

/**
 *     queued ─┬─────────┬─────┬─────────┬───────┬─────┐ assigned ──────┐ sent ───────────┐ first byte ──────┐ ended
 *             │ queued  │ dns │ connect │ proxy │ tls │      sent      │    firstByte    │     download     │
 *
 * What of making a connection lies before the attempt, since it was begun for another, is not counted; and what is answered before all of it
 * is sent was sent until then.
 */
export function phasesOf(moments: Moments, { reused, steps }: Dialled, now: number): Phases {
  const { queued, assigned, firstByte } = moments;
  const start = queued ?? moments.started;
  const end = moments.ended ?? now;
  const dial = reused === true ? undefined : steps;
  // Without a connection it waited to its end.
  const waitedTo = reused === undefined && queued !== undefined ? end : assigned;
  const sent = firstByte !== undefined && !(moments.sent !== undefined && moments.sent <= firstByte) ? firstByte : moments.sent;
  const step = (from: number | undefined, to: number | undefined): number | undefined => between(latest(from, start), to);
  return {
    queued: lessDialling(between(start, waitedTo), between(latest(dial?.start, start), earliest(dial?.end, waitedTo))),
    dns: step(dial?.dnsStart, dial?.dnsEnd),
    connect: step(dial?.connectStart, dial?.connectEnd),
    proxy: step(dial?.proxyStart, dial?.proxyEnd),
    tls: step(dial?.tlsStart, dial?.tlsEnd),
    sent: between(assigned, sent),
    firstByte: between(sent, firstByte),
    download: between(firstByte, moments.ended),
    total: end - start,
  };
}

function between(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Math.max(0, to - from);
}

function latest(moment: number | undefined, start: number): number | undefined {
  return moment === undefined ? undefined : Math.max(moment, start);
}

function earliest(moment: number | undefined, end: number | undefined): number | undefined {
  return moment === undefined || end === undefined ? undefined : Math.min(moment, end);
}

function lessDialling(waited: number | undefined, dialled: number | undefined): number | undefined {
  return waited === undefined ? undefined : Math.max(0, waited - (dialled ?? 0));
}
