/** Starts the processes of a run, pinned where that is possible, and sees to it that none outlives the bench. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';

/** Of util-linux; where it is missing, nothing is pinned. */
export const PINNING_PROGRAM = 'taskset';

const living = new Set<ChildProcess>();
let guarded = false;

/** Starts a program pinned to one core; with `core` null, wherever the system likes. */
export function startPinned(core: number | null, program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  guardExit();
  const [file, fullArgs] = core === null ? [program, args] : [PINNING_PROGRAM, ['--cpu-list', String(core), program, ...args]];
  // taskset replaces itself by the program, so signals and the exit code are the program's.
  const child = spawn(file, fullArgs, options);
  living.add(child);
  const forget = (): void => void living.delete(child);
  child.once('exit', forget);
  child.once('error', forget);
  return child;
}

/** Asks a process to end, waits until it has, and insists after five seconds. */
export async function stopProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const insist = setTimeout(() => child.kill('SIGKILL'), 5_000);
  await ended;
  clearTimeout(insist);
}

export interface CapturedRun {
  readonly core: number | null;
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Milliseconds after which the process is killed and the run has failed. */
  readonly timeout: number;
}

/**
 * Runs a program to its end and returns what it wrote to stdout.
 *
 * @throws {Error} with the end of stderr, or else of stdout, when it fails or hangs.
 */
export async function capture(run: CapturedRun): Promise<string> {
  const child = startPinned(run.core, run.program, run.args, {
    env: run.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(run.cwd === undefined ? {} : { cwd: run.cwd }),
  });
  let output = '';
  let complaints = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill('SIGKILL');
  }, run.timeout);
  try {
    // `close` comes after `exit`, when both pipes have been read to their end.
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (hung) throw new Error(`gave no result within ${Math.round(run.timeout / 1000)} s`);
    if (code !== 0) throw new Error((complaints.trim() || output.trim()).slice(-2_000) || `ended with ${code ?? signal}`);
    return output;
  } finally {
    clearTimeout(timer);
  }
}

/** What a measured process and its server get to see of the environment: enough to run, and no proxy, loader or option of ours. */
export function plainEnvironment(additions: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...additions };
  for (const name of ['PATH', 'HOME', 'TMPDIR', 'TEMP', 'SystemRoot', 'LD_LIBRARY_PATH']) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}

function guardExit(): void {
  if (guarded) return;
  guarded = true;
  process.once('exit', () => {
    // Not SIGKILL: the master of nginx needs the chance to take its worker with it.
    for (const child of living) child.kill('SIGTERM');
  });
  // Without a listener these signals would end the bench without its `exit` event.
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
}
