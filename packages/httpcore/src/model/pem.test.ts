import { describe, expect, it } from 'vitest';

import { toPem } from './pem.ts';

const pem = (label: string): string => `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
const der = Uint8Array.from({ length: 100 }, (_, index) => (index === 0 ? 0x30 : 7));

describe('PEM', () => {
  it('is taken as text and as bytes, one or several', () => {
    expect(toPem('ca', pem('CERTIFICATE'))).toEqual([pem('CERTIFICATE')]);
    expect(toPem('cert', [pem('X509 CERTIFICATE'), Buffer.from(pem('CERTIFICATE'))])).toHaveLength(2);
    for (const label of ['PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY', 'ENCRYPTED PRIVATE KEY'])
      expect(toPem('key', pem(label))).toEqual([pem(label)]);
  });

  it('is made of DER', () => {
    const [made] = toPem('ca', der) as [string];
    const lines = made.trim().split('\n');
    expect([lines[0], lines.at(-1)]).toEqual(['-----BEGIN CERTIFICATE-----', '-----END CERTIFICATE-----']);
    expect(Uint8Array.from(Buffer.from(lines.slice(1, -1).join(''), 'base64'))).toEqual(der);
    expect(toPem('key', der)[0]).toContain('-----BEGIN PRIVATE KEY-----');
  });

  it.each<[string, 'ca' | 'cert' | 'key', unknown, RegExp]>([
    ['a path', 'ca', '/etc/ssl/ca.pem', /tls\.ca holds no certificate\. Is it the path of a file\?/],
    ['text', 'cert', 'not\na certificate', /tls\.cert holds no certificate in PEM/],
    ['a key', 'ca', pem('PRIVATE KEY'), /tls\.ca holds no certificate in PEM/],
    ['a certificate', 'key', pem('CERTIFICATE'), /tls\.key holds no private key in PEM/],
    ['bytes', 'ca', Uint8Array.from([1, 2, 3]), /tls\.ca holds no certificate in PEM or DER/],
    ['nothing', 'ca', '', /tls\.ca holds no certificate/],
    ['an empty list', 'ca', [], /tls\.ca is an empty list/],
    ['a number', 'key', 7, /tls\.key must be text in PEM/],
    ['one of several', 'ca', [pem('CERTIFICATE'), 's3cret'], /tls\.ca holds no certificate/],
  ])('is not %s', (_, option, value, message) => {
    let error: unknown;
    try {
      toPem(option, value as string);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: 'LocalProtocolError', code: 'INVALID_OPTION', message: expect.stringMatching(message) as string });
    expect((error as Error).message).not.toContain('s3cret');
  });
});
