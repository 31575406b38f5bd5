/** Figures as people read them. */

const KIB = 1024;
const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** `0.08 ms`, `4.21 ms`, `381 ms`, `2.50 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  if (milliseconds >= 100) return `${milliseconds.toFixed(0)} ms`;
  return `${milliseconds.toFixed(2)} ms`;
}

/** `11 B`, `1.5 KiB`, `64.0 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= KIB && unit < BYTE_UNITS.length - 1) {
    value /= KIB;
    unit += 1;
  }
  return `${unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${BYTE_UNITS[unit] ?? ''}`;
}

/** `812.4 MiB/s`; nothing measurable yet is `-`. */
export function formatByteRate(bytes: number, milliseconds: number): string {
  return milliseconds > 0 ? `${formatBytes((bytes / milliseconds) * 1000)}/s` : '-';
}

/** `2,000`, whatever the locale. */
export function formatCount(count: number): string {
  return Math.round(count)
    .toString()
    .replaceAll(/\B(?=(?:\d{3})+$)/gu, ',');
}

/** The value below which this share (0 to 1) of the sorted values lies: nearest rank, so always one that was measured. */
export function percentile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const rank = Math.max(Math.ceil(share * sorted.length), 1);
  return sorted[rank - 1] ?? Number.NaN;
}
