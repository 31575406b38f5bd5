/** `pnpm bench`: measures, prints, writes. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listing, readOptions, USAGE, UsageError, type Options } from './options.ts';
import { chart } from './report/chart.ts';
import { readmeSection, replaceBetweenMarkers } from './report/readme.ts';
import { parseReport, type Report, type ScenarioResult } from './report/report.ts';
import { judge, passes } from './report/targets.ts';
import { terminalHeading, terminalResult, terminalVerdicts } from './report/terminal.ts';
import { BENCH, compile } from './run/compile.ts';
import { coresHere } from './run/cores.ts';
import { runScenario } from './run/run-scenario.ts';
import { commitHere, machineHere, peerVersions, runtimeAt } from './run/runtime.ts';

const README = fileURLToPath(new URL('../../../README.md', import.meta.url));
/** More processes than this waiting for a core, and the figures say more about them than about us. */
const BUSY = 0.5;

async function main(): Promise<number> {
  // npm and pnpm change the directory to the package's; paths are meant from where the command was given.
  const options = readOptions(process.argv.slice(2), process.env['INIT_CWD'] ?? process.cwd());
  if (options.help || options.list) {
    process.stdout.write(options.help ? USAGE : `${listing()}\n`);
    return 0;
  }
  const measured = options.from.length === 0;
  const reports = measured ? [await measure(options)] : await readReports(options.from);
  if (!measured) reports.forEach(printReport);
  await writeOutputs(reports, options, measured);
  return exitCode(reports, options);
}

async function measure(options: Options): Promise<Report> {
  const runtime = runtimeAt(options.nodePath ?? process.execPath);
  const cores = coresHere();
  const header = {
    format: 1,
    date: new Date().toISOString(),
    commit: commitHere(),
    machine: machineHere(),
    node: runtime.version,
    cores,
    peers: peerVersions(runtime),
  } as const;
  process.stdout.write(`${terminalHeading({ ...header, scenarios: [] })}\n\n`);
  if (header.machine.loadBefore > BUSY) note('This machine is busy with something else: take the figures as noise.');
  if (cores.measured === null) note('Nothing can be pinned here: server and contenders share what cores there are.');
  const compiled = await compile();
  try {
    const scenarios: ScenarioResult[] = [];
    for (const scenario of options.scenarios) {
      const result = await runScenario(scenario, { compiled, cores, runtime, progress });
      progress('');
      process.stdout.write(`${terminalResult(result)}\n\n`);
      scenarios.push(result);
    }
    const report: Report = { ...header, scenarios };
    process.stdout.write(`${terminalVerdicts(judge(report))}\n`);
    return report;
  } finally {
    compiled.remove();
  }
}

function readReports(paths: readonly string[]): Promise<Report[]> {
  return Promise.all(paths.map(async (path) => parseReport(await readFile(path, 'utf8'))));
}

function printReport(report: Report): void {
  const parts = [terminalHeading(report), ...report.scenarios.map(terminalResult), terminalVerdicts(judge(report))];
  process.stdout.write(`${parts.join('\n\n')}\n`);
}

/** A measurement always leaves its report and chart behind; a report that is only shown, what was asked for. */
async function writeOutputs(reports: readonly Report[], options: Options, measured: boolean): Promise<void> {
  const standard = (extension: string): string | null =>
    measured ? join(BENCH, 'results', `node-${reports[0]?.node ?? 'unknown'}.${extension}`) : null;
  const json = options.json ?? standard('json');
  const svg = options.svg ?? standard('svg');
  const [only] = reports;
  if (json !== null && only !== undefined && reports.length === 1) await writeOutput(json, `${JSON.stringify(only, null, 2)}\n`);
  if (svg !== null) await writeOutput(svg, chart(reports));
  if (options.readme) {
    const link = options.svg === null ? null : relative(dirname(README), options.svg);
    const readme = await readFile(README, 'utf8');
    await writeOutput(README, replaceBetweenMarkers(readme, readmeSection(reports, link)));
  }
}

async function writeOutput(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  note(`Written: ${relative(process.env['INIT_CWD'] ?? process.cwd(), path)}`);
}

/** 1 when a contender failed, or when `--check` finds a target missed. */
function exitCode(reports: readonly Report[], options: Options): number {
  const failed = reports.some(({ scenarios }) => scenarios.some(({ contenders }) => contenders.some(({ failure }) => failure !== null)));
  const missed = options.check && !reports.every((report) => passes(judge(report)));
  return failed || missed ? 1 : 0;
}

/** One line that overwrites itself on a terminal; nothing elsewhere. */
function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[2K${line}`);
}

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    note(
      error instanceof UsageError
        ? `${error.message}\n\n${USAGE}`
        : error instanceof Error
          ? (error.stack ?? error.message)
          : String(error),
    );
    process.exitCode = error instanceof UsageError ? 2 : 1;
  },
);
