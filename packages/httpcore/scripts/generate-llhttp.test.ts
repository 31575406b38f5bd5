import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { llhttpVersion, llhttpWasm } from '../src/protocol/http1/llhttp-wasm.generated.ts';
import { moduleSource, pins, takeFromDonor } from './generate-llhttp.mjs';

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)));
const realDonor = join(packageFolder, 'node_modules/llhttp-donor');

describe('llhttp is taken from its donor', () => {
  let donor: string;
  beforeEach(() => {
    donor = mkdtempSync(join(tmpdir(), 'llhttp-donor-'));
    cpSync(join(realDonor, 'package.json'), join(donor, 'package.json'));
    cpSync(join(realDonor, pins.file), join(donor, pins.file));
  });
  afterEach(() => rmSync(donor, { recursive: true }));

  const editManifest = (change: Record<string, string>): void => {
    const file = join(donor, 'package.json');
    writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), ...change }));
  };
  const editModule = (edit: (bytes: Buffer) => Buffer): string => {
    const file = join(donor, pins.file);
    const source = readFileSync(file, 'utf8');
    const literal = /'([A-Za-z0-9+/]{1000,}={0,2})'/.exec(source)?.[1] ?? '';
    writeFileSync(file, source.replace(literal, edit(Buffer.from(literal, 'base64')).toString('base64')));
    return literal;
  };
  const sha256AsFound = (): string => {
    try {
      takeFromDonor(donor);
    } catch (error) {
      return /is "([0-9a-f]{64})"/.exec(String(error))?.[1] ?? '';
    }
    return pins.sha256;
  };

  it('when every pin holds', () => {
    const bytes = takeFromDonor(donor);
    expect(bytes.subarray(0, 4)).toEqual(Buffer.from('\0asm'));
  });

  it.each([
    ['name', { name: 'undici-fork' }],
    ['version', { version: '8.12.5' }],
    ['licence', { license: 'UNLICENSED' }],
  ])('but not when its %s is another', (what, change) => {
    editManifest(change);
    expect(() => takeFromDonor(donor)).toThrow(`the ${what} of the donor is`);
  });

  it('but not when one bit of the module differs', () => {
    editModule((bytes) => {
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      return bytes;
    });
    expect(() => takeFromDonor(donor)).toThrow('the SHA-256 of the module');
  });

  it('but not when the module wants to import something else, even under a pinned hash', () => {
    editModule((bytes) => Buffer.from(bytes.toString('latin1').replace('wasm_on_status', 'wasm_on_attack'), 'latin1'));
    expect(() => takeFromDonor(donor, { ...pins, sha256: sha256AsFound() })).toThrow('the imports of the module');
  });

  it('but not when the module lacks an export that the parser calls, even under a pinned hash', () => {
    editModule((bytes) => Buffer.from(bytes.toString('latin1').replace('llhttp_finish', 'llhttp_famish'), 'latin1'));
    expect(() => takeFromDonor(donor, { ...pins, sha256: sha256AsFound() })).toThrow('missing from the module is "llhttp_finish"');
  });

  it('but not when the file could mean two modules', () => {
    const literal = editModule((bytes) => bytes);
    writeFileSync(join(donor, pins.file), `const other = '${literal}'\n`, { flag: 'a' });
    expect(() => takeFromDonor(donor)).toThrow('number of base64 literals');
  });
});

describe('the generated module', () => {
  it('holds exactly the bytes of the donor', () => {
    expect(llhttpVersion).toBe(pins.llhttpVersion);
    expect(Buffer.compare(llhttpWasm(), takeFromDonor(realDonor))).toBe(0);
  });

  it('names its origin and carries the licence it is given', () => {
    const source = moduleSource(Buffer.from('\0asm'), 'Copyright Fedor Indutny, 2018.');
    expect(source).toContain(' * Copyright Fedor Indutny, 2018.\n');
    expect(source).toContain(`${pins.donor} ${pins.donorVersion}`);
    expect(source).toContain(pins.sha256);
  });
});
