/** How values are spread, on one line: the height of each mark is how many fell there. */

const HEIGHTS = { blocks: [...' ▁▂▃▄▅▆▇█'], plain: [...' .:-=+*#@'] };

/** `columns` buckets of equal width over the whole range of `sorted`. */
export function renderHistogram(sorted: readonly number[], columns: number, blocks: boolean): string {
  const low = sorted[0];
  const high = sorted.at(-1);
  if (low === undefined || high === undefined) return '';
  const counts = Array.from({ length: columns }, () => 0);
  for (const value of sorted) {
    const bucket = high === low ? 0 : Math.min(Math.floor(((value - low) / (high - low)) * columns), columns - 1);
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
  const heights = blocks ? HEIGHTS.blocks : HEIGHTS.plain;
  const most = Math.max(...counts);
  // Rounded up, so that one value among thousands is still seen.
  return counts.map((count) => heights[Math.ceil((count / most) * (heights.length - 1))] ?? ' ').join('');
}
