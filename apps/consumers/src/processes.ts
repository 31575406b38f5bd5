import { spawn } from 'node:child_process';

/** What a consumer's process must not inherit: our test runner's settings would become its own. */
const ours = /^(?:NODE_OPTIONS$|NODE_ENV$|NODE_PATH$|VITEST|TEST$|JEST|npm_|FORCE_COLOR$|NODE_V8_COVERAGE$)/u;

/**
 * What the process wrote to stdout.
 * @throws {Error} with all that it said, when it ends badly.
 */
export function run(program: string, args: readonly string[], cwd: string, more: NodeJS.ProcessEnv = {}): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd, env: { ...env, ...more, NO_COLOR: '1' }, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, said] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      said += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve(out.trim());
      else reject(new Error(`${program} ${args.join(' ')} ended with ${code ?? signal}:\n${said}`));
    });
  });
}

export function node(args: readonly string[], cwd: string, env?: NodeJS.ProcessEnv): Promise<string> {
  return run(process.execPath, args, cwd, env);
}
