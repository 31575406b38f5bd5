/** The program, without a process: words in, an exit code out. What a run does not need is not loaded. */
import { failureText } from './call/failure-text.ts';
import { exitCodeOf } from './exit-codes.ts';
import { Interruption, write, type Io } from './io.ts';
import { readWords } from './options/command-line.ts';
import { readSettings } from './options/settings.ts';
import { optionRows, type OptionValues } from './options/table.ts';
import { UsageError } from './usage-error.ts';

type Command = (argv: readonly string[], io: Io) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  curl: async (argv, io) => (await import('./curl/run-curl.ts')).runCurl(argv, io),
  doctor: async (argv, io) => (await import('./doctor/run-doctor.ts')).runDoctor(argv, io),
  completion: async (argv, io) => (await import('./completions/completions.ts')).printCompletions(argv, io),
  man: async (_, io) => print(io, (await import('./manual/man-page.ts')).manPage()),
  session: async (argv, io) => (await import('./sessions/session-command.ts')).runSessionCommand(argv, io),
  help: async (_, io) => print(io, (await import('./manual/help.ts')).helpText()),
};

/** Runs a command line to its end. Never throws: what failed is told on standard error, and by the exit code. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  try {
    const [first = '', ...rest] = argv;
    const command = Object.hasOwn(commands, first) ? commands[first] : undefined;
    return await (command === undefined ? request(argv, io) : command(rest, io));
  } catch (error) {
    const code = exitCodeOf(error, io.signal);
    // Whoever ended it knows that; where nobody reads any more, nobody is told.
    if (!io.signal.aborted && !(error instanceof Interruption)) tell(error, io);
    return code;
  }
}

async function request(argv: readonly string[], io: Io): Promise<number> {
  const { values: given, words } = readWords(optionRows, argv);
  if (given['help'] === true || argv.length === 0) return print(io, (await import('./manual/help.ts')).helpText());
  if (given['version'] === true) return print(io, (await import('./manual/versions.ts')).versions());
  const { values } = await readSettings(given, io);
  const { planOfItems } = await import('./plan/of-items.ts');
  return run(await planOfItems(words, values, io), values, io);
}

async function run(plan: Parameters<typeof import('./call/run-call.ts').runCall>[0], options: OptionValues, io: Io): Promise<number> {
  if (options.curl === true || options.offline === true) return (await import('./call/show-request.ts')).showRequests(plan, options, io);
  if (options.repeat !== undefined || options.concurrency !== undefined)
    return (await import('./repeat/run-repeated.ts')).runRepeated(plan, options, io);
  if (options.download === true) return (await import('./download/run-downloads.ts')).runDownloads(plan, options, io);
  if (options.digest !== undefined || options.resume === true) throw new UsageError('--digest and --resume are for --download');
  return (await import('./call/run-call.ts')).runCall(plan, options, io);
}

async function print(io: Io, text: string): Promise<number> {
  await write(io, io.stdout, text);
  return 0;
}

function tell(error: unknown, io: Io): void {
  io.stderr.write(`${failureText(error)}\n`);
  if (error instanceof Error && io.env['XHTTP_DEBUG'] !== undefined) io.stderr.write(`${error.stack ?? ''}\n`);
}
