import { describe, expect, test } from 'vitest';
import { readmeSection, replaceBetweenMarkers } from './readme.ts';
import { SAMPLE_REPORT } from './sample-report.ts';

const readme = '# Title\n\n<!-- bench:start -->\nold figures\n<!-- bench:end -->\n\nThe end.\n';

describe('between the markers', () => {
  test('only the section is replaced', () => {
    expect(replaceBetweenMarkers(readme, 'new figures')).toBe(
      '# Title\n\n<!-- bench:start -->\n\nnew figures\n\n<!-- bench:end -->\n\nThe end.\n',
    );
  });

  test('doing it twice is doing it once', () => {
    const once = replaceBetweenMarkers(readme, 'new figures');
    expect(replaceBetweenMarkers(once, 'new figures')).toBe(once);
  });

  test('a dollar is a dollar', () => {
    expect(replaceBetweenMarkers(readme, '$& $1')).toContain('\n$& $1\n');
  });

  test.each(['# Title\n', '<!-- bench:end -->\n<!-- bench:start -->', `${readme}${readme}`])(
    'a README without its one pair is refused',
    (text) => {
      expect(() => replaceBetweenMarkers(text, 'x')).toThrow('The README');
    },
  );
});

describe('the section', () => {
  const section = readmeSection([SAMPLE_REPORT], 'apps/bench/chart.svg');

  test('shows the ratios of the small request and the CPU time of the rest', () => {
    expect(section).toContain('| h1-small | CPU µs | req/s | to floor | to undici | spread |');
    expect(section).toContain('| @x/httpcore dispatch | 12.0 | 166,667 | 1.20 × | 0.60 × | 25 % |');
    expect(section).toContain('| CPU per request | download, ms |');
    expect(section).toContain('| undici stream | 60.0 |');
  });

  test('says what was measured with what, and how to do it again', () => {
    for (const fact of [
      'Node 24.21.0',
      'undici 8.12.4',
      'nginx 1.22.1, on a core of its own',
      '2026-11-22',
      'pnpm bench',
      '](apps/bench/chart.svg)',
    ]) {
      expect(section).toContain(fact);
    }
  });

  test('has a part for each Node', () => {
    const both = readmeSection([SAMPLE_REPORT, { ...SAMPLE_REPORT, node: '20.20.2' }], null);
    expect(both).toContain('**Node 24.21.0**');
    expect(both).toContain('**Node 20.20.2**');
    expect(both).not.toContain('![');
  });
});
