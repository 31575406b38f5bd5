/** What a client does when it is told nothing. The one table of it. */
import type { HeaderPair, Timeouts } from '@x/httpcore';

import { acceptEncoding } from '../../codings/codings.ts';
import { version } from './version.ts';

export interface ClientDefaults {
  /** Connect 10 s, read idle 120 s, write idle 60 s, pool 30 s. */
  readonly timeouts: Timeouts;
  /** Milliseconds over everything; `null` means no limit. */
  readonly total: number | null;
  /** Sent with every request that does not say otherwise. Names in lower case, as they travel over HTTP/2. */
  readonly headers: readonly HeaderPair[];
  /** The largest body, in bytes, that is read as a whole. */
  readonly maxResponseBytes: number;
}

export const clientDefaults: ClientDefaults = Object.freeze({
  timeouts: Object.freeze([10_000, 120_000, 60_000, 30_000] as const),
  total: null,
  headers: Object.freeze([
    Object.freeze(['accept', '*/*'] as const),
    Object.freeze(['accept-encoding', acceptEncoding] as const),
    Object.freeze(['user-agent', `x-client/${version}`] as const),
  ]),
  maxResponseBytes: 256 * 1024 * 1024,
});
