/** What the demo says first, for somebody who has never heard of it, and what it says last. */
import type { Terminal } from '@x/figures';
import type { Pictures } from './pictures.ts';

export function welcome({ style }: Terminal, version: string): string[] {
  return [
    `${style.strong('@x/client')}  an HTTP client for Node, on a network stack of its own  ${style.faint(`Node ${version}`)}`,
    '',
    '  This runs it on servers that it starts itself, on your machine alone: some 20 seconds.',
    `  ${style.strong('Bars')} show where the time of a request went; each begins where another ended.`,
    `  ${style.good('ok')}    is a claim that was checked just now; one that fails makes the run fail.`,
  ];
}

export function farewell({ style }: Terminal, pictures: Pictures | undefined): string[] {
  const next: readonly (readonly [string, string])[] = [
    ['npm start -- --help', 'run one of these alone, or make one fail'],
    ['npm start -- --svg DIR', 'write the waterfalls as pictures'],
    ['npx tsx apps/cli/src/bin.ts URL --timings', 'the same picture of a request of yours'],
    ['README.md, apps/docs', 'the client in ten lines, and the guides'],
  ];
  const width = Math.max(...next.map(([what]) => what.length));
  return [
    ...(pictures === undefined ? [] : ['', `  ${pictures.count} pictures in ${pictures.folder}`]),
    '',
    style.title('Where to go next'),
    ...next.map(([what, why]) => `  ${style.strong(what.padEnd(width))}  ${style.faint(why)}`),
  ];
}
