import { describe, expect, test } from 'vitest';
import { chart } from './chart.ts';
import { SAMPLE_REPORT, SMALL_RESULT, speedOf } from './sample-report.ts';

/** Widths of the bars, in the order in which they are drawn. */
function barWidths(svg: string): readonly number[] {
  return [...svg.matchAll(/<rect [^>]*width="([\d.]+)"/gu)].map(([, width]) => Number(width));
}

describe('the chart', () => {
  const svg = chart([{ ...SAMPLE_REPORT, scenarios: [SMALL_RESULT] }]);

  test('has a bar for everybody who was measured, the shortest first and in proportion', () => {
    const widths = barWidths(svg);
    expect(widths).toHaveLength(5);
    expect([...widths].sort((a, b) => a - b)).toEqual(widths);
    // 10 µs of the floor to 30 µs of undici's request.
    expect((widths[0] ?? 0) / (widths.at(-1) ?? 1)).toBeCloseTo(1 / 3, 2);
    expect(svg).not.toContain('got');
  });

  test('marks our own and the floor', () => {
    expect(svg).toContain('<text class="own" x="156" y="95" text-anchor="end">@x/httpcore dispatch</text>');
    expect(svg.match(/rect class="floor"/gu)).toHaveLength(1);
    expect(svg.match(/rect class="own"/gu)).toHaveLength(2);
  });

  test('is readable on dark backgrounds', () => {
    expect(svg).toContain('@media (prefers-color-scheme: dark)');
  });

  test('says which Node a panel is of when there are several', () => {
    const both = chart([SAMPLE_REPORT, { ...SAMPLE_REPORT, node: '20.20.2' }]);
    expect(both).toContain('h1-small · CPU µs · Node 24.21.0');
    expect(both).toContain('h1-small · CPU µs · Node 20.20.2');
    expect(svg).not.toContain('Node 24');
  });

  test('escapes what it is given', () => {
    const result = { ...SMALL_RESULT, summary: '<b> & "c"', contenders: [speedOf('client', 1)] };
    const drawn = chart([{ ...SAMPLE_REPORT, scenarios: [result] }]);
    expect(drawn).toContain('&lt;b&gt; &amp; &quot;c&quot;');
    expect(drawn).not.toContain('<b>');
  });

  test('of nothing is still an SVG', () => {
    expect(chart([{ ...SAMPLE_REPORT, scenarios: [] }])).toMatch(/^<svg .*<\/svg>\n$/su);
  });
});
