/** Whom TLS trusts and who we are to it: stores, certificates by origin, key logs, what is told of the peer. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import {
  clientCertificate,
  createAuthority,
  serverCertificate,
  startProxy,
  startServer,
  strangeAuthority,
  trustedAuthority,
} from '@x/testbed';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { ConnectionPool, type ConnectionInfo, type TlsOptions } from '../../../src/index.ts';
import { pinOf, poolWith, visit } from './trust-world.ts';

let ca: string;
let folder: string;
beforeAll(async () => {
  ca = (await trustedAuthority()).certificate;
  folder = await mkdtemp(join(tmpdir(), 'trust-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Tells each client who it is by its certificate. */
const whoIsIt = (http2 = false) =>
  startServer(
    (request, response) => {
      const { subject } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate() as { subject?: { CN?: string } };
      response.end(subject?.CN ?? 'nobody');
    },
    { http2, tls: { requestClientCertificate: true } },
  );

describe('tls.checkServerIdentity', () => {
  it.each<[what: string, answer: () => unknown, reason: RegExp]>([
    ['a promise', async () => undefined, /returned \[object Promise\]: it must return an Error/],
    ['a promise that rejects', () => Promise.reject(new Error('later')), /returned \[object Promise\]/],
    ['true', () => true, /returned true/],
    ['a text', () => 'not you', /returned not you/],
    ['an object', () => ({}), /returned \[object Object\]/],
    ['an error that can not be read', () => Object.defineProperty(new Error('x'), 'message', { get: () => 5 }), /: 5$/],
    [
      'nothing, thrown',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- users' code throws anything
        throw undefined;
      },
      /: undefined$/,
    ],
  ])('refuses by %s, and nothing else ends', async (_what, answer, reason) => {
    await using server = await startServer('plain', { tls: true });
    await using pool = poolWith({ ca, checkServerIdentity: answer as () => undefined });
    await expect(visit(pool, server)).rejects.toMatchObject({ code: 'TLS_FAILED', message: expect.stringMatching(reason) as string });
  });

  it.each([undefined, null, false, ''])('admits by %j', async (answer) => {
    await using server = await startServer('plain', { tls: true });
    await using pool = poolWith({ ca, checkServerIdentity: () => answer as undefined });
    expect((await visit(pool, server)).status).toBe(200);
  });
});

describe('tls.ca', () => {
  it('composes stores and certificates', async () => {
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    await using pool = poolWith({ ca: ['default', 'bundled', 'extra', ca] });
    expect((await visit(pool, server)).text).toBe('hi');
    for (const without of [['default'], 'bundled', ['extra', 'default']] as const) {
      await using other = poolWith({ ca: without });
      await expect(visit(other, server)).rejects.toMatchObject({ code: 'TLS_FAILED' });
    }
  });

  it("has by 'default' what is trusted without it", async () => {
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    const file = join(folder, 'company.pem');
    await writeFile(file, ca);
    vi.stubEnv('SSL_CERT_FILE', file);
    try {
      await using alone = poolWith({ ca: 'default' });
      expect((await visit(alone, server)).text).toBe('hi');
      await using beside = poolWith({ ca: ['default', (await strangeAuthority()).certificate] });
      expect((await visit(beside, server)).text).toBe('hi');
      await using without = poolWith({ ca: ['bundled'] });
      await expect(visit(without, server)).rejects.toMatchObject({ code: 'TLS_FAILED' });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  const canList = 'getCACertificates' in process.getBuiltinModule('node:tls');
  it.runIf(canList)("has by 'system' a private authority that the operating system trusts", async () => {
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    const file = join(folder, 'system.pem');
    await writeFile(file, ca);
    const child = fileURLToPath(new URL('system-store.child.ts', import.meta.url));
    const run = promisify(execFile);
    for (const [store, environment, outcome] of [
      ['system', { SSL_CERT_FILE: file, SSL_CERT_DIR: '/dev/null' }, '200'],
      ['system', { SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: folder }, '200'],
      ['bundled', { SSL_CERT_FILE: file, SSL_CERT_DIR: folder }, 'TLS_FAILED'],
    ] as const) {
      const env = { PATH: process.env['PATH'], ...environment };
      const { stdout } = await run(process.execPath, ['--import', 'tsx', child, server.origin, store], { env });
      expect(stdout.trim(), store).toBe(outcome);
    }
  });

  it.skipIf(canList)("says what to do instead of 'system' where Node can't tell", async () => {
    await using pool = poolWith({ ca: ['system'] });
    await expect(visit(pool, { port: 1 })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/'system' needs Node 22\.15 or newer, and this is v20.*ca-certificates\.crt/) as string,
    });
  });

  it('is read once for all that say the same', async () => {
    const tls = process.getBuiltinModule('node:tls');
    const made = vi.spyOn(tls, 'createSecureContext');
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    const { cert, key } = await clientCertificate('memo');
    const options: TlsOptions = { ca: [...tls.rootCertificates.slice(0, 5), ca], cert, key };
    const contextsFor = async (other: TlsOptions): Promise<number> => {
      made.mockClear();
      await using pool = poolWith(other);
      expect((await visit(pool, server)).text).toBe('hi');
      return made.mock.calls.length;
    };
    try {
      await using pool = poolWith(options);
      await visit(pool, server);
      expect(await contextsFor({ ...options, ca: [...(options.ca as string[])] })).toBe(0);
      expect(await contextsFor({ ...options, cert: Buffer.from(cert) })).toBe(1);
      expect(await contextsFor({ ...options, maxVersion: 'TLSv1.2' })).toBe(1);
    } finally {
      made.mockRestore();
    }
  });
});

describe('who we are', () => {
  it.each([false, true])('differs by origin, with HTTP/2: %s', async (http2) => {
    await using server = await whoIsIt(http2);
    const [ada, eve] = await Promise.all([clientCertificate('ada'), clientCertificate('eve')]);
    const tls: TlsOptions = {
      ca,
      rejectUnauthorized: false,
      identities: { 'https://a.test': ada, '*.b.test': eve, '*.c.test': null },
      cert: eve.cert,
      key: eve.key,
    };
    await using pool = poolWith(
      {
        ...tls,
        identities: { ...tls.identities, 'https://a.test': { cert: ada.cert, key: ada.key }, '*.b.test': { cert: eve.cert, key: eve.key } },
      },
      { coalesce: true },
    );
    expect((await visit(pool, server, 'a.test')).text).toBe('ada');
    expect((await visit(pool, server, 'x.b.test')).text).toBe('eve');
    expect((await visit(pool, server, 'other.test')).text).toBe('eve');
    await expect(visit(pool, server, 'x.c.test')).rejects.toThrow();
  });

  it('keeps origins apart that would share a connection', async () => {
    const { cert, key, ca: issuer } = await serverCertificate({ names: ['a.test', 'b.test', 'c.test'] });
    await using server = await startServer(
      (request, response) => {
        const { subject } = (request.socket as import('node:tls').TLSSocket).getPeerCertificate() as { subject?: { CN?: string } };
        response.end(subject?.CN ?? 'nobody');
      },
      { http2: true, tls: { certificate: { cert, key, ca: issuer }, requestClientCertificate: true } },
    );
    const [ada, eve] = await Promise.all([clientCertificate('ada'), clientCertificate('eve')]);
    const own = ({ cert: chain, key: secret }: { cert: string; key: string }) => ({ cert: chain, key: secret });
    await using pool = poolWith({ ca, ...own(ada), identities: { 'b.test': own(eve) } }, { coalesce: true });
    const seen = [];
    for (const host of ['a.test', 'b.test', 'c.test']) seen.push((await visit(pool, server, host)).text);
    expect(seen).toEqual(['ada', 'eve', 'ada']);
    expect(pool.stats().opened).toBe(2);
  });

  it('may be said by PKCS #12', async () => {
    await using server = await whoIsIt();
    const { cert, key } = await clientCertificate('packed');
    await writeFile(join(folder, 'c.pem'), cert + key);
    const made = await promisify(execFile)('openssl', [
      'pkcs12',
      '-export',
      '-in',
      join(folder, 'c.pem'),
      '-out',
      join(folder, 'c.p12'),
      '-passout',
      'pass:s3cr3t',
    ]).catch(() => null);
    if (made === null) return;
    const pfx = await readFile(join(folder, 'c.p12'));
    await using pool = poolWith({ ca, pfx, passphrase: 's3cr3t' });
    expect((await visit(pool, server)).text).toBe('packed');
    await using wrong = poolWith({ ca, pfx, passphrase: 'other' });
    const error = await visit(wrong, server).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'INVALID_OPTION', message: expect.stringMatching(/tls\.pfx is not usable/) as string });
    expect(String(error)).not.toContain('other');
  });
});

it('tls.crl refuses certificates that were revoked', async () => {
  const authority = await createAuthority('An authority that revokes');
  const certificateFor = () => serverCertificate({ authority });
  const revoked = await certificateFor();
  const other = await createAuthority('Another');
  await using server = await startServer('plain', { tls: { certificate: revoked }, body: 'hi' });
  await using pool = poolWith({ ca: authority.certificate, crl: await authority.revoke([revoked.cert]) });
  await expect(visit(pool, server)).rejects.toMatchObject({ code: 'TLS_FAILED', cause: { code: 'CERT_REVOKED' } });
  await using good = poolWith({ ca: authority.certificate, crl: [await authority.revoke([])] });
  expect((await visit(good, server)).text).toBe('hi');
  await using without = poolWith({ ca: authority.certificate, crl: await other.revoke([]) });
  await expect(visit(without, server)).rejects.toMatchObject({ cause: { code: 'UNABLE_TO_GET_CRL' } });
});

describe('TLS is told', () => {
  it('which curves and signatures there are', async () => {
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    for (const curves of ['P-256', ['P-384', 'X25519']]) {
      await using pool = poolWith({ ca, curves });
      expect((await visit(pool, server)).text).toBe('hi');
    }
    await using rsaAlone = poolWith({ ca, sigalgs: ['rsa_pkcs1_sha1'] });
    await expect(visit(rsaAlone, server)).rejects.toMatchObject({ phase: 'tls' });
    await using none = poolWith({ ca, curves: 'no-such-curve' });
    await expect(visit(none, server)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/tls\.curves is not usable/) as string,
    });
  });

  it.each<[object, RegExp]>([
    [{ chiphers: 'x' }, /tls\.chiphers is not an option; there are/],
    [{ curves: [] }, /tls\.curves must be/],
    [{ sigalgs: [7] }, /tls\.sigalgs must be/],
    [{ pfx: 'text' }, /tls\.pfx must be the bytes/],
    [{ keylog: 7 }, /tls\.keylog must be/],
    [{ crl: 'text' }, /tls\.crl holds no list of revoked certificates/],
    [{ ca: 'sytem' }, /tls\.ca holds no certificate.*Stores are default, system/],
    [{ identities: [] }, /tls\.identities must be/],
    [{ identities: { 'https://a/path': {} } }, /pattern that is none: "https:\/\/a\/path"/],
    [{ identities: { a: { certt: 'x' } } }, /tls\.identities\["a"\]\.certt is not an option/],
    [{ identities: { a: { key: 's3cr3t' } } }, /tls\.key holds no private key/],
    [{ rejectUnauthorized: 'no' }, /tls\.rejectUnauthorized must be a boolean/],
  ])('no nonsense: %o', (tls, words) => {
    expect(() => poolWith(tls as TlsOptions)).toThrow(words);
    expect(() => poolWith(tls as TlsOptions)).not.toThrow(/s3cr3t/);
  });
});

describe('tls.keylog', () => {
  it('by an asynchronous function that fails is told, and nothing ends', async () => {
    await using server = await startServer('plain', { tls: true });
    await using pool = poolWith({ ca, keylog: () => Promise.reject(new Error('no disk')) as never });
    expect((await visit(pool, server)).status).toBe(200);
  });

  const line =
    /^(?:CLIENT_RANDOM|CLIENT_HANDSHAKE_TRAFFIC_SECRET|SERVER_HANDSHAKE_TRAFFIC_SECRET|CLIENT_TRAFFIC_SECRET_0|SERVER_TRAFFIC_SECRET_0|EXPORTER_SECRET) [0-9a-f]{64} [0-9a-f]+$/;

  it.each(['TLSv1.2', 'TLSv1.3'] as const)('writes what Wireshark reads, of each connection of %s, also in tunnels', async (maxVersion) => {
    await using server = await startServer('plain', { tls: { maxVersion }, body: 'hi' });
    await using proxy = await startProxy('http');
    const file = join(folder, `keys-${maxVersion}.log`);
    await using pool = poolWith({ ca, keylog: file });
    await visit(pool, server);
    await using tunnelled = poolWith({ ca, keylog: new URL(`file://${file}`) }, { proxy: `http://127.0.0.1:${proxy.port}` });
    await visit(tunnelled, server);
    const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
    for (const each of lines) expect(each).toMatch(line);
    expect(new Set(lines.map((each) => each.split(' ')[1])).size).toBe(2);
    if (process.platform !== 'win32') expect((await stat(file)).mode & 0o777).toBe(0o600);
  });

  it('goes to a function, whatever it throws; to the file of SSLKEYLOGFILE for who says true; and nowhere by itself', async () => {
    await using server = await startServer('plain', { tls: true, body: 'hi' });
    const lines: string[] = [];
    await using told = poolWith({
      ca,
      keylog(each) {
        lines.push(Buffer.from(each).toString());
        throw new Error('no matter');
      },
    });
    expect((await visit(told, server)).text).toBe('hi');
    expect(lines.every((each) => line.test(each.trimEnd()) && each.endsWith('\n'))).toBe(true);
    const file = join(folder, 'environment.log');
    vi.stubEnv('SSLKEYLOGFILE', file);
    try {
      await using silent = poolWith({ ca });
      await visit(silent, server);
      await expect(stat(file)).rejects.toThrow();
      await using asked = poolWith({ ca, keylog: true });
      await visit(asked, server);
      expect((await readFile(file, 'utf8')).split('\n')[0]).toMatch(line);
    } finally {
      vi.unstubAllEnvs();
    }
    const warning = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    await using unwritable = poolWith({ ca, keylog: join(folder, 'no', 'such', 'folder') });
    expect((await visit(unwritable, server)).text).toBe('hi');
    expect(warning).toHaveBeenCalledOnce();
    warning.mockRestore();
  });
});

it('what the peer showed is told of each connection, and after it has closed', async () => {
  await using server = await startServer('plain', { tls: true, body: 'hi' });
  await using pool = poolWith({ ca });
  const { connection } = await visit(pool, server, 'localhost', [['connection', 'close']]);
  await pool.close();
  const { cert } = await serverCertificate();
  const { fingerprint256, serialNumber } = new X509Certificate(cert);
  expect(connection.peerCertificate).toEqual({
    subject: 'CN=localhost',
    issuer: 'CN=Testbed authority',
    altNames: expect.arrayContaining(['localhost', '127.0.0.1']) as string[],
    validFrom: expect.stringMatching(/^20\d\d-.*Z$/) as string,
    validTo: expect.stringMatching(/^20\d\d-.*Z$/) as string,
    fingerprint256,
    serialNumber,
    pin: pinOf(cert),
    chainLength: 2,
  });
  await using plain = await startServer('plain', { body: 'hi' });
  let info: ConnectionInfo | undefined;
  const off = new ConnectionPool();
  const [, , , , body] = await off.dispatch('GET', ['http', '127.0.0.1', plain.port, '/'], [], null, undefined, {
    trace: (name, _at, detail) => void (name === 'assigned' && ({ connection: info } = detail as { connection: ConnectionInfo })),
  });
  await body.bytes();
  expect(info!.peerCertificate).toBeUndefined();
  await off.close();
});
