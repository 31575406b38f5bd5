import { X509Certificate } from 'node:crypto';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import {
  clientCertificate,
  expiredCertificate,
  futureCertificate,
  serverCertificate,
  strangeAuthority,
  trustedAuthority,
} from './certificates.ts';
import type { IssuedCertificate } from './authority.ts';

/** Shakes hands with a server that has this certificate; gives the client's verdict on it. */
async function verdict(certificate: IssuedCertificate, servername: string | undefined): Promise<string> {
  const server = createServer({ cert: certificate.cert, key: certificate.key });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as AddressInfo).port;
  const { certificate: ca } = await trustedAuthority();
  const socket: TLSSocket = connect({
    port,
    host: '127.0.0.1',
    ca,
    rejectUnauthorized: false,
    ...(servername === undefined ? {} : { servername }),
  });
  try {
    await once(socket, 'secureConnect');
    return socket.authorized ? 'authorized' : String(socket.authorizationError);
  } finally {
    socket.destroy();
    server.close();
    await once(server, 'close');
  }
}

describe('server certificates', () => {
  test('are trusted for localhost, for loopback addresses and for names asked for', async () => {
    const certificate = await serverCertificate({ names: ['api.example.test'] });
    expect(await verdict(certificate, 'localhost')).toBe('authorized');
    expect(await verdict(certificate, undefined)).toBe('authorized');
    expect(await verdict(certificate, 'api.example.test')).toBe('authorized');
    expect(new X509Certificate(certificate.cert).checkIP('::1')).toBe('::1');
  });

  test('are refused for another name', async () => {
    const certificate = await serverCertificate({ onlyNames: ['elsewhere.test'] });
    const checked = new X509Certificate(certificate.cert);
    expect(checked.checkHost('elsewhere.test')).toBe('elsewhere.test');
    expect(checked.checkHost('localhost')).toBeUndefined();
    expect(checked.checkIP('127.0.0.1')).toBeUndefined();
  });

  test('are refused when expired, not yet valid, or signed by a stranger', async () => {
    expect(await verdict(await expiredCertificate(), 'localhost')).toBe('CERT_HAS_EXPIRED');
    expect(await verdict(await futureCertificate(), 'localhost')).toBe('CERT_NOT_YET_VALID');
    const stranger = await serverCertificate({ authority: await strangeAuthority() });
    expect(await verdict(stranger, 'localhost')).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
  });

  test('are made once per process and set of names', async () => {
    expect(await serverCertificate()).toBe(await serverCertificate());
    expect(await serverCertificate({ names: ['other.test'] })).not.toBe(await serverCertificate());
  });
});

test('a client certificate carries its name and may be used by clients', async () => {
  const certificate = new X509Certificate((await clientCertificate('ada')).cert);
  expect(certificate.subject).toBe('CN=ada');
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  expect(certificate.verify(new X509Certificate((await trustedAuthority()).certificate).publicKey)).toBe(true);
});
