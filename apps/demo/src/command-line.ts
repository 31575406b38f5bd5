import { parseArgs } from 'node:util';

export interface CommandLine {
  readonly help: boolean;
  /** The server's downloads have one bit flipped: shows that a failing check is noticed. */
  readonly corrupt: boolean;
  /** Fewer requests where there are very many of them. */
  readonly quick: boolean;
  /** Names of jobs; `undefined` means all. */
  readonly only: readonly string[] | undefined;
  /** The folder to write the waterfalls to, as pictures. */
  readonly svg: string | undefined;
}

/** @throws {TypeError} an option or a job is not known. */
export function readCommandLine(words: readonly string[], jobNames: readonly string[]): CommandLine {
  const { values } = parseArgs({
    args: [...words],
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      corrupt: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      only: { type: 'string', multiple: true },
      svg: { type: 'string' },
    },
  });
  const unknown = values.only?.find((name) => !jobNames.includes(name));
  if (unknown !== undefined) throw new TypeError(`No job is named '${unknown}'; there are ${jobNames.join(', ')}`);
  return { help: values.help, corrupt: values.corrupt, quick: values.quick, only: values.only, svg: values.svg };
}

export function usage(jobs: readonly { readonly name: string; readonly title: string }[]): string {
  const width = Math.max(...jobs.map((job) => job.name.length));
  return [
    'npm start [-- options]',
    '',
    'Runs the main job of @x/client on servers of its own, on loopback, and checks every result.',
    'Exits with 0 only if every check held.',
    '',
    '  --only <job>   run this job alone; may be given several times',
    '  --corrupt      flip one bit of every download on the server: the run must fail',
    '  --quick        a tenth of the requests where there are very many of them',
    '  --svg <dir>    write each waterfall there as a picture too: <job>-<n>.svg',
    '  --help',
    '',
    'Jobs:',
    ...jobs.map((job) => `  ${job.name.padEnd(width)}  ${job.title}`),
    '',
  ].join('\n');
}
