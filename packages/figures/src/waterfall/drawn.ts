/** A waterfall as lines of text: all bars on one axis, so that what follows stands below and to the right of what it waited for. */
import { bar } from '../bar.ts';
import type { Style } from '../style.ts';
import type { Terminal } from '../terminal.ts';
import { formatDuration } from '../units.ts';
import { axisOf, type DrawnAttempt, type Span, type SpanKind, type Waterfall } from './waterfall.ts';

const INDENT = '  ';
const NARROWEST_LABEL = 11;
const FIGURE_WIDTH = 10;
const NARROWEST_AXIS = 10;

const kinds: readonly SpanKind[] = ['queued', 'dns', 'connect', 'proxy', 'tls', 'sent', 'first byte', 'download'];

/** For each attempt a heading, one line for each step, and one for the total. No line is wider than the terminal, whatever is in a label. */
export function drawWaterfall(waterfall: Waterfall, terminal: Terminal): string[] {
  const { start, end } = axisOf(waterfall);
  const longest = Math.max(NARROWEST_LABEL, ...waterfall.attempts.flatMap(({ spans }) => spans.map((span) => span.label.length + 1)));
  const fixed = INDENT.length + FIGURE_WIDTH + 1;
  const label = Math.max(Math.min(longest, Math.floor((terminal.width - fixed) * 0.45)), NARROWEST_LABEL);
  const room = Math.max(terminal.width - fixed - label, NARROWEST_AXIS);
  const columns = { label, room, scale: room / Math.max(end - start, Number.EPSILON), start };
  return waterfall.attempts.flatMap((attempt, index) => [
    ...(index === 0 ? [] : ['']),
    ...heading(attempt, terminal),
    ...attempt.spans.map((span) => line(span, columns, terminal)),
    total(attempt, columns, terminal.style),
  ]);
}

interface Columns {
  readonly label: number;
  readonly room: number;
  /** Columns for a millisecond. */
  readonly scale: number;
  readonly start: number;
}

function heading({ title, outcome }: DrawnAttempt, { style, width }: Terminal): string[] {
  const room = width - INDENT.length - (outcome === '' ? 0 : outcome.length + 2);
  const shown = title.length > room ? `${title.slice(0, Math.max(room - 1, 1))}…` : title;
  return [`${INDENT}${style.strong(shown)}${outcome === '' ? '' : `  ${style.faint(outcome)}`}`];
}

function line(span: Span, { label, room, scale, start }: Columns, { style, blocks }: Terminal): string {
  const name = fitted(span.label, label);
  // A bar that is only drawn because it is above 0 must not be pushed over the edge.
  const at = Math.max(Math.min(Math.round((span.start - start) * scale), room - 1), 0);
  const drawn = bar(Math.min((span.end - span.start) * scale, room - at), blocks);
  const colour = span.vain === undefined ? (style.bars[kinds.indexOf(span.kind) % style.bars.length] ?? style.strong) : style.faint;
  const figure = formatDuration(span.end - span.start).padStart(FIGURE_WIDTH);
  const shown = span.vain === undefined ? name : style.faint(name);
  const after = Math.max(room - at - drawn.length, 0);
  return `${INDENT}${shown}${beside(span.vain, at, colour(drawn), after, style)} ${figure}`;
}

function total({ start, end }: DrawnAttempt, { label, room }: Columns, style: Style): string {
  return INDENT + style.strong('total'.padEnd(label) + formatDuration(end - start).padStart(room + FIGURE_WIDTH + 1));
}

/** Why it was in vain stands behind the bar, or before it, where there is room. */
function beside(vain: string | undefined, before: number, drawn: string, after: number, style: Style): string {
  const needed = (vain?.length ?? 0) + 2;
  if (vain === undefined || Math.max(before, after) < needed) return `${' '.repeat(before)}${drawn}${' '.repeat(after)}`;
  if (after >= needed) return `${' '.repeat(before)}${drawn} ${style.faint(vain)}${' '.repeat(after - vain.length - 1)}`;
  return `${' '.repeat(before - vain.length - 1)}${style.faint(vain)} ${drawn}${' '.repeat(after)}`;
}

function fitted(text: string, width: number): string {
  return text.length < width ? text.padEnd(width) : `${text.slice(0, width - 2)}… `;
}
