/** What the doctor found, one line for each step: what it is, and which option or variable decided it. */
import type { Palette } from '../output/palette.ts';
import { columnsOf, oneLine } from '../output/printable.ts';

export type Health = 'good' | 'notice' | 'bad' | 'unknown';

export interface Finding {
  readonly step: string;
  readonly health: Health;
  readonly found: string;
  /** `--proxy`, `https_proxy`, or what holds when nobody says anything. */
  readonly decidedBy?: string | undefined;
  /** What to do about it. */
  readonly advice?: string | undefined;
}

const marks: Readonly<Record<Health, string>> = { good: 'ok', notice: '!', bad: '!!', unknown: '-' };
const STEP = 12;

export function shownFinding({ step, health, found, decidedBy, advice }: Finding, palette: Palette): string {
  const paint = { good: palette.good, notice: palette.notice, bad: palette.bad, unknown: palette.faint }[health];
  const mark = paint(marks[health].padEnd(3));
  const by = decidedBy === undefined ? '' : palette.faint(`  (${oneLine(decidedBy)})`);
  const text = oneLine(found);
  const lines = [`${mark} ${palette.strong(step)}${' '.repeat(Math.max(STEP - columnsOf(step), 1))}${text}${by}`];
  if (advice !== undefined) lines.push(`${' '.repeat(STEP + 4)}${palette.notice(oneLine(advice))}`);
  return `${lines.join('\n')}\n`;
}
