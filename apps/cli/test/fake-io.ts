/** Surroundings of a test: what goes in is said, what comes out is kept. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { onTestFinished } from 'vitest';
import type { InputKind, Io, Output } from '../src/io.ts';
import { main } from '../src/main.ts';

export interface Surroundings {
  readonly input?: string | AsyncIterable<Uint8Array | string>;
  readonly inputKind?: InputKind;
  /** A terminal of so many columns on both outputs. */
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly signal?: AbortSignal;
  readonly onOutput?: (text: string) => void;
}

export interface Ran {
  readonly code: number;
  readonly bytes: Buffer;
  /** Without colours. */
  readonly output: string;
  readonly coloured: string;
  readonly errors: string;
}

class Kept implements Output {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
  readonly chunks: Buffer[] = [];
  readonly #tell: ((text: string) => void) | undefined;

  constructor(columns: number | undefined, tell?: (text: string) => void) {
    this.isTTY = columns !== undefined;
    this.columns = columns;
    this.#tell = tell;
  }

  write(chunk: string | Uint8Array): boolean {
    this.chunks.push(Buffer.from(chunk as Uint8Array));
    this.#tell?.(Buffer.from(chunk as Uint8Array).toString());
    return true;
  }

  once(): void {}

  get text(): string {
    return Buffer.concat(this.chunks).toString();
  }
}

async function* inOnePiece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

/** A folder of its own, for whoever writes files. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'xhttp-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function xhttp(argv: readonly string[], given: Surroundings = {}): Promise<Ran> {
  const stdout = new Kept(given.columns, given.onOutput);
  const stderr = new Kept(given.columns);
  const { input } = given;
  const cwd = given.cwd ?? '/nonexistent';
  const io: Io = {
    stdin: input === undefined ? inOnePiece('') : typeof input === 'string' ? inOnePiece(input) : input,
    stdinKind: given.inputKind ?? (input === undefined ? 'none' : 'pipe'),
    stdout,
    stderr,
    env: { TERM: 'xterm', ...given.env },
    cwd,
    home: cwd,
    platform: process.platform,
    signal: given.signal ?? new AbortController().signal,
  };
  const code = await main(argv, io);
  const coloured = stdout.text;
  return {
    code,
    bytes: Buffer.concat(stdout.chunks),
    coloured,
    output: stripVTControlCharacters(coloured),
    errors: stripVTControlCharacters(stderr.text),
  };
}
