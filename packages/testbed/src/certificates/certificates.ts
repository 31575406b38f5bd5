/** The certificates that servers and clients of the testbed use, each made once per process and set of options. */
import { createAuthority, type CertificateAuthority, type IssuedCertificate } from './authority.ts';

export interface CertificateOptions {
  /** Names and addresses beside those that every server certificate has: `localhost`, `127.0.0.1`, `::1`. */
  readonly names?: readonly string[];
  /** Only the names asked for, without the local ones: for a certificate of somebody else. */
  readonly onlyNames?: readonly string[];
  /** Default: the testbed's authority, the one whose certificate `trustedAuthority()` gives. */
  readonly authority?: CertificateAuthority;
}

const LOCAL_NAMES: readonly string[] = ['localhost', '127.0.0.1', '::1'];
const HOUR = 60 * 60 * 1000;
const DAY = 24 * HOUR;

const authorities = new Map<string, Promise<CertificateAuthority>>();
const issued = new WeakMap<CertificateAuthority, Map<string, Promise<IssuedCertificate>>>();

/** The authority that signs unless another is named. Give its `certificate` to a client as `ca`. */
export function trustedAuthority(): Promise<CertificateAuthority> {
  return namedAuthority('Testbed authority');
}

/** A second authority, for certificates that a client must refuse. */
export function strangeAuthority(): Promise<CertificateAuthority> {
  return namedAuthority('Authority that nobody trusts');
}

/**
 * A server certificate, valid for `localhost`, `127.0.0.1` and `::1`.
 *
 * @example
 * const { cert, key, ca } = await serverCertificate({ names: ['api.example.test', '*.example.test'] });
 */
export function serverCertificate(options: CertificateOptions = {}): Promise<IssuedCertificate> {
  return issueServer(options, 'valid', -DAY, 20 * DAY);
}

/** A server certificate whose time ended an hour ago. */
export function expiredCertificate(options: CertificateOptions = {}): Promise<IssuedCertificate> {
  return issueServer(options, 'expired', -DAY, -HOUR);
}

/** A server certificate whose time starts in a day. */
export function futureCertificate(options: CertificateOptions = {}): Promise<IssuedCertificate> {
  return issueServer(options, 'future', DAY, 20 * DAY);
}

/**
 * A client certificate, for servers that ask for one (`tls: { requestClientCertificate: true }`).
 *
 * @param commonName Its subject. Default `testbed client`.
 */
export async function clientCertificate(
  commonName = 'testbed client',
  options: Pick<CertificateOptions, 'authority'> = {},
): Promise<IssuedCertificate> {
  const authority = options.authority ?? (await trustedAuthority());
  return issueOnce(authority, `client ${commonName}`, () =>
    authority.issue({ commonName, usage: 'client', names: ['client.invalid'], ...validity(-DAY, 20 * DAY) }),
  );
}

async function issueServer(options: CertificateOptions, age: string, from: number, until: number): Promise<IssuedCertificate> {
  const authority = options.authority ?? (await trustedAuthority());
  const names = options.onlyNames ?? [...LOCAL_NAMES, ...(options.names ?? [])];
  return issueOnce(authority, `server ${age} ${names.join(' ')}`, () =>
    authority.issue({ commonName: names[0] ?? 'nameless', usage: 'server', names, ...validity(from, until) }),
  );
}

function validity(from: number, until: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() + from), notAfter: new Date(Date.now() + until) };
}

function namedAuthority(name: string): Promise<CertificateAuthority> {
  let authority = authorities.get(name);
  if (authority === undefined) {
    authority = createAuthority(name);
    authorities.set(name, authority);
  }
  return authority;
}

function issueOnce(authority: CertificateAuthority, key: string, issue: () => Promise<IssuedCertificate>): Promise<IssuedCertificate> {
  let ofAuthority = issued.get(authority);
  if (ofAuthority === undefined) {
    ofAuthority = new Map();
    issued.set(authority, ofAuthority);
  }
  let certificate = ofAuthority.get(key);
  if (certificate === undefined) {
    certificate = issue();
    ofAuthority.set(key, certificate);
  }
  return certificate;
}
