import { connect as connectTls } from 'node:tls';
import type { Socket } from 'node:net';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import {
  canReplaceFiles,
  installedProgram,
  serverCertificate,
  startDante,
  startServer,
  startSquid,
  startTinyproxy,
  type DanteProxy,
  type LocalServer,
} from '../../src/index.ts';
import { ask, basic, counted, digest, getThrough, octets, port16, tunnel, viaProxy } from './proxy-clients.ts';
import { dial } from './wire.ts';

const hosts = { 'origin.test': '127.0.0.1' };
const credentials = { 'Proxy-Authorization': basic('ada', 'lovelace') };

function startOrigin(): Promise<LocalServer> {
  return startServer('plain', { body: 'through another hand' });
}

describe.skipIf(installedProgram('squid') === undefined)('squid', () => {
  test('forwards and tunnels to names that only it knows, and gives its log when it stops', async () => {
    const certificate = await serverCertificate({ names: ['origin.test'] });
    await using secure = await startServer('plain', { tls: { certificate }, body: 'through a tunnel' });
    await using origin = await startOrigin();
    const squid = await startSquid({ hosts });
    const url = `http://origin.test:${origin.port}/`;
    expect((await viaProxy(squid, url)).body).toBe('through another hand');
    const [response, socket] = await tunnel(squid, `origin.test:${secure.port}`);
    expect(response.statusCode).toBe(200);
    expect(await getThrough(connectTls({ socket, servername: 'origin.test', ca: certificate.ca }))).toMatch(/through a tunnel$/u);
    expect((await viaProxy(squid, 'http://192.0.2.1/')).status).toBe(403);
    expect(await squid.stop()).toEqual([`GET ${url} 200 -`, `CONNECT origin.test:${secure.port} 200 -`, 'GET http://192.0.2.1/ 403 -']);
    expect(existsSync(/Set Current Directory to (\S+)/u.exec(squid.log())?.[1] ?? '/')).toBe(false);
  });

  test('wants Basic, over TLS', async () => {
    await using origin = await startOrigin();
    await using squid = await startSquid({ auth: 'basic', tls: true });
    expect(await viaProxy(squid, origin.url('/'))).toMatchObject({
      status: 407,
      headers: { 'proxy-authenticate': 'Basic realm="testbed"' },
    });
    expect((await viaProxy(squid, origin.url('/'), { headers: credentials })).status).toBe(200);
    expect((await tunnel(squid, `127.0.0.1:${origin.port}`))[0].statusCode).toBe(407);
    const [response, socket] = await tunnel(squid, `127.0.0.1:${origin.port}`, credentials);
    expect(response.statusCode).toBe(200);
    expect(await getThrough(socket)).toMatch(/through another hand$/u);
  });

  test('wants Digest', async () => {
    await using origin = await startOrigin();
    const target = `127.0.0.1:${origin.port}`;
    const squid = await startSquid({ auth: 'digest', user: 'grace', password: 'hopper' });
    const [refused] = await tunnel(squid, target);
    expect(refused.statusCode).toBe(407);
    const answer = digest(String(refused.headers['proxy-authenticate']), 'grace', 'hopper', 'CONNECT', target);
    const [response, socket] = await tunnel(squid, target, { 'Proxy-Authorization': answer });
    expect(response.statusCode).toBe(200);
    expect(await getThrough(socket)).toMatch(/through another hand$/u);
    expect(await squid.stop()).toEqual([`CONNECT ${target} 407 -`, `CONNECT ${target} 200 grace`]);
  });
});

describe.skipIf(installedProgram('tinyproxy') === undefined)('tinyproxy', () => {
  test('forwards and tunnels, to whom it knows', async () => {
    await using origin = await startOrigin();
    await using open = await startTinyproxy();
    const proxy = { url: open.url, ca: undefined };
    expect((await viaProxy(proxy, origin.url('/'))).body).toBe('through another hand');
    const [response, socket] = await tunnel(proxy, `127.0.0.1:${origin.port}`);
    expect(response.statusCode).toBe(200);
    expect(await getThrough(socket)).toMatch(/through another hand$/u);
    expect((await viaProxy(proxy, 'http://192.0.2.1/')).status).toBe(403);
    expect(open.log()).toContain(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1`);
  });

  test.skipIf(!canReplaceFiles())('wants Basic, and knows names of its own', async () => {
    await using origin = await startOrigin();
    await using closed = await startTinyproxy({ user: 'ada', password: 'lovelace', hosts });
    const proxy = { url: closed.url, ca: undefined };
    const url = `http://origin.test:${origin.port}/`;
    expect((await viaProxy(proxy, url)).status).toBe(407);
    expect((await viaProxy(proxy, url, { headers: credentials })).body).toBe('through another hand');
    expect((await tunnel(proxy, `origin.test:${origin.port}`))[0].statusCode).toBe(407);
    expect((await tunnel(proxy, `origin.test:${origin.port}`, credentials))[0].statusCode).toBe(200);
  });
});

describe.skipIf(installedProgram('danted') === undefined)('dante', () => {
  async function socks5(dante: DanteProxy, method: number): Promise<Socket> {
    const socket = await dial(dante);
    expect(await ask(socket, [5, 1, method], 2)).toEqual([5, method]);
    return socket;
  }

  test('speaks SOCKS4 and 5, but not SOCKS4a', async () => {
    await using origin = await startOrigin();
    await using dante = await startDante();
    const port = port16(origin.port);
    const name = [...octets('localhost'), 0];
    const old = await dial(dante);
    expect((await ask(old, [4, 1, ...port, 127, 0, 0, 1, 0], 8))[1]).toBe(90);
    expect(await getThrough(old)).toMatch(/through another hand$/u);
    const named = await dial(dante);
    expect((await ask(named, [4, 1, ...port, 0, 0, 0, 1, 0, ...name], 8))[1]).toBe(91);
    const five = await socks5(dante, 0);
    expect((await ask(five, [5, 1, 0, 3, ...counted('localhost'), ...port], 10))[1]).toBe(0);
    expect(await getThrough(five)).toMatch(/through another hand$/u);
    const away = await socks5(dante, 0);
    expect((await ask(away, [5, 1, 0, 1, 192, 0, 2, 1, ...port], 10))[1]).toBe(2);
    expect(dante.url('socks4')).toBe(`socks4://127.0.0.1:${dante.port}`);
  });

  test.skipIf(!canReplaceFiles())('connects to names that only it knows', async () => {
    await using origin = await startOrigin();
    await using dante = await startDante({ hosts });
    const socket = await socks5(dante, 0);
    expect((await ask(socket, [5, 1, 0, 3, ...counted('origin.test'), ...port16(origin.port)], 10))[1]).toBe(0);
    expect(await getThrough(socket)).toMatch(/through another hand$/u);
  });

  test.skipIf(!canReplaceFiles())('wants a user that the system does not have', async () => {
    const users = await readFile('/etc/passwd', 'utf8');
    await using origin = await startOrigin();
    await using dante = await startDante({ user: 'ada-of-the-testbed', password: 'lovelace' });
    const target = [...port16(origin.port)];
    const wrong = await socks5(dante, 2);
    expect((await ask(wrong, [1, ...counted('ada-of-the-testbed'), ...counted('guess')], 2))[1]).not.toBe(0);
    const right = await socks5(dante, 2);
    expect(await ask(right, [1, ...counted('ada-of-the-testbed'), ...counted('lovelace')], 2)).toEqual([1, 0]);
    expect((await ask(right, [5, 1, 0, 1, 127, 0, 0, 1, ...target], 10))[1]).toBe(0);
    expect(await getThrough(right)).toMatch(/through another hand$/u);
    const old = await dial(dante);
    expect((await ask(old, [4, 1, ...target, 127, 0, 0, 1, 0], 8))[1]).not.toBe(90);
    expect(await readFile('/etc/passwd', 'utf8')).toBe(users);
  });
});
