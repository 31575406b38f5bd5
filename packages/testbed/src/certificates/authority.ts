/**
 * A certificate authority that lives in memory for as long as the process does. Its keys are ECDSA P-256, since an RSA key
 * takes a hundred times as long to make, and nothing of it is ever written to disk.
 */
import { webcrypto } from 'node:crypto';

export interface IssuedCertificate {
  /** The certificate in PEM. */
  readonly cert: string;
  /** Its private key in PEM (PKCS #8). */
  readonly key: string;
  /** The certificate of the authority that signed it, in PEM: what the other side has to trust. */
  readonly ca: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly usage: 'server' | 'client';
  /** DNS names (wildcards too) and IP addresses for subjectAltName. */
  readonly names: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
}

export interface CertificateAuthority {
  /** The authority's own certificate in PEM. */
  readonly certificate: string;
  issue(request: CertificateRequest): Promise<IssuedCertificate>;
  /** A list of revoked certificates in PEM. */
  revoke(certificates: readonly string[]): Promise<string>;
}

const DAY = 24 * 60 * 60 * 1000;
const KEY_ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING_ALGORITHM = { name: 'ECDSA', hash: 'SHA-256' } as const;
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1';
const CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
const IP_ADDRESS = /^[\d.]+$|:/u;

/** Loaded when the first certificate is wanted, so that a test without TLS does not pay its 150 ms. */
async function loadX509(): Promise<typeof import('@peculiar/x509')> {
  // The library's injector reads metadata through the polyfill, and refuses to load without it.
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

/**
 * Makes a new authority.
 *
 * @example
 * const authority = await createAuthority('An authority that nobody trusts');
 */
export async function createAuthority(name: string): Promise<CertificateAuthority> {
  const x509 = await loadX509();
  const keys = await createKeys();
  const root = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ CN: [name] }],
    notBefore: new Date(Date.now() - DAY),
    notAfter: new Date(Date.now() + 30 * DAY),
    signingAlgorithm: SIGNING_ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  const certificate = root.toString('pem');

  return {
    certificate,
    async issue(request) {
      const leafKeys = await createKeys();
      const leaf = await x509.X509CertificateGenerator.create({
        subject: [{ CN: [request.commonName] }],
        issuer: root.subjectName,
        notBefore: request.notBefore,
        notAfter: request.notAfter,
        publicKey: leafKeys.publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: SIGNING_ALGORITHM,
        extensions: [
          new x509.BasicConstraintsExtension(false, undefined, true),
          new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
          new x509.ExtendedKeyUsageExtension([request.usage === 'server' ? SERVER_AUTH : CLIENT_AUTH]),
          new x509.SubjectAlternativeNameExtension(
            request.names.map((value) => ({ type: IP_ADDRESS.test(value) ? ('ip' as const) : ('dns' as const), value })),
          ),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
          await x509.SubjectKeyIdentifierExtension.create(leafKeys.publicKey),
        ],
      });
      return { cert: leaf.toString('pem'), key: await privateKeyPem(leafKeys.privateKey), ca: certificate };
    },
    async revoke(certificates) {
      const list = await x509.X509CrlGenerator.create({
        issuer: root.subject,
        thisUpdate: new Date(Date.now() - DAY),
        nextUpdate: new Date(Date.now() + 30 * DAY),
        entries: certificates.map((pem) => ({ serialNumber: new x509.X509Certificate(pem).serialNumber, revocationDate: new Date() })),
        signingAlgorithm: SIGNING_ALGORITHM,
        signingKey: keys.privateKey,
      });
      // As OpenSSL calls it.
      return list.toString('pem').replaceAll(/(BEGIN|END) CRL/gu, '$1 X509 CRL');
    },
  };
}

async function createKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(KEY_ALGORITHM, true, ['sign', 'verify']);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key));
  const lines = der.toString('base64').match(/.{1,64}/gu) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}
