// Runs a command under another version of Node when its arguments say `--node <version>`, else under this one:
//
//   tsx tools/src/runtimes/with-node.ts vitest run --node 24 packages/httpcore

import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { findPinnedNode, installNode, pathWith } from './node-runtime.ts';

export interface Invocation {
  readonly node: string | undefined;
  readonly command: string;
  readonly args: readonly string[];
}

/** Takes `--node <version>` or `--node=<version>` out of a command line. @throws Error when the version or the command is missing */
export function parseInvocation(commandLine: readonly string[]): Invocation {
  const rest = [...commandLine];
  let node: string | undefined;
  const index = rest.findIndex((argument) => argument === '--node' || argument.startsWith('--node='));
  if (index !== -1) {
    const [flag = '', next] = rest.slice(index);
    node = flag === '--node' ? next : flag.slice('--node='.length);
    if (node === undefined || !/^\d+(\.\d+){0,2}$/.test(node)) throw new Error('--node needs a version: --node 24');
    rest.splice(index, flag === '--node' ? 2 : 1);
  }
  const [command, ...args] = rest;
  if (command === undefined) throw new Error('Say which command to run.');
  return { node, command, args };
}

function run({ node, command, args }: Invocation): void {
  const path = process.env['PATH'];
  const env = node === undefined ? process.env : { ...process.env, PATH: pathWith(installNode(findPinnedNode(node)), path) };
  const child = spawn(command, args, { stdio: 'inherit', env });
  child.on('error', (error) => {
    console.error(error.message);
    process.exitCode = 127;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  });
  // Ctrl-C reaches the child by itself; this process stays to hand on its exit code.
  process.on('SIGINT', () => {});
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    run(parseInvocation(process.argv.slice(2)));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
