/** One line that tells how far a transfer is. */
import { bar } from './bar.ts';
import type { Terminal } from './terminal.ts';
import { formatByteRate, formatBytes } from './units.ts';

export interface Progress {
  readonly done: number;
  /** In bytes, like `done`; `undefined` when the other side does not tell. */
  readonly total: number | undefined;
  /** Since the start, in milliseconds. */
  readonly elapsed: number;
  /** Bytes that were there at the start, and say nothing of the rate. Default 0. */
  readonly from?: number;
}

const INDENT = '  ';

export function renderProgress(progress: Progress, terminal: Terminal): string {
  const { style, blocks } = terminal;
  const rate = formatByteRate(progress.done - (progress.from ?? 0), progress.elapsed).padStart(12);
  if (progress.total === undefined) return `${INDENT}${formatBytes(progress.done)}${rate}`;

  const share = progress.total === 0 ? 1 : Math.min(progress.done / progress.total, 1);
  const percent = `${Math.floor(share * 100)} %`.padStart(6);
  const amount = `${formatBytes(progress.done)} of ${formatBytes(progress.total)}`.padStart(22);
  const room = Math.max(terminal.width - INDENT.length - percent.length - amount.length - rate.length, 5);
  const filled = bar(share * room, blocks);
  const empty = (blocks ? '░' : '.').repeat(Math.max(room - filled.length, 0));
  return `${INDENT}${style.good(filled)}${style.faint(empty)}${percent}${amount}${rate}`;
}
