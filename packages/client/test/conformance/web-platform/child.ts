/** Runs one file of the web-platform tests with one `fetch`, and prints what became of each of its tests, as JSON. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv, env } from 'node:process';
import { runInThisContext } from 'node:vm';

import { Client } from '../../../src/index.ts';

const [tests = '', file = '', origin = '', whose = 'platform'] = argv.slice(2);
const results: { readonly name: string; readonly passed: boolean; readonly message: string | null }[] = [];

let isFinished = false;

/** Told once, and whatever still runs does not matter then. */
function finish(): void {
  if (isFinished) return;
  isFinished = true;
  process.stdout.write(`${JSON.stringify(results)}\n`, () => process.exit(0));
}
process.on('uncaughtException', () => {});
process.on('unhandledRejection', () => {});
setTimeout(finish, Number(env['WPT_TIMEOUT'] ?? 15_000)).unref();
// With nothing left that could happen, a test that is not over hangs: it counts as not passed, and those before it count as they are.
process.once('beforeExit', finish);

const url = new URL(file, origin);
// What both fetches resolve relative URLs by.
Object.defineProperty(globalThis, Symbol.for('undici.globalOrigin.1'), { value: url, configurable: true, writable: true });
const scope = globalThis as unknown as Record<string, unknown>;
scope['self'] = globalThis;
scope['location'] = url;
scope['GLOBAL'] = { isWindow: () => false, isWorker: () => false, isShadowRealm: () => false };
if (whose === 'client') globalThis.fetch = new Client({ headers: { 'accept-language': '*' } }).fetch;

const read = (path: string): string =>
  readFileSync(join(tests, path), 'utf8')
    .replaceAll('{{host}}', url.hostname)
    .replaceAll(/\{\{domains\[[^\]]*\]\}\}/gu, url.hostname)
    .replaceAll(/\{\{ports\[[^}]*\}\}/gu, url.port);

runInThisContext(read('/resources/testharness.js'));
interface Result {
  readonly name: string;
  readonly status: number;
  readonly message: string | null;
}
type AddCallback = (callback: (result: Result) => void) => void;
(scope['add_result_callback'] as AddCallback)(({ name, status, message }) => results.push({ name, passed: status === 0, message }));
(scope['add_completion_callback'] as AddCallback)(finish);

const source = read(file);
for (const [, script = ''] of source.matchAll(/^\/\/ META: script=(.+)$/gmu)) {
  runInThisContext(read(script.startsWith('/') ? script : join(dirname(file), script)), { filename: script });
}
try {
  runInThisContext(source, { filename: file });
} catch (error) {
  results.push({ name: 'the file itself', passed: false, message: String(error) });
}
// A file without asynchronous tests is over when it has run.
(scope['done'] as () => void)();
