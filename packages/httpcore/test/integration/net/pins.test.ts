/** Keys that a peer must have. */
import { serverCertificate, startProxy, startServer, trustedAuthority, type LocalServer } from '@x/testbed';
import { beforeAll, describe, expect, it, vi } from 'vitest';

import { PinMismatch, Proxy, type TlsOptions } from '../../../src/index.ts';
import { pinOf, poolWith, reserve, strange, visit } from './trust-world.ts';

let ca: string;
beforeAll(async () => {
  ca = (await trustedAuthority()).certificate;
});

describe('tls.pins', () => {
  let leaf: string;
  let authority: string;
  beforeAll(async () => {
    leaf = pinOf((await serverCertificate()).cert);
    authority = pinOf(ca);
  });

  it.each([
    ['the key of the server', () => [leaf, reserve]],
    ['the key of its authority, which it does not send', () => [reserve, authority]],
    ["curl's spelling", () => [leaf.replace('/', '//'), reserve]],
    ['its origin', () => ({ 'https://localhost': [leaf, reserve], 'https://other.test': [strange, reserve] })],
    ['every origin', () => ({ '*': [leaf, reserve] })],
  ])('let a server through by %s', async (_name, pins) => {
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    await using pool = poolWith({ ca, pins: pins() });
    expect((await visit(pool, server)).text).toBe('hi');
  });

  it.each<[string, (server: LocalServer) => TlsOptions]>([
    ['on HTTP/1.1', () => ({ ca })],
    ['where nothing else is verified', () => ({ rejectUnauthorized: false })],
    ['over TLS 1.2', () => ({ ca, maxVersion: 'TLSv1.2' })],
    ['by the origin', () => ({ ca, pins: { '*': [leaf, reserve], 'localhost:*': [strange, reserve] } })],
  ])('refuse a server whose key is another, %s', async (_name, tls) => {
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    await using pool = poolWith({ pins: [strange, reserve], ...tls(server) });
    for (const again of [1, 2]) {
      const error = await visit(pool, server).then(
        () => expect.unreachable('it was answered'),
        (thrown: unknown) => thrown as PinMismatch,
      );
      expect(error, String(again)).toBeInstanceOf(PinMismatch);
      expect(error).toMatchObject({ name: 'PinMismatch', code: 'PIN_MISMATCH', phase: 'tls', requestSent: false });
      expect(error.seen[0]).toBe(leaf);
      expect(error.message).toContain(leaf);
    }
    expect(pool.stats()).toMatchObject({ connections: 0, opened: 0 });
  });

  it('count on the way through proxies, for the origin and for the proxy', async () => {
    await using server = await startServer('plain', { tls: true, http2: true, body: 'hi' });
    await using proxy = await startProxy('http', { tls: true });
    const throughProxy = (origin: string[], toProxy: string[]) =>
      poolWith({ ca, pins: origin }, { proxy: new Proxy(`https://localhost:${proxy.port}`, { tls: { ca, pins: toProxy } }) });
    await using good = throughProxy([leaf, reserve], [leaf, reserve]);
    expect((await visit(good, server)).text).toBe('hi');
    await using bad = throughProxy([strange, reserve], [leaf, reserve]);
    await expect(visit(bad, server)).rejects.toMatchObject({ code: 'PIN_MISMATCH', origin: `https://localhost:${server.port}` });
    await using badProxy = throughProxy([leaf, reserve], [strange, reserve]);
    await expect(visit(badProxy, server)).rejects.toMatchObject({
      code: 'PIN_MISMATCH',
      message: expect.stringContaining(String(proxy.port)) as string,
    });
    await using socks = await startProxy('socks');
    await using bySocks = poolWith({ ca, pins: [strange, reserve] }, { proxy: `socks5h://127.0.0.1:${socks.port}` });
    await expect(visit(bySocks, server)).rejects.toMatchObject({ code: 'PIN_MISMATCH' });
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'are looked at when a session of %s is resumed, and the peer is still known',
    async (maxVersion) => {
      await using server = await startServer('plain', { tls: { maxVersion }, body: 'hi' });
      await using pool = poolWith({ ca, pins: [leaf, reserve] });
      const first = await visit(pool, server, 'localhost', [['connection', 'close']]);
      const second = await visit(pool, server, 'localhost', [['connection', 'close']]);
      expect([first.connection.tlsResumed, second.connection.tlsResumed]).toEqual([false, true]);
      expect(second.connection.peerCertificate).toEqual(first.connection.peerCertificate);
    },
  );

  it('are checked for an origin that would share the connection of another', async () => {
    const { cert, key, ca: issuer } = await serverCertificate({ names: ['a.test', 'b.test', 'c.test'] });
    await using server = await startServer('plain', { http2: true, tls: { certificate: { cert, key, ca: issuer } }, body: 'hi' });
    const pins = { 'a.test': [pinOf(cert), reserve], 'b.test': [strange, reserve] };
    await using pool = poolWith({ ca, pins }, { coalesce: true });
    await visit(pool, server, 'a.test');
    expect((await visit(pool, server, 'c.test')).text).toBe('hi');
    expect(pool.stats().opened).toBe(1);
    await expect(visit(pool, server, 'b.test')).rejects.toThrow(PinMismatch);
  });

  it('warn of a key without one in reserve, and are refused where they are none', async () => {
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    try {
      await using lonely = poolWith({ pins: [reserve] });
      await using twice = poolWith({ pins: { 'a.test': [reserve, reserve] } });
      void [lonely, twice];
      expect(warning.mock.calls.map(([text]) => String(text))).toEqual([
        expect.stringMatching(/tls\.pins has a single pin/),
        expect.any(String),
      ]);
    } finally {
      warning.mockRestore();
    }
    for (const pins of [[], ['sha256/short'], ['sha1/AAAA'], [7], 'sha256/x', { 'ftp://a': [reserve] }, { a: [] }, null]) {
      expect(() => poolWith({ pins: pins as never })).toThrow(/tls\.pins/);
    }
  });
});
