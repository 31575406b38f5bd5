/** How a server of the testbed speaks TLS: certificate, versions, ALPN, and what it asks of clients. */
import type { SecureVersion, TlsOptions } from 'node:tls';
import { serverCertificate, trustedAuthority } from '../certificates/certificates.ts';
import type { IssuedCertificate } from '../certificates/authority.ts';

export interface TlsServerOptions {
  /** Default: a valid one for `localhost`, `127.0.0.1` and `::1`. */
  readonly certificate?: IssuedCertificate;
  /** Asks clients for a certificate of the testbed's authority and refuses those that have none. Default false. */
  readonly requestClientCertificate?: boolean;
  readonly minVersion?: SecureVersion;
  readonly maxVersion?: SecureVersion;
  /** Default `['http/1.1']`; an empty list answers no ALPN at all. */
  readonly alpnProtocols?: readonly string[];
}

export interface TlsSetup {
  readonly ca: string;
  readonly server: TlsOptions;
}

export async function setUpTls(options: boolean | TlsServerOptions | undefined): Promise<TlsSetup | undefined> {
  if (options === undefined || options === false) return undefined;
  const wanted: TlsServerOptions = options === true ? {} : options;
  const { cert, key, ca } = wanted.certificate ?? (await serverCertificate());
  const alpnProtocols = wanted.alpnProtocols ?? ['http/1.1'];
  return {
    ca,
    server: {
      cert,
      key,
      ...(wanted.minVersion === undefined ? {} : { minVersion: wanted.minVersion }),
      ...(wanted.maxVersion === undefined ? {} : { maxVersion: wanted.maxVersion }),
      ...(alpnProtocols.length === 0 ? {} : { ALPNProtocols: [...alpnProtocols] }),
      ...(wanted.requestClientCertificate === true
        ? { requestCert: true, rejectUnauthorized: true, ca: (await trustedAuthority()).certificate }
        : {}),
    },
  };
}
