import type { Timings } from '@x/client';
import type { Phase } from './waterfall.ts';

/** A response's timings in the order in which they happen. A proxy's handshake is shown only where there was one. */
export function timingPhases(timings: Timings): Phase[] {
  return [
    { label: 'queued', milliseconds: timings.queued },
    { label: 'dns', milliseconds: timings.dns },
    { label: 'connect', milliseconds: timings.connect },
    ...(timings.proxy === undefined ? [] : [{ label: 'proxy', milliseconds: timings.proxy }]),
    { label: 'tls', milliseconds: timings.tls },
    { label: 'sent', milliseconds: timings.sent },
    { label: 'first byte', milliseconds: timings.firstByte },
    { label: 'download', milliseconds: timings.download },
  ];
}
