import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completions } from '../completions/completions.ts';
import { curlRows } from '../curl/curl-table.ts';
import { optionRows } from '../options/table.ts';
import { withTables } from './guide.ts';
import { helpText } from './help.ts';
import { manPage } from './man-page.ts';

const isThere = (program: string): boolean => {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

it('no two options have one name', () => {
  for (const rows of [optionRows, curlRows]) {
    const names = rows.flatMap(({ name, short, negated }) => [
      name,
      ...(short === undefined ? [] : [short]),
      ...(negated === undefined ? [] : [`no-${name}`]),
    ]);
    expect(new Set(names).size).toBe(names.length);
  }
});

it('help, manual and completions have every option', () => {
  for (const [what, text] of Object.entries({
    help: helpText(),
    man: manPage().replaceAll('\\-', '-'),
    ...Object.fromEntries(Object.entries(completions).map(([name, make]) => [name, make()])),
  })) {
    for (const { name } of optionRows)
      expect(text, `${what} of ${name}`).toMatch(new RegExp(what === 'fish' ? `-l ${name}\\b` : `--${name}\\b`, 'u'));
  }
});

it('help fits a terminal', () => {
  for (const line of helpText().split('\n')) expect(line.length).toBeLessThanOrEqual(100);
});

it('the guide is current', () => {
  const guide = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  // `npm --prefix apps/cli run guide` writes it anew.
  expect(withTables(guide)).toBe(guide);
});

describe('completions', () => {
  it.skipIf(!isThere('bash'))('are a program to bash, which completes with it', () => {
    const script = `${completions['bash']?.() ?? ''}\nCOMP_WORDS=(xhttp --pretty co); COMP_CWORD=2; _xhttp; echo "\${COMPREPLY[@]}"; COMP_WORDS=(xhttp --timi); COMP_CWORD=1; _xhttp; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })).toBe('colors\n--timings\n');
  });

  it.skipIf(!isThere('zsh'))('are a program to zsh', () => {
    expect(execFileSync('zsh', ['-n', '/dev/stdin'], { input: completions['zsh']?.() ?? '', encoding: 'utf8' })).toBe('');
  });

  it.skipIf(!isThere('fish'))('are a program to fish', () => {
    expect(execFileSync('fish', ['-n', '/dev/stdin'], { input: completions['fish']?.() ?? '', encoding: 'utf8' })).toBe('');
  });
});
