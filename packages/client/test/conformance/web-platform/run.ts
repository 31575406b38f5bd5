/**
 * The web-platform tests of fetch as a judge: what the platform's own `fetch` passes, `client.fetch` has to pass.
 *
 *     WPT_TESTS=../wpt WPT_ORIGIN=http://web-platform.test:8000 npx tsx packages/client/test/conformance/web-platform/run.ts [part of a path]
 *
 * `WPT_TESTS` is a checkout of web-platform-tests; `WPT_ORIGIN` its server (`./wpt serve`). Neither is part of this repository.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { argv, env, execArgv, execPath, exit, version } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

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

/** How often a file is run whose server went away, and how often a server is waited for, half a second apart. */
const [runsPerFile, looksPerServer] = [3, 20];
const { hostname, port } = new URL(origin);

/** A request that must be answered: without a server every test that expects a failure would pass. */
async function serverAnswers(): Promise<void> {
  for (let look = 1; ; look += 1) {
    try {
      const response = await fetch(`${origin}/fetch/api/resources/top.txt`, { signal: AbortSignal.timeout(5000) });
      await response.arrayBuffer();
      if (response.ok) return;
      throw new Error(`it answered ${response.status}`);
    } catch (error) {
      if (look === looksPerServer) throw new Error(`The server of the tests at ${origin} does not answer.`, { cause: error });
      await sleep(500);
    }
  }
}

/**
 * What a run tells while one server was there all the time. A connection stands beside it and says nothing: a server that
 * dies ends it, though another may already be in its place.
 */
async function withServer<Told>(file: string, run: () => Promise<Told>): Promise<Told> {
  for (let attempt = 1; attempt <= runsPerFile; attempt += 1) {
    await serverAnswers();
    const beside = connect(Number(port || 80), hostname);
    let isGone = false;
    beside.on('error', () => {}).once('close', () => (isGone = true));
    await Promise.race([once(beside, 'connect'), once(beside, 'close')]);
    const told = await run();
    await serverAnswers();
    beside.destroy();
    if (!isGone) return told;
    console.error(`${file}: the server went away meanwhile, so what was told is worth nothing; once more`);
  }
  throw new Error(`The server of the tests went away ${runsPerFile} times while ${file} ran.`);
}

const files = readdirSync(join(tests, 'fetch'), { recursive: true, encoding: 'utf8' })
  .map((file) => `/fetch/${file.replaceAll('\\', '/')}`)
  .filter((file) => file.endsWith('.any.js') && (argv[2] === undefined || file.includes(argv[2])))
  .toSorted();

let [both, theirs, ours, lost] = [0, 0, 0, 0];

async function judge(file: string): Promise<void> {
  const [platform, client] = await withServer(file, () => Promise.all([resultsOf(file, 'platform'), resultsOf(file, 'client')]));
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
  `Node ${version}, ${files.length} files: the platform passes ${theirs} tests, the client ${ours}, both ${both}; ${lost} are lost without a reason`,
);
exit(lost === 0 ? 0 : 1);
