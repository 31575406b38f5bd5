/** What is drawn of a call, for the demo, the command line and the documentation: text for a terminal, and SVG. */
export { bar } from './bar.ts';
export { renderComparison, type ComparedFigure } from './comparison.ts';
export { renderFigures, type Figure } from './figure-list.ts';
export { renderHistogram } from './histogram.ts';
export { renderProgress, type Progress } from './progress.ts';
export { colourStyle, plainStyle, visibleWidth, type Style } from './style.ts';
export { describeTerminal, type OutputStream, type Terminal } from './terminal.ts';
export { formatByteRate, formatBytes, formatCount, formatDuration, percentile } from './units.ts';
export { drawWaterfall } from './waterfall/drawn.ts';
export { waterfallOfAttempts } from './waterfall/of-attempts.ts';
export { waterfallPicture } from './waterfall/picture.ts';
export { TraceRecorder } from './waterfall/trace-recorder.ts';
export type { DrawnAttempt, Span, SpanKind, Waterfall } from './waterfall/waterfall.ts';
