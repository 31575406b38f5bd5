/** TLS options as a caller gives them, checked once and in objects of their own. */
import { isUint8Array } from 'node:util/types';

import { LocalProtocolError } from '../contract/errors.ts';
import { OriginTable } from './origin-pattern.ts';
import { isServername } from './origin.ts';
import { readPins } from './tls-pins.ts';
import type { TlsIdentity, TlsOptions } from '../contract/tls-options.ts';

const isText = (value: unknown): boolean => typeof value === 'string';
const isList = (value: unknown): boolean =>
  (isText(value) && value !== '') || (Array.isArray(value) && value.length > 0 && value.every((each) => isText(each) && each !== ''));
const isBytes = (value: unknown): boolean => isUint8Array(value) || (Array.isArray(value) && value.length > 0 && value.every(isUint8Array));
/** Looked at where it is read (`pem.ts`). */
const isAnything = (): boolean => true;

type Rule = readonly [holds: (value: unknown) => boolean, words: string];

const identityRules: Readonly<Record<keyof TlsIdentity, Rule>> = {
  cert: [isAnything, ''],
  key: [isAnything, ''],
  pfx: [isBytes, 'must be the bytes of a PKCS #12 file, or a list of such'],
  passphrase: [isText, 'must be text'],
};

const rules: Readonly<Record<keyof TlsOptions, Rule>> = {
  ...identityRules,
  ca: [isAnything, ''],
  identities: [isRecord, 'must be an object with certificates by origin'],
  pins: [isAnything, ''],
  crl: [isAnything, ''],
  servername: [isServername, 'must be a DNS name or an IP address'],
  rejectUnauthorized: [(value) => typeof value === 'boolean', 'must be a boolean'],
  minVersion: [isText, "must be a version such as 'TLSv1.3'"],
  maxVersion: [isText, "must be a version such as 'TLSv1.3'"],
  ciphers: [isText, "must be text in OpenSSL's form"],
  sigalgs: [isList, 'must be names of signature algorithms'],
  curves: [isList, 'must be names of groups, such as X25519'],
  checkServerIdentity: [(value) => typeof value === 'function', 'must be a function'],
  keylog: [
    (value) => value === true || isList(value) || value instanceof URL || typeof value === 'function',
    'must be a path, a function or true',
  ],
};

/**
 * The options, and the lists and bytes in them, in objects of their own. Node looks them up along the prototype chain, which ends here.
 *
 * @throws {LocalProtocolError} `INVALID_OPTION`, naming the option and never showing its value.
 */
export function ownTlsOptions(options: TlsOptions | undefined): TlsOptions {
  const { then } = (options ?? {}) as Partial<PromiseLike<unknown>>;
  if (typeof then === 'function') {
    // A rejection of it would be nobody's.
    then.call(options, undefined, () => {});
    throw invalid('tls', 'must be given at once, and is a promise: read what it needs beforehand, or by tlsFiles()');
  }
  const own = ownOf(options ?? {}, rules, 'tls');
  if (own['identities'] !== undefined) own['identities'] = ownIdentities(own['identities'] as NonNullable<TlsOptions['identities']>);
  if (own['pins'] !== undefined) own['pins'] = readPins(own['pins'] as NonNullable<TlsOptions['pins']>);
  return Object.freeze(own) as TlsOptions;
}

function ownIdentities(identities: NonNullable<TlsOptions['identities']>): TlsOptions['identities'] {
  const own = Object.create(null) as Record<string, TlsIdentity | null>;
  for (const [pattern, identity] of Object.entries(identities)) {
    const name = `tls.identities[${JSON.stringify(pattern)}]`;
    if (identity !== null && !isRecord(identity)) throw invalid(name, 'must have cert and key, or pfx; or be null');
    own[pattern] = identity === null ? null : (Object.freeze(ownOf(identity, identityRules, name)) as TlsIdentity);
  }
  try {
    void new OriginTable(own);
  } catch (error) {
    const pattern = (error as Error).message;
    throw invalid('tls.identities', `has a pattern that is none: ${pattern}; use "https://host", "*.host:8443" or "*"`);
  }
  return Object.freeze(own);
}

function ownOf(options: object, known: Readonly<Record<string, Rule>>, where: string): Record<string, unknown> {
  const own = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of Object.entries(options) as [string, unknown][]) {
    const rule = Object.hasOwn(known, name) ? known[name] : undefined;
    if (rule === undefined) throw invalid(`${where}.${name}`, `is not an option; there are ${Object.keys(known).join(', ')}`);
    if (value === undefined) continue;
    const [holds, words] = rule;
    if (!holds(value)) throw invalid(`${where}.${name}`, words);
    own[name] = ownValue(value);
  }
  return own;
}

/** A caller may go on with his lists and bytes as he likes. */
function ownValue(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze(value.map(ownValue));
  return isUint8Array(value) ? Buffer.from(value) : value;
}

function isRecord(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(name: string, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option ${name} ${problem}`, { code: 'INVALID_OPTION', phase: 'request' });
}
