/** Figures of many measurements. Pure: what was measured comes in, lines go out. */
import { bar, formatCount, formatDuration, percentile, type Terminal } from '@x/figures';

const BUCKETS = 12;
const SHARES: readonly (readonly [label: string, share: number])[] = [
  ['50 %', 0.5],
  ['75 %', 0.75],
  ['90 %', 0.9],
  ['95 %', 0.95],
  ['99 %', 0.99],
  ['99.9 %', 0.999],
];

export interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/**
 * Buckets of equal width up to the 99th percentile, and one for all beyond: one slow request in a thousand must not press all others into a single line.
 * @param sorted Ascending.
 */
export function bucketsOf(sorted: readonly number[]): Bucket[] {
  const low = sorted[0];
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) return [];
  const usual = sorted.length < 100 ? high : percentile(sorted, 0.99);
  if (usual <= low) return [{ from: low, to: high, count: sorted.length }];
  const width = (usual - low) / BUCKETS;
  const counts = Array.from({ length: BUCKETS }, () => 0);
  let beyond = 0;
  for (const value of sorted) {
    if (value > usual) beyond += 1;
    else counts[Math.min(Math.floor((value - low) / width), BUCKETS - 1)]! += 1;
  }
  const buckets = counts.map((count, index) => ({ from: low + index * width, to: low + (index + 1) * width, count }));
  return beyond === 0 ? buckets : [...buckets, { from: usual, to: high, count: beyond }];
}

export function drawLatencies(sorted: readonly number[], { width, blocks, style }: Terminal): string[] {
  const buckets = bucketsOf(sorted);
  if (buckets.length === 0) return [];
  const most = Math.max(...buckets.map(({ count }) => count));
  const figures = buckets.map(({ to }) => formatDuration(to));
  const label = Math.max(...figures.map((figure) => figure.length));
  const counted = formatCount(most).length;
  const room = Math.max(width - label - counted - 9, 8);
  const lines = buckets.map(
    ({ count }, index) =>
      `  ≤ ${(figures[index] ?? '').padStart(label)}  ${formatCount(count).padStart(counted)}  ${style.good(bar((count / most) * room, blocks))}`,
  );
  const shares = SHARES.filter(([, share]) => share <= 0.99 || sorted.length >= 1_000).map(
    ([name, share]) => `  ${name.padStart(6)}  ${formatDuration(percentile(sorted, share)).padStart(10)}`,
  );
  return [...lines, '', ...shares];
}
