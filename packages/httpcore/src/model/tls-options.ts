import type { PeerCertificate, SecureVersion } from 'node:tls';

/** PEM text or DER bytes, one or several. */
export type CertificateInput = string | Uint8Array | readonly (string | Uint8Array)[];

/** TLS, the same on every route. The peer is always verified unless `rejectUnauthorized` is `false`. */
export interface TlsOptions {
  /** Certificate authorities to trust instead of the system's. `NODE_EXTRA_CA_CERTS` and `SSL_CERT_FILE` are honoured without it. */
  readonly ca?: CertificateInput | undefined;
  /** Our certificate chain, for servers that ask for one. */
  readonly cert?: CertificateInput | undefined;
  /** The private key of `cert`. */
  readonly key?: CertificateInput | undefined;
  readonly passphrase?: string | undefined;
  /** Server name for SNI and verification, when it is not the host. */
  readonly servername?: string | undefined;
  /** Default `true`. `false` accepts any certificate: only for tests. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Default `TLSv1.2`. */
  readonly minVersion?: SecureVersion | undefined;
  readonly maxVersion?: SecureVersion | undefined;
  readonly ciphers?: string | undefined;
  /** Replaces the check of the certificate's names: return an error to refuse. Pinning goes here. */
  readonly checkServerIdentity?: ((host: string, certificate: PeerCertificate) => Error | undefined) | undefined;
}

/** The options, and the lists in them, in objects of their own. Node looks them up along the prototype chain, which ends here. */
export function ownTlsOptions(options: TlsOptions | undefined): TlsOptions {
  const own = Object.assign(Object.create(null) as Record<string, unknown>, options);
  for (const [name, value] of Object.entries(own)) if (Array.isArray(value)) own[name] = Object.freeze([...(value as readonly unknown[])]);
  return Object.freeze(own) as TlsOptions;
}
