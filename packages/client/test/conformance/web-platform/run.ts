/**
 * The web-platform tests of fetch as a judge: what the platform's own `fetch` passes, `client.fetch` has to pass.
 *
 *     WPT_TESTS=../wpt WPT_ORIGIN=http://web-platform.test:8000 npx tsx packages/client/test/conformance/web-platform/run.ts [part of a path]
 *
 * `WPT_TESTS` is a checkout of web-platform-tests; `WPT_ORIGIN` its server (`./wpt serve`). Neither is part of this repository.
 */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { argv, env, execArgv, execPath, exit } from 'node:process';

import { exceptions } from './exceptions.ts';

interface Result {
  readonly name: string;
  readonly passed: boolean;
  readonly message: string | null;
}

const { WPT_TESTS: tests, WPT_ORIGIN: origin } = env;
if (tests === undefined || origin === undefined) {
  console.error('WPT_TESTS and WPT_ORIGIN are needed: a checkout of web-platform-tests, and where it is served.');
  exit(2);
}

function resultsOf(file: string, whose: 'platform' | 'client'): Promise<readonly Result[]> {
  const child = spawn(execPath, [...execArgv, join(import.meta.dirname, 'child.ts'), tests!, file, origin!, whose], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  return new Promise((resolve) => {
    child.once('close', () => {
      try {
        resolve(JSON.parse(out.slice(out.lastIndexOf('\n[') + 1)) as Result[]);
      } catch {
        resolve([{ name: 'the file itself', passed: false, message: `its process ended and told nothing: ${out.slice(-200)}` }]);
      }
    });
  });
}

const files = readdirSync(join(tests, 'fetch'), { recursive: true, encoding: 'utf8' })
  .map((file) => `/fetch/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.any.js') && (argv[2] === undefined || file.includes(argv[2])))
  .toSorted();

let [both, theirs, ours, lost] = [0, 0, 0, 0];

async function judge(file: string): Promise<void> {
  const [platform, client] = await Promise.all([resultsOf(file, 'platform'), resultsOf(file, 'client')]);
  const passed = new Set(client.filter((result) => result.passed).map(({ name }) => name));
  theirs += platform.filter((result) => result.passed).length;
  ours += passed.size;
  for (const { name, passed: isPassed } of platform) {
    if (!isPassed) continue;
    if (passed.has(name)) {
      both += 1;
    } else if (!exceptions.some((exception) => file.includes(exception.file) && (exception.test?.test(name) ?? true))) {
      lost += 1;
      console.log(`${file}: ${name}\n    ${client.find((result) => result.name === name)?.message ?? 'not run'}`);
    }
  }
}

// Most of them wait for the server.
const queue = files.values();
await Promise.all(
  Array.from({ length: 4 }, async () => {
    for (const file of queue) await judge(file);
  }),
);
console.log(
  `${files.length} files: the platform passes ${theirs} tests, the client ${ours}, both ${both}; ${lost} are lost without a reason`,
);
exit(lost === 0 ? 0 : 1);
