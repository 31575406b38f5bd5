import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('generate-llhttp.mjs', import.meta.url));
const realDonor = dirname(createRequire(import.meta.url).resolve('llhttp-donor/package.json'));
const wasmFile = 'lib/llhttp/llhttp_simd-wasm.js';

let directory: string;
let donor: string;
let output: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'llhttp-donor-'));
  donor = join(directory, 'donor');
  output = join(directory, 'out', 'llhttp-wasm.generated.ts');
  await mkdir(join(donor, dirname(wasmFile)), { recursive: true });
  await cp(join(realDonor, 'package.json'), join(donor, 'package.json'));
  await cp(join(realDonor, wasmFile), join(donor, wasmFile));
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function generate(): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [script, '--donor', donor, '--output', output], { encoding: 'utf8' });
}

async function edit(file: string, change: (text: string) => string): Promise<void> {
  const path = join(donor, file);
  const before = await readFile(path, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  await writeFile(path, after);
}

function expectRefused(reason: string): void {
  const { status, stderr } = generate();
  expect(stderr).toContain('llhttp donor refused');
  expect(stderr).toContain(reason);
  expect(status).toBe(1);
  expect(existsSync(output)).toBe(false);
}

describe('the llhttp generator', () => {
  it('writes a module that compiles, with its version and its licence', async () => {
    expect(generate()).toMatchObject({ status: 0, stderr: '' });
    const text = await readFile(output, 'utf8');
    expect(text).toContain('Copyright Fedor Indutny, 2018.');
    expect(text).toContain("export const llhttpVersion: string = '9.3.1';");
    const base64 = /llhttpWasmBase64: string = '([^']+)'/.exec(text)?.[1] ?? '';
    expect(WebAssembly.validate(Buffer.from(base64, 'base64'))).toBe(true);
  });

  it('refuses one changed bit of the module', async () => {
    await edit(wasmFile, (text) =>
      text.replace(/(wasmBase64 = '.{40000})(.)/, (_, head: string, digit: string) => head + (digit === 'A' ? 'B' : 'A')),
    );
    expectRefused('SHA-256 of the WebAssembly module');
  });

  it('refuses another module in the same place', async () => {
    const scalar = await readFile(join(realDonor, 'lib/llhttp/llhttp-wasm.js'), 'utf8');
    await edit(wasmFile, () => scalar);
    expectRefused('SHA-256 of the WebAssembly module');
  });

  it('refuses a file with two candidate literals', async () => {
    await edit(wasmFile, (text) => `${text}\nconst wasmBase64 = 'AGFzbQEAAAA='\n`);
    expectRefused('number of wasmBase64 literals');
  });

  it.each([
    ['name', 'not-undici'],
    ['version', '8.12.5'],
    ['license', 'UNLICENSED'],
  ])('refuses a donor whose %s is %s', async (field, value) => {
    await edit('package.json', (text) => JSON.stringify({ ...(JSON.parse(text) as object), [field]: value }));
    expectRefused(`${field} is "${value}"`);
  });
});
