import { describe, expect, it } from 'vitest';

import type { GuardTarget } from '../contract/guard.ts';
import { publicOnly, type PublicOnlyOptions } from './public-only.ts';
import { specialNetworks } from './special-networks.ts';
import { networkOf } from './ip-address.ts';

function target(address: string, more: Partial<GuardTarget> = {}): GuardTarget {
  return { host: 'a.example', port: 443, address, socketPath: undefined, proxy: undefined, ...more };
}

function verdict(address: string, options?: PublicOnlyOptions, more?: Partial<GuardTarget>): string | undefined {
  return publicOnly(options).check(target(address, more));
}

describe('public addresses only', () => {
  it.each([
    '1.1.1.1',
    '8.8.8.8',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.0',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.0.0.9',
    '192.0.1.0',
    '192.167.255.255',
    '198.17.255.255',
    '198.20.0.0',
    '223.255.255.255',
    '168.63.129.15',
    '2606:4700:4700::1111',
    '2001:4860:4860::8888',
    '2001:1::1',
    '2001:20::1',
    '2001:200::1',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808',
    '64:ff9b::8.8.8.8',
    '2002:808:808::1',
  ])('%s may be connected to', (address) => expect(verdict(address)).toBeUndefined());

  it.each([
    ['0.0.0.0', 'This network'],
    ['0.1.2.3', 'This network'],
    ['10.0.0.0', 'RFC 1918'],
    ['10.255.255.255', 'RFC 1918'],
    ['100.64.0.0', 'RFC 6598'],
    ['100.100.100.200', 'RFC 6598'],
    ['127.0.0.1', 'Loopback'],
    ['127.255.255.254', 'Loopback'],
    ['169.254.169.254', 'Link Local'],
    ['172.16.0.0', 'RFC 1918'],
    ['172.31.255.255', 'RFC 1918'],
    ['192.0.0.8', 'IETF'],
    ['192.0.0.192', 'IETF'],
    ['192.0.2.1', 'TEST-NET-1'],
    ['192.88.99.1', '6to4'],
    ['192.168.1.1', 'RFC 1918'],
    ['198.19.255.255', 'Benchmarking'],
    ['198.51.100.7', 'TEST-NET-2'],
    ['203.0.113.7', 'TEST-NET-3'],
    ['224.0.0.1', 'Multicast'],
    ['240.0.0.1', 'Reserved'],
    ['255.255.255.255', 'Reserved'],
    ['168.63.129.16', 'Azure'],
    ['::', 'Unspecified'],
    ['::1', 'Loopback'],
    ['0:0:0:0:0:0:0:1', 'Loopback'],
    ['::127.0.0.1', 'not in 2000::/3'],
    ['::ffff:127.0.0.1', 'Loopback, RFC 1122), IPv4-mapped'],
    ['::ffff:7f00:1', 'Loopback'],
    ['::ffff:0:7f00:1', 'IPv4-translated'],
    ['64:ff9b::7f00:1', 'NAT64'],
    ['64:ff9b::169.254.169.254', 'Link Local'],
    ['64:ff9b:1::808:808', 'RFC 8215'],
    ['100::1', 'Discard'],
    ['2001::1', 'TEREDO'],
    ['2001:0:53aa:64c::', 'TEREDO'],
    ['2001:2::1', 'IETF'],
    ['2001:10::1', 'IETF'],
    ['2001:db8::1', 'Documentation'],
    ['2002:7f00:1::', '6to4'],
    ['2002:c0a8:101::1', '6to4'],
    ['3fff:fff::1', 'Documentation'],
    ['5f00::1', 'Segment Routing'],
    ['4000::1', 'not in 2000::/3'],
    ['fd00:ec2::254', 'Unique-Local'],
    ['fc00::1', 'Unique-Local'],
    ['fe80::1', 'Link-Local'],
    ['fe80::1%eth0', 'Link-Local'],
    ['febf::1%1', 'Link-Local'],
    ['fec0::1', 'Site-Local'],
    ['ff02::1', 'Multicast'],
  ])('%s may not: %s', (address, rule) => expect(verdict(address)).toContain(rule));

  it('has every row of its table in use, none of it hidden behind another', () => {
    for (const { network, isPublic } of specialNetworks) {
      const { octets } = networkOf(network)!;
      // That of TEREDO lies in it.
      const address = network === '2001::/23' ? '2001:100::' : octets.length === 4 ? octets.join('.') : network.split('/')[0]!;
      const found = verdict(address);
      if (isPublic) expect(found, network).toBeUndefined();
      else expect(found, network).toContain(network);
    }
  });

  it.each<[string, PublicOnlyOptions, Partial<GuardTarget>, string | undefined]>([
    ['10.1.2.3', { allow: ['10.1.0.0/16'] }, {}, undefined],
    ['10.2.2.3', { allow: ['10.1.0.0/16'] }, {}, 'RFC 1918'],
    ['10.1.2.3', { allow: ['10.1.0.0/16:8080'] }, {}, 'RFC 1918'],
    ['10.1.2.3', { allow: ['10.1.0.0/16:8080'] }, { port: 8080 }, undefined],
    ['10.1.2.3', { allow: ['10.1.2.3'] }, {}, undefined],
    ['::ffff:10.1.2.3', { allow: ['10.1.2.3'] }, {}, undefined],
    ['fd00::1', { allow: ['fd00::/8'] }, {}, undefined],
    ['fd00::1', { allow: ['[fd00::/8]:443'] }, {}, undefined],
    ['fd00::1', { allow: ['[fd00::/8]:80'] }, {}, 'Unique-Local'],
    ['10.1.2.3', { allow: ['api.internal'] }, { host: 'API.internal.' }, undefined],
    ['10.1.2.3', { allow: ['api.internal'] }, { host: 'x.api.internal' }, 'RFC 1918'],
    ['10.1.2.3', { allow: ['*.internal'] }, { host: 'x.api.internal' }, undefined],
    ['10.1.2.3', { allow: ['*.internal'] }, { host: 'internal' }, 'RFC 1918'],
    ['10.1.2.3', { allow: ['*.internal'] }, { host: 'evilinternal' }, 'RFC 1918'],
    ['10.1.2.3', { allow: ['api.internal:8080'] }, { host: 'api.internal' }, 'RFC 1918'],
    ['8.8.8.8', { deny: ['8.8.8.0/24'] }, {}, 'deny: 8.8.8.0/24'],
    ['64:ff9b::808:808', { deny: ['8.8.8.8'] }, {}, 'deny: 8.8.8.8'],
    ['8.8.8.8', { deny: [':22'] }, { port: 22 }, 'deny: :22'],
    ['8.8.8.8', { deny: [':22'] }, { port: 443 }, undefined],
    ['8.8.8.8', { deny: ['*.example'] }, {}, 'deny: *.example'],
    ['10.1.2.3', { allow: ['10.0.0.0/8'], deny: ['10.1.0.0/16'] }, {}, 'deny: 10.1.0.0/16'],
  ])('%s with %j and %j', (address, options, more, rule) => {
    if (rule === undefined) expect(verdict(address, options, more)).toBeUndefined();
    else expect(verdict(address, options, more)).toContain(rule);
  });

  it('lets proxies resolve no names, unless told so, and then none that are numbers or loopback', () => {
    const remote = (host: string, options?: PublicOnlyOptions): string | undefined =>
      publicOnly(options).check({ host, port: 80, address: undefined, socketPath: undefined, proxy: 'http://p.example:3128' });
    expect(remote('a.example')).toContain('allowRemoteNames');
    expect(remote('a.example', { allow: ['*.example'] })).toBeUndefined();
    expect(remote('a.example', { allowRemoteNames: true })).toBeUndefined();
    for (const host of ['127.1', '0x7f.1', '2130706433', '0x7f000001.', '017700000001']) {
      expect(remote(host, { allowRemoteNames: true }), host).toContain('number');
    }
    for (const host of ['localhost', 'LOCALHOST.', 'x.localhost'])
      expect(remote(host, { allowRemoteNames: true }), host).toContain('localhost');
  });

  it('lets no unix socket be used, unless told so', () => {
    const socket = { host: 'a.example', port: 80, address: undefined, socketPath: '/run/docker.sock', proxy: undefined };
    expect(publicOnly().check(socket)).toContain('allowSockets');
    expect(publicOnly({ allowSockets: true }).check(socket)).toBeUndefined();
  });

  it.each([
    [{ allow: ['10.0.0.0/33'] }],
    [{ allow: ['10.0.0.0/8/8'] }],
    [{ allow: ['300.1.1.1/8'] }],
    [{ deny: ['fe80::1%eth0/10'] }],
    [{ deny: ['a b'] }],
    [{ deny: [''] }],
    [{ deny: ['host:99999'] }],
    [{ deny: [42] }],
    [{ allow: '10.0.0.0/8' }],
    [{ allowSockets: 1 }],
    [{ allowed: [] }],
  ])('refuses %j', (options) => {
    expect(() => publicOnly(options as PublicOnlyOptions)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }));
  });
});
