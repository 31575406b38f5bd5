import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseReport } from '../../src/report/report.ts';
import { SAMPLE_REPORT, SMALL_RESULT, speedOf } from '../../src/report/sample-report.ts';
import { cpuMicros } from '../../src/report/summary.ts';
import { BENCH } from '../../src/run/compile.ts';

const run = promisify(execFile);
let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bench-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

async function bench(...args: readonly string[]): Promise<{ readonly stdout: string; readonly stderr: string }> {
  return run(process.execPath, ['--import', 'tsx', join(BENCH, 'src/main.ts'), ...args], { env: { ...process.env, INIT_CWD: directory } });
}

test('a run measures, prints and writes a report that can be shown again', async () => {
  const limits = [
    '--scenario',
    'h1-small-tls,import,memory',
    '--contender',
    'raw-socket,dispatch,client',
    '--rounds',
    '1',
    '--requests',
    '200',
  ];
  const { stdout } = await bench(...limits, '--json', 'out.json', '--svg', 'out.svg');
  expect(stdout).toMatch(/raw socket loop +[\d.]+/u);
  expect(stdout).toMatch(/@x\/client +[\d.]+/u);

  const report = parseReport(await readFile(join(directory, 'out.json'), 'utf8'));
  expect(report.scenarios.map(({ id, contenders }) => [id, contenders.length])).toEqual([
    ['h1-small-tls', 3],
    ['import', 2],
    ['memory', 1],
  ]);
  for (const result of report.scenarios) {
    for (const contender of result.contenders) {
      expect(contender.failure).toBeNull();
      const [seen] = 'measurements' in contender ? contender.measurements : contender.samples.slice(-1);
      expect(seen?.requests).toBe(result.id === 'import' ? 1 : 200);
      if ('measurements' in contender) expect(Math.min(...contender.measurements.map(cpuMicros))).toBeGreaterThan(0);
    }
  }
  expect(await readFile(join(directory, 'out.svg'), 'utf8')).toContain('@x/httpcore dispatch');

  const again = await bench('--from', 'out.json');
  expect(again.stdout).toContain('h1-small-tls');
}, 240_000);

test('a mistake on the command line is told, with exit code 2', async () => {
  await expect(bench('--scenario', 'nothing')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringContaining('There is no scenario') as string,
  });
});

test('a check fails when a target is missed, and a report with a failure always does', async () => {
  const others = SMALL_RESULT.contenders.filter(({ failure, contender }) => failure === null && contender.id !== 'dispatch');
  const write = (name: string, contenders: typeof others): Promise<void> =>
    writeFile(join(directory, name), JSON.stringify({ ...SAMPLE_REPORT, scenarios: [{ ...SMALL_RESULT, contenders }] }));
  await write('good.json', [...others, speedOf('dispatch', 16)]);
  await write('bad.json', [...others, speedOf('dispatch', 18)]);
  await write('broken.json', [...SMALL_RESULT.contenders]);

  await expect(bench('--from', 'good.json', '--check')).resolves.toMatchObject({ stdout: expect.stringContaining('reached') as string });
  await expect(bench('--from', 'bad.json')).resolves.toMatchObject({ stdout: expect.stringContaining('MISSED') as string });
  await expect(bench('--from', 'bad.json', '--check')).rejects.toMatchObject({ code: 1 });
  await expect(bench('--from', 'broken.json')).rejects.toMatchObject({ code: 1 });
});
