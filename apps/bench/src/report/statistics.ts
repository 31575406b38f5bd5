/** The little arithmetic that all figures rest on. */

/** The middle value; of an even number of values, the mean of the two in the middle. @throws {RangeError} without values. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const upper = sorted[sorted.length >> 1];
  const lower = sorted[(sorted.length - 1) >> 1];
  if (upper === undefined || lower === undefined) throw new RangeError('There is no median of nothing.');
  return (lower + upper) / 2;
}

/** How far the values lie apart, as a part of their median: 0.1 means that the largest is 10 % of it above the smallest. */
export function spread(values: readonly number[]): number {
  const middle = median(values);
  return middle === 0 ? 0 : (Math.max(...values) - Math.min(...values)) / middle;
}

/**
 * How steeply points rise: the median of the slopes between all pairs of them (Theil and Sen). A single step, such as a heap
 * that is enlarged once, moves it little where a least-squares line would follow.
 *
 * @throws {RangeError} with fewer than two different `x`.
 */
export function slope(points: readonly (readonly [x: number, y: number])[]): number {
  const slopes: number[] = [];
  points.forEach(([x, y], index) => {
    for (const [laterX, laterY] of points.slice(index + 1)) if (laterX !== x) slopes.push((laterY - y) / (laterX - x));
  });
  if (slopes.length === 0) throw new RangeError('A slope needs points at two places at least.');
  return median(slopes);
}
