import type { PeerCertificate, SecureVersion } from 'node:tls';

/** PEM text or DER bytes, one or several. */
export type CertificateInput = string | Uint8Array | readonly (string | Uint8Array)[];

/** Who we are to a server that asks for a certificate. */
export interface TlsIdentity {
  /** Our certificate chain, for servers that ask for one. */
  readonly cert?: CertificateInput | undefined;
  /** The private key of `cert`. */
  readonly key?: CertificateInput | undefined;
  /** Certificate, chain and key in one (PKCS #12): the bytes of a `.pfx` or `.p12` file. */
  readonly pfx?: Uint8Array | readonly Uint8Array[] | undefined;
  /** Of `key`, or of `pfx`. */
  readonly passphrase?: string | undefined;
}

/** TLS, the same on every route. The peer is always verified unless `rejectUnauthorized` is `false`. */
export interface TlsOptions extends TlsIdentity {
  /**
   * Certificate authorities to trust, these and no others. Beside certificates, words for whole stores: `'default'`, what is trusted without this option
   * (Node's, `NODE_EXTRA_CA_CERTS` and `SSL_CERT_FILE`); `'system'`, the store of the operating system (Node ≥ 22.15); `'bundled'`, the roots that Node
   * brings; `'extra'`, those of `NODE_EXTRA_CA_CERTS`. Default `'default'`.
   * @example
   * const tls = { ca: ['default', 'system', readFileSync('company.pem')] };
   */
  readonly ca?: CertificateInput | undefined;
  /**
   * Certificates by origin, in the place of `cert`, `key` and `pfx`: `https://api.example`, `*.internal.example:8443`; the most specific pattern counts,
   * `null` is none. Each is shown to the origins that it is for and to no other, on redirects too, and connections are shared (`coalesce`) among origins
   * with the same one alone.
   */
  readonly identities?: Readonly<Record<string, TlsIdentity | null>> | undefined;
  /**
   * Keys of which one has to be in the peer's chain: `sha256/` and the SHA-256 of a SubjectPublicKeyInfo in Base64 (as curl, okhttp and RFC 7469 have it),
   * for all origins or by origin, with patterns as in `identities`. Checked on every connection after all else, with `rejectUnauthorized: false` too;
   * a mismatch is a `PinMismatch`. Give two at least: one of a key in reserve (a single one is warned of), or who loses the key loses the server.
   */
  readonly pins?: readonly string[] | Readonly<Record<string, readonly string[]>> | undefined;
  /** Lists of revoked certificates (CRL) in PEM or DER. With it, every authority of a chain needs one. */
  readonly crl?: CertificateInput | undefined;
  /** Server name for SNI and verification, when it is not the host. */
  readonly servername?: string | undefined;
  /** Default `true`. `false` accepts any certificate: only for tests. */
  readonly rejectUnauthorized?: boolean | undefined;
  /** Default `TLSv1.2`. */
  readonly minVersion?: SecureVersion | undefined;
  readonly maxVersion?: SecureVersion | undefined;
  /** In OpenSSL's form. */
  readonly ciphers?: string | undefined;
  /** Signature algorithms, the preferred first, such as `['ecdsa_secp256r1_sha256', 'rsa_pss_rsae_sha256']`. Default OpenSSL's. */
  readonly sigalgs?: string | readonly string[] | undefined;
  /** Groups for the exchange of keys, the preferred first, such as `['X25519', 'P-256']`. Default OpenSSL's. */
  readonly curves?: string | readonly string[] | undefined;
  /** Replaces the check of the certificate's names: return an error to refuse. It is not asked when a session is resumed. Keys are pinned by `pins`. */
  readonly checkServerIdentity?: ((host: string, certificate: PeerCertificate) => Error | undefined) | undefined;
  /**
   * Writes the secrets of each connection, with which Wireshark and whoever else has the file reads it all: to the end of this file (made with mode 600), or
   * to a function, line by line. `true`: to the file that `SSLKEYLOGFILE` names, if it does; without that word the variable means nothing.
   */
  readonly keylog?: string | URL | true | ((line: Uint8Array) => void) | undefined;
}

/**
 * TLS options that may change: asked before each request, so it has to be quick, and gives the same object while nothing has changed. With other options, new
 * connections have those, old ones take no new requests and close when what runs on them has ended. What it throws, or what can't be used, changes nothing
 * (a process warning says so). `tlsFiles()` makes one. It can not be asynchronous.
 */
export type TlsSource = () => TlsOptions;
