import { describe, expect, it } from 'vitest';

import { checkSocksCredentials, createSocksHandshake, type SocksCredentials, type SocksVersion } from './socks.ts';

const long = 'ü'.repeat(127);

describe('checkSocksCredentials', () => {
  it.each<[SocksVersion, string, string]>([
    ['5', 'u', 'p'],
    ['5', 'u', ''],
    ['5', 'u\0', 'p\0'],
    ['5', `${long}u`, `${long}p`],
    ['4', '', ''],
    ['4', 'u', ''],
    ['4a', `${long}u`, ''],
  ])('SOCKS%s takes %j and %j', (version, user, password) => {
    checkSocksCredentials(version, { user, password });
    expect(create(version, { user, password })).not.toThrow();
  });

  it.each<[SocksVersion, string, string, string]>([
    ['5', '', 'secret', 'user for a SOCKS5 proxy is empty'],
    ['5', `${long}uu`, 'secret', 'user for a SOCKS proxy has more than 255 octets'],
    ['5', 'someone', `${long}pp`, 'password for a SOCKS5 proxy has more than 255 octets'],
    ['4', `${long}uu`, '', 'user for a SOCKS proxy has more than 255 octets'],
    ['4', 'some\0one', '', 'NUL'],
    ['4a', 'some\0one', '', 'NUL'],
    ['4', 'someone', 'secret', 'SOCKS4 has no passwords'],
    ['4a', '', 'secret', 'SOCKS4 has no passwords'],
    ['5', null as unknown as string, 'secret', 'must be strings'],
    ['5', 'someone', 7 as unknown as string, 'must be strings'],
  ])('SOCKS%s refuses %j and %j', (version, user, password, part) => {
    const refusal: unknown = expect.objectContaining({
      name: 'LocalProtocolError',
      code: 'INVALID_OPTION',
      phase: 'request',
      message: expect.stringContaining(part) as string,
    });
    expect(() => checkSocksCredentials(version, { user, password })).toThrow(refusal);
    expect(create(version, { user, password })).toThrow(refusal);
    expect(create(version, { user, password })).not.toThrow(/secret|someone|üü/);
  });
});

/** The check is part of the construction, and comes before anything is sent. */
function create(version: SocksVersion, credentials: SocksCredentials): () => void {
  const sink = { write: (): boolean => expect.unreachable('something was sent') };
  const handler = { onEstablished: () => {}, onFailed: () => {} };
  return () => void createSocksHandshake(version, { host: '192.0.2.1', port: 80 }, credentials, sink, handler);
}
