/** The demo: runs the jobs on servers of its own and checks what comes back. `npm start -- --help` tells the options. */
import { describeTerminal, formatDuration, type Waterfall } from '@x/figures';
import { startServer } from '@x/testbed';
import { readCommandLine, usage, type CommandLine } from './command-line.ts';
import { jobs } from './job-list.ts';
import { Pictures } from './pictures.ts';
import { Report } from './report.ts';
import { farewell, welcome } from './screens.ts';

const EXIT_CHECK_FAILED = 1;
const EXIT_USAGE = 2;

// `npm start | head` closes the pipe early: no reason for a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT_CHECK_FAILED);
});

async function run(options: CommandLine): Promise<void> {
  const started = performance.now();
  const pictures = options.svg === undefined ? undefined : new Pictures(options.svg);
  const keep = pictures === undefined ? undefined : (job: string, waterfall: Waterfall): void => pictures.keep(job, waterfall);
  const report = new Report(process.stdout, describeTerminal(process.stdout, process.env), keep);
  report.lines(welcome(report.terminal, process.version));

  await using plain = await startServer('site', { corruptBytes: options.corrupt });
  await using secure = await startServer('site', { corruptBytes: options.corrupt, tls: true, host: 'localhost' });
  for (const job of jobs) {
    if (options.only !== undefined && !options.only.includes(job.name)) continue;
    report.section(job.title, job.name);
    try {
      await job.run({ plain, secure, report, quick: options.quick });
    } catch (error) {
      report.check('the job ran to its end', false, error instanceof Error ? (error.stack ?? error.message) : error);
    }
  }
  report.summary(formatDuration(performance.now() - started));
  report.lines(farewell(report.terminal, pictures));
  // Set, not exited with: a program that has closed its client ends by itself, and this one shows it.
  process.exitCode = report.held ? 0 : EXIT_CHECK_FAILED;
}

function readOptions(): CommandLine | undefined {
  const names = jobs.map((job) => job.name);
  try {
    return readCommandLine(process.argv.slice(2), names);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${usage(jobs)}`);
    process.exitCode = EXIT_USAGE;
    return undefined;
  }
}

const options = readOptions();
if (options?.help === true) process.stdout.write(usage(jobs));
else if (options !== undefined) await run(options);
