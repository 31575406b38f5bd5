/** Spans as a tree: what is below what, when it was under way, and for how long. */
import { bar, formatDuration, type Terminal } from '@x/figures';

export interface ShownSpan {
  readonly id: string;
  readonly parent: string | undefined;
  readonly label: string;
  /** Milliseconds on one clock. */
  readonly start: number;
  readonly end: number;
}

const INDENT = '  ';
const LABEL_WIDTH = 44;
const FIGURE_WIDTH = 10;

/** One line for each span, in the order of their beginnings below the span that they belong to. */
export function renderTraceTree(spans: readonly ShownSpan[], { width, style, blocks }: Terminal): string[] {
  const start = Math.min(...spans.map((span) => span.start));
  const whole = Math.max(...spans.map((span) => span.end)) - start;
  const room = Math.max(width - INDENT.length - LABEL_WIDTH - FIGURE_WIDTH - 2, 8);
  const columns = (milliseconds: number): number => (milliseconds / Math.max(whole, Number.EPSILON)) * room;
  return treeLines(spans).map(({ label, span }, index) => {
    const at = Math.min(Math.round(columns(span.start - start)), room - 1);
    const drawn = bar(Math.min(columns(span.end - span.start), room - at), blocks);
    const colour = style.bars[index % style.bars.length] ?? style.strong;
    const figure = formatDuration(span.end - span.start).padStart(FIGURE_WIDTH);
    return `${INDENT}${label.padEnd(LABEL_WIDTH)} ${' '.repeat(at)}${colour(drawn)}${' '.repeat(room - at - drawn.length)} ${figure}`;
  });
}

interface Line {
  readonly label: string;
  readonly span: ShownSpan;
}

function treeLines(spans: readonly ShownSpan[]): Line[] {
  const ids = new Set(spans.map(({ id }) => id));
  const childrenOf = (id: string): ShownSpan[] =>
    spans.filter(({ parent }) => parent === id).toSorted((one, other) => one.start - other.start);
  const branch = (span: ShownSpan, prefix: string, own: string): Line[] => {
    const children = childrenOf(span.id);
    return [
      { label: own + span.label, span },
      ...children.flatMap((child, index) => {
        const isLast = index + 1 === children.length;
        return branch(child, prefix + (isLast ? '   ' : '│  '), prefix + (isLast ? '└─ ' : '├─ '));
      }),
    ];
  };
  const tops = spans.filter(({ parent }) => parent === undefined || !ids.has(parent));
  return tops.toSorted((one, other) => one.start - other.start).flatMap((top) => branch(top, '', ''));
}
