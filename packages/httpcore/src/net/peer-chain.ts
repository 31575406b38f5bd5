/** The certificates of a peer: what is known of them after the handshake, and read only when somebody asks. */
import { createHash, X509Certificate } from 'node:crypto';
import type { DetailedPeerCertificate } from 'node:tls';

import type { CertificateFacts } from '../contract/trace.ts';

/** No chain that somebody verifies is longer. */
const longestChain = 16;

/** As Node tells of it; without certificates it is empty. */
export type ShownCertificates = Partial<DetailedPeerCertificate>;

export class PeerChain {
  readonly #raw: Uint8Array | undefined;
  readonly #length: number;
  #leaf: X509Certificate | undefined;
  #names: readonly string[] | undefined;
  #facts: CertificateFacts | undefined;
  #pins: readonly string[] = [];

  /** Keeps the octets of the peer's own certificate, and none of what Node has made of them. */
  constructor(shown: ShownCertificates) {
    this.#raw = shown.raw;
    this.#length = Array.from(chainOf(shown)).length;
  }

  get #certificate(): X509Certificate | undefined {
    if (this.#raw === undefined) return undefined;
    return (this.#leaf ??= new X509Certificate(this.#raw));
  }

  /** DNS names and IP addresses that its certificate is good for. */
  get names(): readonly string[] {
    return (this.#names ??= parseAlternativeNames(this.#certificate?.subjectAltName));
  }

  /** `undefined` where there is none. */
  get facts(): CertificateFacts | undefined {
    const leaf = this.#certificate;
    if (leaf === undefined) return undefined;
    return (this.#facts ??= factsOf(leaf, this.names, this.#length));
  }

  /** The pins of its keys, the peer's own first; empty until {@link readPins}. */
  get pins(): readonly string[] {
    return this.#pins;
  }

  /** Where there are pins, during the handshake. */
  readPins(shown: ShownCertificates): void {
    this.#pins = Object.freeze(Array.from(verified(shown), pinOf));
  }
}

function factsOf(leaf: X509Certificate, altNames: readonly string[], chainLength: number): CertificateFacts {
  return Object.freeze({
    subject: inOneLine(leaf.subject),
    issuer: inOneLine(leaf.issuer),
    altNames,
    validFrom: new Date(leaf.validFrom).toISOString(),
    validTo: new Date(leaf.validTo).toISOString(),
    serialNumber: leaf.serialNumber,
    fingerprint256: leaf.fingerprint256,
    pin: pinOf(leaf),
    chainLength,
  });
}

/** Node has one attribute on each line; there may be none. */
function inOneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}

function pinOf({ publicKey }: X509Certificate): string {
  return `sha256/${createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64')}`;
}

/** From the peer's own to its authority's, as far as Node knows them. */
function* chainOf(leaf: ShownCertificates): Generator<Uint8Array> {
  let next: ShownCertificates | undefined = leaf;
  for (let length = 0; next?.raw !== undefined && length < longestChain; length += 1) {
    yield next.raw;
    if (next.issuerCertificate === next) return;
    next = next.issuerCertificate;
  }
}

/** As far as each was really signed with the key of the next: whoever sends certificates can put any behind his own. */
function* verified(leaf: ShownCertificates): Generator<X509Certificate> {
  let below: X509Certificate | undefined;
  for (const raw of chainOf(leaf)) {
    const certificate = new X509Certificate(raw);
    if (below?.verify(certificate.publicKey) === false) return;
    yield certificate;
    below = certificate;
  }
}

// `DNS:a.example, IP Address:127.0.0.1, DNS:"odd, name"`: a value that could be mistaken for more than one is quoted as JSON
// (CVE-2021-44532 was the time before).
const alternativeName = /(?:^|, )([A-Za-z0-9 ]+):("(?:[^"\\]|\\.)*"|[^,"]+)(?=, |$)/gy;

/** The DNS names and IP addresses of subjectAltName. The common name is not one of them: RFC 9525 took its last use away. */
export function parseAlternativeNames(text: string | undefined): readonly string[] {
  const names: string[] = [];
  for (const [, kind, value = ''] of (text ?? '').matchAll(alternativeName)) {
    if (kind !== 'DNS' && kind !== 'IP Address') continue;
    const name = value.startsWith('"') ? unquote(value) : value;
    if (name !== undefined) names.push(name);
  }
  return names;
}

function unquote(value: string): string | undefined {
  try {
    return JSON.parse(value) as string;
  } catch {
    // A name that can't be read names nothing.
    return undefined;
  }
}
