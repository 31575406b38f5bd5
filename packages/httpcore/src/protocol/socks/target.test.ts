import { Buffer } from 'node:buffer';

import { describe, expect, it } from 'vitest';

import { hex, transcriptOf } from '../../../test/support/socks/transcript.ts';
import { parseTarget } from './target.ts';

describe('parseTarget', () => {
  it.each([
    ['192.0.2.1', 'ipv4', 'c0 00 02 01'],
    ['::1', 'ipv6', '00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01'],
    ['fe80::1%eth0', 'ipv6', 'fe 80 00 00 00 00 00 00 00 00 00 00 00 00 00 01'],
    ['example.com', 'name', hex('example.com')],
    ['example.com.', 'name', hex('example.com.')],
    ['a_b.example', 'name', hex('a_b.example')],
    ['127.1', 'name', hex('127.1')],
    ['a'.repeat(255), 'name', hex(Buffer.alloc(255, 'a'))],
  ])('%s', (host, kind, octets) => {
    const target = parseTarget({ host, port: 258 });
    expect(target.kind).toBe(kind);
    expect(hex(target.host)).toBe(octets);
    expect(hex(target.port)).toBe('01 02');
  });

  it.each([1, 255, 256, 65_535])('has the port %i in two octets', (port) => {
    expect(Buffer.from(parseTarget({ host: 'a', port }).port).readUInt16BE()).toBe(port);
  });

  it.each(['', ' ', 'a b', 'a\0b', 'a\r\n', 'a\n', 'é', 'a:1', '[::1]', ':::', '1::2::3', 'fe80:%eth0', 'a\u007f'])(
    'refuses the host %j',
    (host) => {
      expect(() => parseTarget({ host, port: 80 })).toThrow(
        expect.objectContaining({ name: 'LocalProtocolError', code: 'INVALID_HOST', phase: 'request' }),
      );
    },
  );

  it.each([0, -1, 65_536, 1.5, Number.NaN, '80'])('refuses the port %j', (port) => {
    expect(() => parseTarget({ host: 'a', port: port as number })).toThrow(
      expect.objectContaining({ name: 'LocalProtocolError', code: 'INVALID_PORT' }),
    );
  });

  // CVE-2023-38545: curl resolved such a name by itself instead, and had sized its buffer for shorter ones.
  it.each([256, 257, 511, 512, 65_536])('refuses a name of %i octets under every version that takes names, and sends nothing', (length) => {
    for (const version of ['5', '4a'] as const) {
      expect(() => transcriptOf([], { version, host: 'a'.repeat(length) })).toThrow(
        expect.objectContaining({ code: 'INVALID_HOST', message: expect.stringContaining('more than the 255 octets') as string }),
      );
    }
  });
});
