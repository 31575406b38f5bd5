/**
 * Whom to trust when the caller does not say.
 *
 * Node's defaults hold its bundled roots and `NODE_EXTRA_CA_CERTS`, but as soon as `ca` is given, it replaces them all. So for
 * `SSL_CERT_FILE`, which *adds* authorities, the defaults have to be listed too.
 *
 * With `ca` in the options, neither variable counts: who names the authorities means these and no others. Among them may be words for whole stores.
 */
import { readFileSync } from 'node:fs';

import { ConnectError, LocalProtocolError } from '../contract/errors.ts';
import { isStoreName, type StoreName } from '../model/pem.ts';
import { nodeTls } from './node-tls.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The value of `ca`, or `undefined` where Node's own defaults are right.
 * @throws {ConnectError} `TLS_FAILED` when `SSL_CERT_FILE` names a file that can't be read or holds no certificate.
 */
export function defaultAuthorities(environment: Environment = process.env): readonly string[] | undefined {
  const file = variable(environment, 'SSL_CERT_FILE');
  // With --use-openssl-ca, OpenSSL reads the variable itself.
  if (file === undefined || file === '' || usesOpensslStore(environment)) return undefined;
  return [...nodeDefaults(environment), readBundle(file)];
}

/**
 * The value of `ca` for what the caller named; `undefined` where Node's own defaults are just that.
 * @throws {LocalProtocolError} `INVALID_OPTION`: this version of Node can't tell what is in a store.
 */
export function authoritiesOf(
  named: readonly (string | Uint8Array)[],
  environment: Environment = process.env,
): readonly (string | Uint8Array)[] | undefined {
  if (named.every((each) => each === 'default')) return defaultAuthorities(environment);
  return named.flatMap((each): readonly (string | Uint8Array)[] => (isStoreName(each) ? storeOf(each, environment) : [each]));
}

function storeOf(name: StoreName, environment: Environment): readonly string[] {
  if (name === 'default') {
    if (usesOpensslStore(environment)) throw unusable(name, 'can not be listed with --use-openssl-ca: give the file of its store instead');
    return defaultAuthorities(environment) ?? nodeDefaults(environment);
  }
  if (name === 'bundled') return nodeTls().rootCertificates;
  const { getCACertificates } = nodeTls() as ListingTls;
  if (getCACertificates !== undefined) return getCACertificates(name);
  if (name === 'extra') return extraAuthorities(environment);
  const file = "readFileSync('/etc/ssl/certs/ca-certificates.crt')";
  throw unusable(
    name,
    `needs Node 22.15 or newer, and this is ${process.version}: give the file of the system's store instead, such as ${file}`,
  );
}

function unusable(name: StoreName, problem: string): LocalProtocolError {
  return new LocalProtocolError(`The option tls.ca: '${name}' ${problem}`, { code: 'INVALID_OPTION', phase: 'tls' });
}

type ListingTls = typeof import('node:tls') & {
  getCACertificates?: (type: StoreName) => readonly string[];
  setDefaultCACertificates?: (certificates: readonly string[]) => void;
};

/**
 * Stands for the authorities that the process trusts by default: the same object until others are set (`tls.setDefaultCACertificates`). Node keeps the list,
 * so that to ask again costs next to nothing. `undefined` where none can be set.
 */
export function processDefaults(): object | undefined {
  const { getCACertificates, setDefaultCACertificates } = nodeTls() as ListingTls;
  return setDefaultCACertificates === undefined ? undefined : getCACertificates?.('default');
}

/** An environment that may not be read says nothing. */
function variable(environment: Environment, name: string): string | undefined {
  try {
    return environment[name];
  } catch {
    return undefined;
  }
}

function readBundle(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'latin1');
  } catch (cause) {
    throw new ConnectError(`SSL_CERT_FILE names ${JSON.stringify(file)}, which can't be read: ${(cause as NodeJS.ErrnoException).code}`, {
      code: 'TLS_FAILED',
      phase: 'tls',
      cause,
    });
  }
  if (!/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----/.test(text)) {
    throw new ConnectError(`SSL_CERT_FILE names ${JSON.stringify(file)}, which holds no certificate in PEM`, {
      code: 'TLS_FAILED',
      phase: 'tls',
    });
  }
  return text;
}

/** What Node itself would trust: with `getCACertificates` (Node ≥ 22.15) also the system's store where it was asked for. */
function nodeDefaults(environment: Environment): readonly string[] {
  const tls = nodeTls() as ListingTls;
  return tls.getCACertificates?.('default') ?? [...tls.rootCertificates, ...extraAuthorities(environment)];
}

function extraAuthorities(environment: Environment): readonly string[] {
  const extra = variable(environment, 'NODE_EXTRA_CA_CERTS');
  if (extra === undefined || extra === '') return [];
  try {
    return [readFileSync(extra, 'latin1')];
  } catch {
    // Node has already warned about it when it started, and goes on without.
    return [];
  }
}

function usesOpensslStore(environment: Environment): boolean {
  const flag = '--use-openssl-ca';
  return process.execArgv.includes(flag) || (variable(environment, 'NODE_OPTIONS') ?? '').split(/\s+/).includes(flag);
}
