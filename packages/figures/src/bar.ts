/** Horizontal bars, to an eighth of a column where the terminal has the characters for it. */

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** A bar of `columns` (fractions allowed). Something is drawn for every value above 0. */
export function bar(columns: number, blocks: boolean): string {
  if (!(columns > 0)) return '';
  if (!blocks) return '#'.repeat(Math.max(Math.round(columns), 1));
  const eighths = Math.max(Math.round(columns * 8), 1);
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
