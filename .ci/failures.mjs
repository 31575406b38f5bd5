// A reporter of vitest that notes each failure in the file FAILURES when it happens, so that even a run that is killed leaves its failures behind, and what it
// was at: vitest run --reporter=default --reporter=./.ci/failures.mjs
//
// `.ci/run` shows them at its end: node .ci/failures.mjs <file>

import { appendFileSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Lines of an error that are shown. */
const LINES_OF_ERROR = 8;
/** A run in which everything fails is told by its first failures. */
const LINES_IN_ALL = 120;

const began = 'began ';
const ended = 'ended ';

// The colours of a terminal.
// oxlint-disable-next-line no-control-regex
const COLOURS = /\u001B\[[\d;]*m/g;

/** @param {{ name?: string, message?: string, stacks?: readonly { file: string, line: number }[], diff?: string }} error @param {string} root */
function linesOf({ name = 'Error', message = '', stacks = [], diff = '' }, root) {
  const said = `${name}: ${message}\n${diff}`
    .replaceAll(COLOURS, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const shown = said.slice(0, LINES_OF_ERROR);
  if (said.length > shown.length) shown.push(`… ${said.length - shown.length} more lines`);
  const at = stacks.find(({ file }) => !file.includes('node_modules'));
  if (at !== undefined) shown.push(`at ${at.file.replace(`${root}/`, '')}:${at.line}`);
  return shown.map((line) => `    ${line}`);
}

export default class FailureReporter {
  #file = process.env['FAILURES'];
  #root = process.cwd();

  /** @param {string} title @param {readonly object[]} errors */
  #note(title, errors) {
    this.#write([title, ...errors.flatMap((error) => linesOf(error, this.#root))].join('\n'));
  }

  /** @param {string} text */
  #write(text) {
    if (this.#file !== undefined) appendFileSync(this.#file, `${text}\n`);
  }

  onTestModuleStart(module) {
    this.#write(began + module.relativeModuleId);
  }

  onTestModuleEnd(module) {
    this.#write(ended + module.relativeModuleId);
    const errors = module.errors();
    if (errors.length > 0) this.#note(`FAILED ${module.relativeModuleId}`, errors);
  }

  onTestCaseResult(test) {
    const { state, errors } = test.result();
    if (state === 'failed') this.#note(`FAILED ${test.module.relativeModuleId} > ${test.fullName}`, errors ?? []);
  }

  onTestRunEnd(_modules, unhandledErrors) {
    for (const error of unhandledErrors) this.#note('FAILED outside of every test', [error]);
  }
}

/** @param {string} noted What a run has noted. */
export function shownFailures(noted) {
  const lines = noted.split('\n').filter((line) => line !== '');
  const running = new Set();
  const shown = [];
  for (const line of lines) {
    if (line.startsWith(began)) running.add(line.slice(began.length));
    else if (line.startsWith(ended)) running.delete(line.slice(ended.length));
    else shown.push(line);
  }
  const failed = shown.filter((line) => !line.startsWith(' '));
  if (shown.length > LINES_IN_ALL) shown.splice(LINES_IN_ALL, Infinity, '… and more:', ...failed.slice(-30));
  for (const file of running) shown.push(`NOT ENDED ${file}`);
  return shown;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  let noted = '';
  try {
    noted = readFileSync(process.argv[2], 'utf8');
  } catch {
    // The step that would have noted something did not get so far.
  }
  for (const line of shownFailures(noted)) console.log(line);
}
