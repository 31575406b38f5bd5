// Takes llhttp, compiled to WebAssembly, out of a pinned donor package and writes it as a module of this one.
//
// Why a donor: the packages on npm that are named after llhttp are years old or of unknown origin. The Node project builds the current one,
// reproducibly in a container, for undici, and undici publishes it. It is read here as data: the donor is a dev dependency, its code is never run
// and never shipped.
//
// What is trusted: nothing but the pins below. A donor of another name, version or licence, a module with another hash, or one that
// imports anything besides llhttp's eight callbacks is refused, and then no module is written and nothing builds.
//
// Why the SIMD build: its interface is the same, it parses heads with long values a third faster (0.57 against 0.85 µs for 1 kB), and every
// Node >= 20.19 compiles it. Two exceptions, neither of them an official release of Node: riscv64 has no SIMD in V8, and ppc64 before
// Node 24.12 runs it wrongly.
//
// To raise the version: change `llhttp-donor` in package.json and `pins` here, run this script (its errors print what it found),
// read llhttp's change log, run the suite.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {object} Pins
 * @property {string} donor name of the package the module is taken from
 * @property {string} donorVersion
 * @property {string} licence SPDX identifier of the donor
 * @property {string} file where the module is, inside the donor
 * @property {string} sha256 of the module's bytes, not of the file around them
 * @property {string} llhttpVersion
 */

/** @type {Pins} */
export const pins = {
  donor: 'undici',
  donorVersion: '8.12.4',
  licence: 'MIT',
  file: 'lib/llhttp/llhttp_simd-wasm.js',
  sha256: '18403ee56fab07f89a845028bad358bb3ebcda213f8e2ec0989a991e9c33da69',
  llhttpVersion: '9.3.1',
};

/** The eight callbacks, and nothing that would let the module reach further. */
const expectedImports = [
  'env.wasm_on_body',
  'env.wasm_on_header_field',
  'env.wasm_on_header_value',
  'env.wasm_on_headers_complete',
  'env.wasm_on_message_begin',
  'env.wasm_on_message_complete',
  'env.wasm_on_status',
  'env.wasm_on_url',
];

const neededExports = [
  'memory',
  'malloc',
  'free',
  'llhttp_alloc',
  'llhttp_free',
  'llhttp_reset',
  'llhttp_execute',
  'llhttp_finish',
  'llhttp_pause',
  'llhttp_resume',
  'llhttp_resume_after_upgrade',
  'llhttp_message_needs_eof',
  'llhttp_should_keep_alive',
  'llhttp_get_errno',
  'llhttp_get_error_pos',
  'llhttp_get_error_reason',
  'llhttp_get_http_major',
  'llhttp_get_http_minor',
  'llhttp_get_status_code',
  'llhttp_get_upgrade',
  'llhttp_set_lenient_headers',
  'llhttp_set_lenient_optional_cr_before_lf',
];

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const donorFolder = join(packageFolder, 'node_modules/llhttp-donor');
const noticesFile = join(packageFolder, 'THIRD-PARTY-NOTICES.md');
const outputFile = join(packageFolder, 'src/protocol/http1/llhttp-wasm.generated.ts');

/**
 * The module's bytes, after every check.
 *
 * @param {string} folder of the donor package
 * @param {Pins} [expected]
 * @returns {Buffer}
 * @throws {Error} when the donor, or the module in it, is not exactly the pinned one
 */
export function takeFromDonor(folder, expected = pins) {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  mustEqual('name of the donor', manifest.name, expected.donor);
  mustEqual('version of the donor', manifest.version, expected.donorVersion);
  mustEqual('licence of the donor', manifest.license, expected.licence);

  const source = readFileSync(join(folder, expected.file), 'utf8');
  const literals = [...source.matchAll(/'([A-Za-z0-9+/]{1000,}={0,2})'/g)];
  mustEqual(`number of base64 literals in ${expected.file}`, literals.length, 1);
  const bytes = Buffer.from(/** @type {string} */ (literals[0]?.[1]), 'base64');
  mustEqual(`SHA-256 of the module in ${expected.file}`, createHash('sha256').update(bytes).digest('hex'), expected.sha256);

  const module = new WebAssembly.Module(bytes);
  const imports = WebAssembly.Module.imports(module).map((entry) => `${entry.module}.${entry.name}`);
  mustEqual('imports of the module', imports.sort().join(' '), expectedImports.join(' '));
  const exports = new Set(WebAssembly.Module.exports(module).map((entry) => entry.name));
  mustEqual('exports missing from the module', neededExports.filter((name) => !exports.has(name)).join(' '), '');
  return bytes;
}

/**
 * @param {string} what
 * @param {unknown} found
 * @param {unknown} expected
 */
function mustEqual(what, found, expected) {
  if (found !== expected) {
    throw new Error(`llhttp was not taken from its donor: the ${what} is ${JSON.stringify(found)}, pinned is ${JSON.stringify(expected)}`);
  }
}

/**
 * The licence text of llhttp as THIRD-PARTY-NOTICES.md has it, so that the notice travels with the bytes into any bundle.
 *
 * @param {string} notices
 * @returns {string}
 */
function llhttpLicence(notices) {
  const section = notices.split(/^## /m).find((part) => part.startsWith(`llhttp ${pins.llhttpVersion}\n`));
  const licence = section?.split('```')[1]?.trim();
  if (!licence?.startsWith('Copyright')) {
    throw new Error(`THIRD-PARTY-NOTICES.md has no licence under "## llhttp ${pins.llhttpVersion}"`);
  }
  return licence;
}

/**
 * @param {Buffer} bytes
 * @param {string} licence
 * @returns {string} source of the generated module
 */
export function moduleSource(bytes, licence) {
  const notice = licence.split('\n').map((line) => ` * ${line}`.trimEnd());
  return `/*!
 * llhttp ${pins.llhttpVersion}, https://github.com/nodejs/llhttp, compiled to WebAssembly by the Node.js project.
 * Generated by scripts/generate-llhttp.mjs from ${pins.donor} ${pins.donorVersion}; SHA-256 ${pins.sha256}.
 *
${notice.join('\n')}
 */
import { Buffer } from 'node:buffer';

/** Version of llhttp. */
export const llhttpVersion: string = '${pins.llhttpVersion}';

/** The WebAssembly module, decoded anew by each call: importing this file costs the scan of one string literal. */
export function llhttpWasm(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.from(base64, 'base64'));
}

const base64 =
  '${bytes.toString('base64')}';
`;
}

/** @param {string} file @param {string} content */
function writeIfChanged(file, content) {
  try {
    if (readFileSync(file, 'utf8') === content) return;
  } catch {
    // Not there yet.
  }
  mkdirSync(dirname(file), { recursive: true });
  // Renamed into place, since a test run may be reading it.
  const draft = `${file}.${process.pid}.tmp`;
  writeFileSync(draft, content);
  renameSync(draft, file);
}

if (argv[1] && realpathSync(argv[1]) === fileURLToPath(import.meta.url)) {
  writeIfChanged(outputFile, moduleSource(takeFromDonor(donorFolder), llhttpLicence(readFileSync(noticesFile, 'utf8'))));
}
