/** The process of a server by another hand, which never outlives this one. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { findProgram } from './installed-program.ts';

/** How often a port that was free a moment ago may turn out to be taken. */
const MAX_ATTEMPTS = 10;
/** Milliseconds that a server may take to come up, and to end. */
const PATIENCE = 30_000;
const KNOCK_INTERVAL = 10;
const KEPT_OUTPUT = 64 * 1024;

const living = new Set<ChildProcess>();
let isGuarded = false;

export interface PeerCommand {
  readonly program: string;
  readonly args: readonly string[];
  /** What it writes, on stdout or stderr, once it listens. */
  readonly ready: RegExp;
  /** What it writes when its port is taken. */
  readonly taken: RegExp;
  /** It says so a moment before it does, and is knocked at until it opens. Default false. */
  readonly opensLate?: boolean;
  /** Whose process it is from the start. Default: who started this one. */
  readonly owner?: { readonly uid: number; readonly gid: number };
}

export interface PeerProcess {
  readonly port: number;
  /** The last 64 KiB of what it wrote. */
  readonly output: () => string;
  /** Tells it something, such as to read its files again. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it and waits until it has ended. Idempotent. */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

/** Starts what `command` makes of a port that is free, and of another one if somebody was faster. @throws {Error} with its words. */
export async function startPeerProcess(command: (port: number) => PeerCommand | Promise<PeerCommand>): Promise<PeerProcess> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const { program, args, ready, taken, opensLate = false, owner } = await command(port);
    const child = spawn(...mortal(program, args), { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] }, ...owner });
    const log = new OutputLog(child);
    guard(child);
    try {
      await log.shows(ready);
      if (opensLate) await opens(port);
      return { port, output: () => log.text, signal: (signal) => void child.kill(signal), stop: (signal) => stopChild(child, signal) };
    } catch (error) {
      await stopChild(child);
      if (!taken.test(log.text) || attempt === MAX_ATTEMPTS) {
        throw new Error(`${program} did not come up: ${log.text.trim() || (error as Error).message}`, { cause: error });
      }
    }
  }
}

/** For paths in the configuration of programs, of which some can not be told of a space. */
const plainFolder = /^[\w./-]+$/u.test(tmpdir()) ? tmpdir() : '/tmp';

/** A temporary folder that is removed with the server that uses it. */
export async function temporaryFolder(name: string): Promise<{ readonly path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(plainFolder, `testbed-${name}-`));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

class OutputLog {
  text = '';
  readonly #child: ChildProcess;
  #onText: () => void = () => {};

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.text = (this.text + text).slice(-KEPT_OUTPUT);
        this.#onText();
      });
    }
  }

  /** Resolves when the output has it; rejects when the process ends before, or takes too long. */
  async shows(pattern: RegExp): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#onText = () => {
          if (pattern.test(this.text)) resolve();
        };
        // `close` comes when all of the output was read.
        this.#child.once('close', (code, signal) => reject(new Error(`it ended with ${code ?? signal}`)));
        this.#child.once('error', reject);
        timer = setTimeout(() => reject(new Error(`no sign of it in ${PATIENCE} ms`)), PATIENCE);
      });
    } finally {
      clearTimeout(timer);
      this.#onText = () => {};
    }
  }
}

async function stopChild(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const closed = once(child, 'close');
  child.kill(signal);
  const insist = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  await closed;
  clearTimeout(insist);
}

/** The system ends it when this process is gone, however it went; where there is no such program, `guard` has to do. */
export function mortal(program: string, args: readonly string[]): [program: string, args: readonly string[]] {
  const setpriv = findProgram('setpriv');
  return setpriv === undefined ? [program, args] : [setpriv, ['--pdeathsig', 'TERM', '--', program, ...args]];
}

function guard(child: ChildProcess): void {
  living.add(child);
  child.once('exit', () => living.delete(child));
  child.once('error', () => living.delete(child));
  if (isGuarded) return;
  isGuarded = true;
  process.once('exit', () => {
    // Not SIGKILL: the master of nginx needs the chance to take its workers with it.
    for (const each of living) each.kill('SIGTERM');
  });
}

async function opens(port: number): Promise<void> {
  const givesUp = performance.now() + PATIENCE;
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return;
    } catch (error) {
      if (performance.now() > givesUp) throw error;
    } finally {
      socket.destroy();
    }
    await pause(KNOCK_INTERVAL);
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
