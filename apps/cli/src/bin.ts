#!/usr/bin/env node
/** The process around the program: its streams, its signals, its end. */
import { fstatSync } from 'node:fs';
import * as modules from 'node:module';
import { homedir } from 'node:os';
import { isatty } from 'node:tty';
import { Interruption, type InputKind, type Io } from './io.ts';

// Node 22.8 and later keep what they compiled: the second start is faster.
(modules as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();

const ending = new AbortController();

function interrupt(name: string, code: number): void {
  // Once more means now.
  if (ending.signal.aborted) process.exit(code);
  ending.abort(new Interruption(`Ended by ${name}`, code));
}

process.on('SIGINT', () => interrupt('SIGINT', 130));
process.on('SIGTERM', () => interrupt('SIGTERM', 143));
for (const output of [process.stdout, process.stderr]) {
  output.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    ending.abort(new Interruption('Nobody reads the output any more', 141));
  });
}

function inputKind(): InputKind {
  if (isatty(0)) return 'terminal';
  try {
    const found = fstatSync(0);
    return found.isFIFO() || found.isSocket() ? 'pipe' : found.isFile() ? 'file' : 'none';
  } catch {
    return 'none';
  }
}

const io: Io = {
  // Made when it is asked for: it costs.
  get stdin() {
    return process.stdin;
  },
  stdinKind: inputKind(),
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  home: homedir(),
  platform: process.platform,
  signal: ending.signal,
  askSecret: isatty(0) && isatty(2) ? async (question) => (await import('./ask-secret.ts')).askSecret(question) : undefined,
};

const { main } = await import('./main.ts');
const code = await main(process.argv.slice(2), io);
// Ended here, once all is written: an input that nobody reads and connections that say goodbye are nothing to wait for.
if (!ending.signal.aborted) await Promise.all([flushed(process.stdout), flushed(process.stderr)]);
process.exit(code);

/** Of pipes on Windows, and of what a slow reader has not taken yet. */
function flushed(output: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    if (output.writableLength === 0) resolve();
    else output.write('', () => resolve());
  });
}
