/** The demo: runs the jobs on servers of its own and checks what comes back. `npm start -- --help` tells the options. */
import { startServer } from '@x/testbed';
import { readCommandLine, usage, type CommandLine } from './command-line.ts';
import { jobs } from './job-list.ts';
import { describeTerminal } from './render/terminal.ts';
import { formatDuration } from './render/units.ts';
import { Report } from './report.ts';

const EXIT_CHECK_FAILED = 1;
const EXIT_USAGE = 2;

// `npm start | head` closes the pipe early: no reason for a stack trace.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT_CHECK_FAILED);
});

async function run(options: CommandLine): Promise<void> {
  const started = performance.now();
  const report = new Report(process.stdout, describeTerminal(process.stdout, process.env));
  const { style } = report.terminal;
  report.line(`${style.strong('@x/client')} on local servers  ${style.faint(`Node ${process.version}`)}`);

  await using plain = await startServer('site', { corruptBytes: options.corrupt });
  await using secure = await startServer('site', { corruptBytes: options.corrupt, tls: true, host: 'localhost' });
  for (const job of jobs) {
    if (options.only !== undefined && !options.only.includes(job.name)) continue;
    report.section(job.title);
    try {
      await job.run({ plain, secure, report, quick: options.quick });
    } catch (error) {
      report.check('the job ran to its end', false, error instanceof Error ? (error.stack ?? error.message) : error);
    }
  }
  report.summary(formatDuration(performance.now() - started));
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
