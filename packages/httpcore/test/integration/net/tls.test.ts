import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import nodeTls, { createServer as createTlsServer, type TlsOptions as ServerTlsOptions, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';

import {
  clientCertificate,
  createAuthority,
  expiredCertificate,
  futureCertificate,
  serverCertificate,
  strangeAuthority,
  trustedAuthority,
} from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { TlsOptions } from '../../../src/contract/tls-options.ts';
import { systemClock } from '../../../src/time/clock.ts';
import { connectTo, dialerWith, dialTo, listen, openResources, Recorder, resourcesBackTo, type Listening } from './sockets.ts';

interface SettingTls {
  getCACertificates(type: 'default'): readonly string[];
  setDefaultCACertificates(certificates: readonly string[]): void;
}

interface TlsListening extends Listening {
  /** The server's side of each connection whose handshake was finished. */
  readonly secured: TLSSocket[];
}

async function tlsServer(options: ServerTlsOptions = {}, where?: { host: string } | { path: string }): Promise<TlsListening> {
  const { cert, key } = await serverCertificate();
  const server = createTlsServer({ cert, key, ...options });
  const secured: TLSSocket[] = [];
  server.on('secureConnection', (socket) => secured.push(socket));
  return Object.assign(await listen(server, where), { secured });
}

const localhost = { scheme: 'https', host: 'localhost' } as const;
/** The families of `localhost` differ between machines; the servers here are on 127.0.0.1. */
const lookup = ((_host: string, _options: unknown, done: (...answer: unknown[]) => void) => done(null, '127.0.0.1', 4)) as never;

let ca: string;
beforeAll(async () => {
  ca = (await trustedAuthority()).certificate;
});

const refusal = (port: number, tls: TlsOptions, servername?: string): Promise<unknown> =>
  connectTo({ ...localhost, port, ...(servername !== undefined && { servername }) }, { tls, lookup }).then(
    () => expect.unreachable('it connected'),
    (error: unknown) => error,
  );

describe('TLS', () => {
  it('verifies the peer, and knows what was agreed on', async () => {
    await using server = await tlsServer({ ALPNProtocols: ['http/1.1', 'h2'] });
    const dialer = dialerWith({ tls: { ca }, lookup }, systemClock, ['h2', 'http/1.1']);
    const { transport } = await dialTo(dialer, { ...localhost, port: server.port }).result;
    expect(transport.facts).toMatchObject({
      remoteAddress: '127.0.0.1',
      remotePort: server.port,
      alpnProtocol: 'http/1.1',
      tls: { version: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', resumed: false },
    });
    expect(transport.facts.tls?.certificateNames()).toContain('localhost');
    transport.destroy();
  });

  it('has no protocol when the server does not know ALPN', async () => {
    await using server = await tlsServer();
    const dialer = dialerWith({ tls: { ca }, lookup }, systemClock, ['h2', 'http/1.1']);
    const { transport } = await dialTo(dialer, { ...localhost, port: server.port }).result;
    expect(transport.facts.alpnProtocol).toBeUndefined();
    transport.destroy();
  });

  it('loses no byte that the server sends right after its handshake', async () => {
    const greeting = Buffer.alloc(100_000, 'hello ');
    const greeter = createTlsServer(await serverCertificate(), (socket) => void socket.end(greeting));
    await using listening = await listen(greeter);
    const transport = await connectTo({ ...localhost, port: listening.port }, { tls: { ca }, lookup });
    const recorder = Recorder.start(transport);
    await recorder.called('end');
    expect(recorder.bytes.equals(greeting)).toBe(true);
    transport.destroy();
  });

  describe('refuses', () => {
    it('an authority that it does not know', async () => {
      const { cert, key } = await serverCertificate({ authority: await strangeAuthority() });
      await using server = await tlsServer({ cert, key });
      const before = openResources();
      const error = await refusal(server.port, { ca });
      expect(error).toMatchObject({
        name: 'ConnectError',
        code: 'TLS_FAILED',
        phase: 'tls',
        origin: `https://localhost:${server.port}`,
        cause: { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' },
      });
      const { message } = error as Error;
      expect(message).toContain(`TLS with https://localhost:${server.port} failed: unable to verify the first certificate`);
      expect(message).toContain('(UNABLE_TO_VERIFY_LEAF_SIGNATURE)');
      await resourcesBackTo(before);
    });

    it('an authority that only the caller knows, without being told of it', async () => {
      await using server = await tlsServer();
      expect(await refusal(server.port, {})).toMatchObject({ code: 'TLS_FAILED' });
    });

    it('a certificate for another name', async () => {
      await using server = await tlsServer(await serverCertificate({ onlyNames: ['elsewhere.test'] }));
      expect(await refusal(server.port, { ca })).toMatchObject({ code: 'TLS_FAILED', cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
    });

    it('a certificate whose time is over, or has not begun', async () => {
      await using expired = await tlsServer(await expiredCertificate());
      expect(await refusal(expired.port, { ca })).toMatchObject({ code: 'TLS_FAILED', cause: { code: 'CERT_HAS_EXPIRED' } });
      await using future = await tlsServer(await futureCertificate());
      expect(await refusal(future.port, { ca })).toMatchObject({ code: 'TLS_FAILED', cause: { code: 'CERT_NOT_YET_VALID' } });
    });

    it('TLS 1.1', async () => {
      await using server = await tlsServer({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' });
      expect(await refusal(server.port, { ca })).toMatchObject({ code: 'TLS_FAILED', phase: 'tls' });
      expect(server.secured).toEqual([]);
      // The server is able to: it is our minimum that refuses.
      const transport = await connectTo(
        { ...localhost, port: server.port },
        { tls: { ca, minVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }, lookup },
      );
      expect(transport.facts.tls?.version).toBe('TLSv1.1');
      transport.destroy();
    });

    it('to be talked out of it by the environment, or by a polluted prototype', async () => {
      await using server = await tlsServer(await serverCertificate({ authority: await strangeAuthority() }));
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      const everyObject = Object.prototype as Record<string, unknown>;
      everyObject['rejectUnauthorized'] = false;
      try {
        expect(await refusal(server.port, { ca })).toMatchObject({ code: 'TLS_FAILED' });
      } finally {
        delete everyObject['rejectUnauthorized'];
      }
    });

    it('what checkServerIdentity refuses, and what it throws on', async () => {
      await using server = await tlsServer();
      const asked: string[] = [];
      const pinned = (host: string, certificate: { fingerprint256: string }): Error => {
        asked.push(host);
        return new Error(`not the pinned key: ${certificate.fingerprint256.slice(0, 2)}`);
      };
      expect(await refusal(server.port, { ca, checkServerIdentity: pinned })).toMatchObject({
        code: 'TLS_FAILED',
        cause: { message: expect.stringMatching(/^not the pinned key: [0-9A-F]{2}$/) as string },
      });
      expect(asked).toEqual(['localhost']);
      const broken = (): Error => {
        throw new TypeError('bug in the pin');
      };
      expect(await refusal(server.port, { ca, checkServerIdentity: broken })).toMatchObject({ cause: { message: 'bug in the pin' } });
    });

    it.each([
      ['a key that is none', { cert: 'nothing', key: 'secret words' }],
      ['a version that is none', { minVersion: 'TLSv9' as never }],
      ['ciphers that are none', { ciphers: 'NO-SUCH-CIPHER' }],
    ])('%s, before it touches the network', async (_name, tls) => {
      const error = await refusal(1, tls);
      expect(error).toMatchObject({ name: 'LocalProtocolError', code: 'INVALID_OPTION' });
      expect(JSON.stringify(error) + (error as Error).message).not.toContain('secret words');
    });
  });

  describe('tells of a peer that', () => {
    it.each([
      ['ends', (socket: { end(): void }) => socket.end(), 'ECONNRESET'],
      ['closes', (socket: { destroy(): void }) => socket.destroy(), 'ECONNRESET'],
      ['resets', (socket: { resetAndDestroy(): void }) => socket.resetAndDestroy(), 'ECONNRESET'],
      ['speaks HTTP', (socket: { end(text: string): void }) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), /^ERR_SSL_/],
    ])('%s in the middle of the handshake', async (_name, act, code) => {
      await using server = await listen(createServer((socket) => socket.once('data', () => act(socket))));
      const before = openResources();
      const error = await refusal(server.port, { ca });
      expect(error).toMatchObject({ name: 'ConnectError', code: 'TLS_FAILED', phase: 'tls' });
      expect((error as { cause: { code: string } }).cause.code).toMatch(code);
      await resourcesBackTo(before);
    });

    it('closes as soon as it has accepted', async () => {
      await using server = await listen(createServer((socket) => void socket.destroy()));
      expect(await refusal(server.port, { ca })).toMatchObject({ code: 'TLS_FAILED' });
    });

    it('wants a certificate that we do not have', async () => {
      await using server = await tlsServer({ requestCert: true, rejectUnauthorized: true, ca, maxVersion: 'TLSv1.2' });
      expect(await refusal(server.port, { ca })).toMatchObject({ code: 'TLS_FAILED' });
    });

    // RFC 8446 §4.4.2.4: the client has finished its handshake before the server has looked at the (empty) certificate.
    it('wants a certificate that we do not have, over TLS 1.3: only after the handshake', async () => {
      await using server = await tlsServer({ requestCert: true, rejectUnauthorized: true, ca });
      const transport = await connectTo({ ...localhost, port: server.port }, { tls: { ca }, lookup });
      const recorder = Recorder.start(transport);
      await recorder.until(() => recorder.calls.length > 0);
      // With the alert, not as an end of the peer's that might be in order.
      expect([recorder.calls[0], recorder.error?.message]).toEqual(['closed', 'the peer sent the TLS alert "certificate required"']);
      expect(server.secured).toEqual([]);
      transport.destroy();
    });
  });

  it('accepts anything with rejectUnauthorized: false', async () => {
    await using server = await tlsServer(await expiredCertificate({ authority: await strangeAuthority() }));
    const transport = await connectTo({ ...localhost, port: server.port }, { tls: { rejectUnauthorized: false }, lookup });
    expect(transport.facts.tls?.version).toBe('TLSv1.3');
    transport.destroy();
  });

  it('shows its certificate to a server that asks for one', async () => {
    await using server = await tlsServer({ requestCert: true, rejectUnauthorized: true, ca });
    const { cert, key } = await clientCertificate('a client of ours');
    const transport = await connectTo({ ...localhost, port: server.port }, { tls: { ca, cert, key }, lookup });
    const recorder = Recorder.start(transport, () => transport.destroy());
    while (server.secured.length === 0) await new Promise(setImmediate);
    expect(server.secured[0]!.getPeerCertificate().subject.CN).toBe('a client of ours');
    server.secured[0]!.write('welcome');
    await recorder.called('closed');
    expect(recorder.error).toBeUndefined();
  });

  describe('server name', () => {
    const namesSeen = async (target: object, tls: TlsOptions): Promise<[sni: unknown, error: unknown]> => {
      await using server = await tlsServer(await serverCertificate({ onlyNames: ['request.test', 'pool.test', 'localhost'] }));
      let error: unknown;
      try {
        const transport = await connectTo({ ...localhost, port: server.port, ...target }, { tls: { ca, ...tls }, lookup });
        while (server.secured.length === 0) await new Promise(setImmediate);
        transport.destroy();
      } catch (thrown) {
        error = thrown;
      }
      return [(server.secured[0] as { servername?: unknown } | undefined)?.servername, error];
    };

    it('is the host, the one of the pool, or the one of the request: the most particular wins', async () => {
      expect(await namesSeen({}, {})).toEqual(['localhost', undefined]);
      expect(await namesSeen({}, { servername: 'pool.test' })).toEqual(['pool.test', undefined]);
      expect(await namesSeen({ servername: 'request.test' }, { servername: 'pool.test' })).toEqual(['request.test', undefined]);
    });

    it('is what the certificate is verified for', async () => {
      const [, error] = await namesSeen({ servername: 'other.test' }, {});
      expect(error).toMatchObject({ cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host: 'other.test' } });
    });

    it('leaves the dot of a fully qualified name out', async () => {
      expect(await namesSeen({ host: 'localhost.' }, {})).toEqual(['localhost', undefined]);
    });

    it('is not sent for an IP address, but the address is verified', async () => {
      await using server = await tlsServer();
      const transport = await connectTo({ scheme: 'https', port: server.port }, { tls: { ca } });
      while (server.secured.length === 0) await new Promise(setImmediate);
      expect((server.secured[0] as unknown as { servername: unknown }).servername).toBe(false);
      transport.destroy();
      await using named = await tlsServer(await serverCertificate({ onlyNames: ['localhost'] }));
      await expect(connectTo({ scheme: 'https', port: named.port }, { tls: { ca } })).rejects.toMatchObject({
        cause: { code: 'ERR_TLS_CERT_ALTNAME_INVALID', host: '127.0.0.1' },
      });
    });
  });

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('sessions over %s', (maxVersion) => {
    /** Dials, waits for a byte (with TLS 1.3 the session comes before it), and closes. */
    async function visit(dialer: ReturnType<typeof dialerWith>, port: number, target: object = {}) {
      const { transport } = await dialTo(dialer, { ...localhost, port, ...target }).result;
      const { tls } = transport.facts;
      const names = tls?.certificateNames();
      const recorder = Recorder.start(transport);
      transport.write('hello');
      await recorder.called('bytes');
      transport.destroy();
      await recorder.called('closed');
      return { resumed: tls?.resumed, names };
    }
    const echoing = async (): Promise<TlsListening> => {
      const { cert, key } = await serverCertificate({ names: ['other.test'] });
      const server = createTlsServer({ cert, key, maxVersion }, (socket) => socket.pipe(socket));
      return Object.assign(await listen(server), { secured: [] });
    };

    it('are resumed by the same pool, and the certificate is still known', async () => {
      await using server = await echoing();
      const dialer = dialerWith({ tls: { ca }, lookup });
      const first = await visit(dialer, server.port);
      const second = await visit(dialer, server.port);
      const third = await visit(dialer, server.port);
      expect([first.resumed, second.resumed, third.resumed]).toEqual([false, true, true]);
      expect(first.names).toContain('other.test');
      expect([second.names, third.names]).toEqual([first.names, first.names]);
    });

    it('are not shared with another pool, origin or server name', async () => {
      await using server = await echoing();
      await using other = await echoing();
      const dialer = dialerWith({ tls: { ca }, lookup });
      await visit(dialer, server.port);
      expect((await visit(dialerWith({ tls: { ca }, lookup }), server.port)).resumed).toBe(false);
      expect((await visit(dialer, other.port)).resumed).toBe(false);
      expect((await visit(dialer, server.port, { servername: 'other.test' })).resumed).toBe(false);
      expect((await visit(dialer, server.port)).resumed).toBe(true);
    });
  });

  it('goes over a unix socket like over any other', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'httpcore-'));
    const socketPath = join(directory, 'tls.sock');
    try {
      await using server = await tlsServer({}, { path: socketPath });
      const transport = await connectTo({ ...localhost, port: 443 }, { tls: { ca }, socketPath });
      expect(transport.facts).toMatchObject({ remoteAddress: socketPath, remotePort: undefined, tls: { version: 'TLSv1.3' } });
      transport.destroy();
      expect(server.port).toBe(0);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('certificate authorities of the environment', () => {
  let directory: string;
  const file = (name: string): string => join(directory, name);
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'httpcore-'));
    await writeFile(file('trusted.pem'), ca);
    await writeFile(file('strange.pem'), (await strangeAuthority()).certificate);
    await writeFile(file('empty.pem'), '# no certificate\n');
  });
  afterAll(() => rm(directory, { recursive: true }));

  it('SSL_CERT_FILE is trusted without being asked for, but not beside `ca`', async () => {
    await using server = await tlsServer();
    vi.stubEnv('SSL_CERT_FILE', file('trusted.pem'));
    const transport = await connectTo({ ...localhost, port: server.port }, { lookup });
    transport.destroy();
    expect(await refusal(server.port, { ca: (await createAuthority('The only one')).certificate })).toMatchObject({ code: 'TLS_FAILED' });
  });

  it('SSL_CERT_FILE that can not be used is told by its name', async () => {
    vi.stubEnv('SSL_CERT_FILE', file('missing.pem'));
    expect(await refusal(1, {})).toMatchObject({
      name: 'ConnectError',
      code: 'TLS_FAILED',
      phase: 'tls',
      message: `SSL_CERT_FILE names ${JSON.stringify(file('missing.pem'))}, which can't be read: ENOENT`,
    });
    vi.stubEnv('SSL_CERT_FILE', file('empty.pem'));
    expect(await refusal(1, {})).toMatchObject({
      message: `SSL_CERT_FILE names ${JSON.stringify(file('empty.pem'))}, which holds no certificate in PEM`,
    });
  });

  const setting = nodeTls as unknown as Partial<SettingTls>;
  const whyNoSetting = setting.setDefaultCACertificates === undefined ? ` (SKIPPED: Node ${process.version} can set none)` : '';
  it.skipIf(whyNoSetting !== '')(
    `those that are set for the process hold for who asks for TLS first from then on, with a certificate of his own, too${whyNoSetting}`,
    async () => {
      const { getCACertificates, setDefaultCACertificates } = setting as SettingTls;
      await using server = await tlsServer();
      const { cert, key } = await clientCertificate('ada');
      const options: readonly TlsOptions[] = [{}, { cert, key }, { ca: ['default'] }, { ca: ['default'], cert, key }];
      for (const tls of options) expect(await refusal(server.port, tls)).toMatchObject({ code: 'TLS_FAILED' });
      const before = getCACertificates('default');
      setDefaultCACertificates([...before, ca]);
      try {
        for (const tls of options) {
          const transport = await connectTo({ ...localhost, port: server.port }, { tls, lookup });
          transport.destroy();
        }
      } finally {
        setDefaultCACertificates(before);
      }
      for (const tls of options) expect(await refusal(server.port, tls)).toMatchObject({ code: 'TLS_FAILED' });
    },
  );

  // Node reads NODE_EXTRA_CA_CERTS when it starts, so this takes a process of its own.
  it('NODE_EXTRA_CA_CERTS is trusted, alone and together with SSL_CERT_FILE', async () => {
    await using trusted = await tlsServer();
    await using strange = await tlsServer(await serverCertificate({ authority: await strangeAuthority() }));
    const visit = async (environment: Record<string, string>): Promise<string> => {
      const script = fileURLToPath(new URL('visit.child.ts', import.meta.url));
      const child = spawn(process.execPath, ['--import', 'tsx', script, String(trusted.port), String(strange.port)], {
        env: { PATH: process.env['PATH'], ...environment },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let output = '';
      child.stdout.on('data', (text: Buffer) => (output += text.toString()));
      const [code] = (await once(child, 'close')) as [number];
      expect(code).toBe(0);
      return output.trim();
    };
    const [extra, both] = await Promise.all([
      visit({ NODE_EXTRA_CA_CERTS: file('trusted.pem') }),
      visit({ NODE_EXTRA_CA_CERTS: file('trusted.pem'), SSL_CERT_FILE: file('strange.pem') }),
    ]);
    expect([extra, both]).toEqual(['connected TLS_FAILED', 'connected connected']);
  });
});
