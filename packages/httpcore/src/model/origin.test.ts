import { describe, expect, it } from 'vitest';

import type { LocalProtocolError } from '../contract/errors.ts';
import { parseOrigin } from './origin.ts';

describe('parseOrigin', () => {
  it.each([
    ['http', 'Example.COM', null, { host: 'example.com', port: 80, authority: 'example.com', text: 'http://example.com:80' }],
    ['https', 'example.com', 443, { authority: 'example.com', text: 'https://example.com:443' }],
    ['http', 'example.com', 443, { authority: 'example.com:443' }],
    ['http', '::1', 8080, { host: '::1', authority: '[::1]:8080', text: 'http://[::1]:8080' }],
    ['http', '[2001:DB8::1]', null, { host: '2001:db8::1', authority: '[2001:db8::1]' }],
    ['http', '127.0.0.1', 1, { host: '127.0.0.1', authority: '127.0.0.1:1' }],
  ] as const)('%s %s %s', (scheme, host, port, parts) => {
    expect(parseOrigin(scheme, host, port)).toMatchObject(parts);
  });

  it('connects with the zone of an address, tells origins apart by it, and never sends it', () => {
    expect(parseOrigin('https', '[FE80::1%Eth0]', 8443)).toEqual({
      scheme: 'https',
      host: 'fe80::1%Eth0',
      port: 8443,
      servername: undefined,
      authority: '[fe80::1]:8443',
      text: 'https://[fe80::1%Eth0]:8443',
    });
  });

  it('takes the server name for TLS from the caller, if there is one', () => {
    expect(parseOrigin('https', 'a', null).servername).toBeUndefined();
    expect(parseOrigin('https', 'a', null, 'b').servername).toBe('b');
  });

  it.each([
    '',
    ' ',
    'a b',
    'a/b',
    'a@b',
    'user:pw@a',
    'a#b',
    'a?b',
    'a\r\nb',
    'a\0',
    '[a]',
    '[::1',
    '::1]',
    'a:1',
    'é',
    'a'.repeat(256),
    null,
    7,
    {},
  ])('refuses the host %j', (host) => {
    expect(() => parseOrigin('http', host as string, null)).toThrow(expect.objectContaining({ code: 'INVALID_HOST' }));
  });

  it('refuses other schemes, ports and server names', () => {
    for (const scheme of ['ftp', 'HTTP', '', 'unix', null]) {
      expect(() => parseOrigin(scheme as string, 'a', null)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_PROTOCOL' }));
    }
    for (const port of [0, -1, 65_536, 1.5, Number.NaN, '80']) {
      expect(() => parseOrigin('http', 'a', port as number)).toThrow(expect.objectContaining({ code: 'INVALID_PORT' }));
    }
    for (const servername of ['b\r\n', '.', '..', '.b', 'b..c', 'b..']) {
      expect(() => parseOrigin('https', 'a', null, servername)).toThrow(expect.objectContaining({ code: 'INVALID_HOST' }));
    }
    for (const servername of ['b.', 'b.c', '::1', '127.0.0.1']) {
      expect(parseOrigin('https', 'a', null, servername).servername).toBe(servername);
    }
  });
});

function refusal(host: string): LocalProtocolError {
  try {
    parseOrigin('http', host, null);
  } catch (error) {
    return error as LocalProtocolError;
  }
  throw new Error('it was taken');
}

describe('hosts', () => {
  it.each([
    ['example.com', 'example.com', 'example.com'],
    ['EXAMPLE.com.', 'example.com.', 'example.com.'],
    ['127.0.0.1', '127.0.0.1', '127.0.0.1'],
    ['::1', '::1', '[::1]'],
    ['[::1]', '::1', '[::1]'],
    ['2001:DB8::ff:1.2.3.4', '2001:db8::ff:1.2.3.4', '[2001:db8::ff:1.2.3.4]'],
  ])('%s', (given, host, authority) => {
    expect(parseOrigin('http', given, null)).toMatchObject({ host, authority, text: `http://${authority}:80` });
  });

  it.each(['a:80', ':80', ':::', '1:2', '::1::2', '1:2:3:4:5:6:7:8:9', '[a.example]', '[::1', '::1]', '12345::', 'a@b', '', 'a\r\nb'])(
    '%j is refused',
    (host) => {
      expect(refusal(host)).toMatchObject({ name: 'LocalProtocolError', code: 'INVALID_HOST', requestSent: false });
    },
  );

  it('what stands before an @ is not shown: it may be a password', () => {
    const { message } = refusal('user:hunter2@host.example');
    expect(message).toContain('host.example');
    expect(message).not.toContain('hunter2');
  });
});
