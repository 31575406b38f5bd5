// Writes src/protocol/http1/llhttp-wasm.generated.ts: llhttp's WebAssembly build as a base64 string.
//
// The only current WebAssembly build of llhttp on the registry is inside undici, so a pinned undici is a development dependency
// (`llhttp-donor`). Its file is read as data and never executed, and nothing is taken from a donor that differs in any way from the
// one that was reviewed: name, version, licence, digest of the module, its imports and the exports we call.
// Why this donor and why the SIMD build: apps/docs/decisions/0001-llhttp-from-a-pinned-donor.md.
//
//   node scripts/generate-llhttp.mjs [--donor <directory>] [--output <file>]

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const expected = {
  name: 'undici',
  version: '8.12.4',
  license: 'MIT',
  file: 'lib/llhttp/llhttp_simd-wasm.js',
  llhttpVersion: '9.3.1',
  sha256: '18403ee56fab07f89a845028bad358bb3ebcda213f8e2ec0989a991e9c33da69',
  /** Every callback the module asks for; the parser supplies exactly these. */
  imports: [
    'wasm_on_body',
    'wasm_on_header_field',
    'wasm_on_header_value',
    'wasm_on_headers_complete',
    'wasm_on_message_begin',
    'wasm_on_message_complete',
    'wasm_on_status',
    'wasm_on_url',
  ],
  /** What the parser calls; a donor may export more. */
  exports: [
    '_initialize',
    'free',
    'llhttp_alloc',
    'llhttp_execute',
    'llhttp_finish',
    'llhttp_free',
    'llhttp_get_errno',
    'llhttp_get_error_pos',
    'llhttp_get_error_reason',
    'llhttp_get_http_major',
    'llhttp_get_http_minor',
    'llhttp_get_status_code',
    'llhttp_get_upgrade',
    'llhttp_message_needs_eof',
    'llhttp_pause',
    'llhttp_reset',
    'llhttp_resume',
    'llhttp_resume_after_upgrade',
    'llhttp_set_lenient_headers',
    'llhttp_set_lenient_spaces_after_chunk_size',
    'llhttp_should_keep_alive',
    'malloc',
    'memory',
  ],
};

class DonorRefused extends Error {}

function requireEqual(what, actual, wanted) {
  if (actual !== wanted) throw new DonorRefused(`${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(wanted)}`);
}

/** Reads the module out of the donor's JavaScript file, as text. */
function extractWasm(donorDirectory) {
  const manifest = JSON.parse(readFileSync(join(donorDirectory, 'package.json'), 'utf8'));
  requireEqual('name', manifest.name, expected.name);
  requireEqual('version', manifest.version, expected.version);
  requireEqual('license', manifest.license, expected.license);

  const source = readFileSync(join(donorDirectory, expected.file), 'utf8');
  const literals = [...source.matchAll(/^const wasmBase64 = '([A-Za-z0-9+/]+={0,2})'$/gm)];
  requireEqual(`number of wasmBase64 literals in ${expected.file}`, literals.length, 1);
  return Buffer.from(literals[0][1], 'base64');
}

function checkWasm(wasm) {
  requireEqual('SHA-256 of the WebAssembly module', createHash('sha256').update(wasm).digest('hex'), expected.sha256);

  const module = new WebAssembly.Module(wasm);
  const imports = WebAssembly.Module.imports(module);
  const callbacks = imports.filter(({ module: from, kind }) => from === 'env' && kind === 'function').map(({ name }) => name);
  requireEqual('import list', callbacks.sort().join(' '), expected.imports.join(' '));
  requireEqual('number of imports', imports.length, expected.imports.length);

  const exported = new Set(WebAssembly.Module.exports(module).map(({ name }) => name));
  const missing = expected.exports.filter((name) => !exported.has(name));
  requireEqual('list of missing exports', missing.join(' '), '');
}

function render(wasm) {
  const notice = readFileSync(new URL('../licenses/llhttp.txt', import.meta.url), 'utf8');
  const commented = notice
    .trimEnd()
    .split('\n')
    .map((line) => ` * ${line}`.trimEnd());
  return [
    '/*!',
    ` * llhttp ${expected.llhttpVersion} (https://github.com/nodejs/llhttp), compiled to WebAssembly with SIMD by the Node.js project.`,
    ` * Written by scripts/generate-llhttp.mjs from ${expected.name} ${expected.version}; do not edit.`,
    ' *',
    ...commented,
    ' */',
    '',
    '/** The version of llhttp that `llhttpWasmBase64` was compiled from. */',
    `export const llhttpVersion: string = '${expected.llhttpVersion}';`,
    '',
    '/** The WebAssembly module, base64. */',
    `export const llhttpWasmBase64: string = '${wasm.toString('base64')}';`,
    '',
  ].join('\n');
}

function readIfPresent(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const { values: options } = parseArgs({ options: { donor: { type: 'string' }, output: { type: 'string' } } });
const donorDirectory = options.donor ?? dirname(createRequire(import.meta.url).resolve('llhttp-donor/package.json'));
const output =
  options.output === undefined
    ? fileURLToPath(new URL('../src/protocol/http1/llhttp-wasm.generated.ts', import.meta.url))
    : resolve(options.output);

try {
  const wasm = extractWasm(donorDirectory);
  checkWasm(wasm);
  const text = render(wasm);
  // An unchanged file keeps its time stamp, so that watchers and build caches stay quiet.
  if (readIfPresent(output) !== text) {
    mkdirSync(dirname(output), { recursive: true });
    writeFileSync(output, text);
  }
} catch (error) {
  if (!(error instanceof DonorRefused)) throw error;
  console.error(`llhttp donor refused: ${error.message}. Nothing was written.`);
  process.exitCode = 1;
}
