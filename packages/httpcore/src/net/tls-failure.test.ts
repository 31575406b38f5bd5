import { describe, expect, it } from 'vitest';

import { tlsError } from './tls-failure.ts';

const failed = (message: string, code?: string, named?: string): string =>
  tlsError('https://a.example:443', Object.assign(new Error(message), code === undefined ? {} : { code }), named).message;

describe('a handshake that failed', () => {
  it.each([
    ['self-signed certificate', 'DEPTH_ZERO_SELF_SIGNED_CERT', /tls\.ca.*NODE_EXTRA_CA_CERTS/],
    ['unable to get local issuer certificate', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY', /tls\.ca.*NODE_EXTRA_CA_CERTS/],
    ['certificate has expired', 'CERT_HAS_EXPIRED', /clock/],
    ["Hostname/IP does not match certificate's altnames", 'ERR_TLS_CERT_ALTNAME_INVALID', /tls\.servername/],
  ])('with %j says what helps', (message, code, hint) => {
    expect(failed(message, code)).toContain(`TLS with https://a.example:443 failed: ${message} (${code}). `);
    expect(failed(message, code)).toMatch(hint);
  });

  it('shows no raw lines of OpenSSL', () => {
    const raw =
      '80AC264F377F0000:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../deps/openssl/record/ssl3_record.c:350:\n';
    expect(failed(raw, 'ERR_SSL_WRONG_VERSION_NUMBER')).toBe(
      'TLS with https://a.example:443 failed: the peer does not speak TLS on this port; is it plain http? (ERR_SSL_WRONG_VERSION_NUMBER)',
    );
    const alert =
      'C0:error:0A000410:SSL routines:ssl3_read_bytes:sslv3 alert handshake failure:../deps/openssl/rec_layer_s3.c:1605:SSL alert number 40\n';
    expect(failed(alert, 'ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE')).toBe(
      'TLS with https://a.example:443 failed: sslv3 alert handshake failure (ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE)',
    );
    expect(failed('error:0A000086:SSL routines::certificate verify failed')).not.toContain('0A000086');
  });

  it('says so of a proxy, and whose it is', () => {
    expect(failed('read ECONNRESET', 'ECONNRESET', 'the proxy at https://p.example:1')).toBe(
      'TLS with the proxy at https://p.example:1 failed: read ECONNRESET',
    );
    expect(tlsError('https://a.example:443', new Error('x'), 'the proxy at https://a.example:443').origin).toBe('https://a.example:443');
  });
});
