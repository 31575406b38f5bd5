import { once } from 'node:events';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { hasIPv6, receiveHead, refusedPort, reset, startProxy, startRawServer, startServer, type LocalProxy } from '../../src/index.ts';
import { ask, counted, getThrough, octets, port16, receive } from './proxy-clients.ts';
import { dial, readUntil } from './wire.ts';

const latin1 = (...bytes: number[]): string => Buffer.from(bytes).toString('latin1');

/** A connection on which SOCKS5 has agreed on no authentication. */
async function greeted(proxy: LocalProxy): Promise<Socket> {
  const socket = await dial(proxy);
  expect(await ask(socket, [5, 1, 0], 2)).toEqual([5, 0]);
  return socket;
}

test.skipIf(!hasIPv6)('its URL has the scheme asked for', async () => {
  await using proxy = await startProxy('socks', { host: '::1' });
  expect([proxy.url(), proxy.url('socks4')]).toEqual([`socks5h://[::1]:${proxy.port}`, `socks4://[::1]:${proxy.port}`]);
});

test.skipIf(!hasIPv6)('SOCKS5 connects to addresses of both families and to names that only the proxy knows', async () => {
  await using origin = await startServer('plain', { host: 'localhost', body: 'behind socks' });
  await using proxy = await startProxy('socks', { resolve: (host) => (host === 'origin.test' ? '127.0.0.1' : undefined) });
  const { port } = origin;
  const ipv4 = await greeted(proxy);
  const answer = await ask(ipv4, [5, 1, 0, 1, 127, 0, 0, 1, ...port16(port)], 10);
  expect(answer.slice(0, 8)).toEqual([5, 0, 0, 1, 127, 0, 0, 1]);
  expect(await getThrough(ipv4)).toMatch(/behind socks$/u);
  const ipv6 = await greeted(proxy);
  const loopback = [...Array<number>(15).fill(0), 1];
  expect((await ask(ipv6, [5, 1, 0, 4, ...loopback, ...port16(port)], 22)).slice(0, 20)).toEqual([5, 0, 0, 4, ...loopback]);
  expect(await getThrough(ipv6)).toMatch(/behind socks$/u);
  const name = await greeted(proxy);
  expect((await ask(name, [5, 1, 0, 3, ...counted('origin.test'), ...port16(port)], 10))[1]).toBe(0);
  expect(await getThrough(name)).toMatch(/behind socks$/u);
  await proxy.tunnels.until((tunnels) => tunnels.open === 0);
  expect(proxy.requests).toEqual([
    { kind: 'socks5', target: `127.0.0.1:${port}`, addressType: 'ipv4', headers: [], authorized: true, connection: 0 },
    { kind: 'socks5', target: `[::1]:${port}`, addressType: 'ipv6', headers: [], authorized: true, connection: 1 },
    { kind: 'socks5', target: `origin.test:${port}`, addressType: 'name', headers: [], authorized: true, connection: 2 },
  ]);
  expect(proxy.tunnels.opened).toBe(3);
  expect(proxy.connections).toMatchObject({ accepted: 3, requestsPerConnection: [1, 1, 1] });
});

test('what comes with the request, or octet by octet, is not lost', async () => {
  await using origin = await startServer('upgrade');
  await using proxy = await startProxy('socks');
  const socket = await dial(proxy);
  const greeting = [5, 2, 1, 0, 5, 1, 0, 1, 127, 0, 0, 1, ...port16(origin.port)];
  for (const octet of greeting) {
    await new Promise((resolve) => {
      socket.write(Buffer.of(octet), resolve);
    });
  }
  expect((await receive(socket, 12)).slice(0, 4)).toEqual([5, 0, 5, 0]);
  socket.destroy();
  const eager = await dial(proxy);
  eager.write(Buffer.from([...greeting, ...octets('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nechoed')]));
  expect(await readUntil(eager, 'echoed')).toContain('200 Connection established');
});

test('SOCKS4 connects to addresses, SOCKS4a to names, and both tell a user', async () => {
  await using origin = await startServer('plain', { body: 'behind socks' });
  await using proxy = await startProxy('socks', { resolve: () => '127.0.0.1' });
  const port = port16(origin.port);
  const old = await dial(proxy);
  expect((await ask(old, [4, 1, ...port, 127, 0, 0, 1, ...octets('ada'), 0], 8)).slice(0, 2)).toEqual([0, 90]);
  expect(await getThrough(old)).toMatch(/behind socks$/u);
  const named = await dial(proxy);
  expect((await ask(named, [4, 1, ...port, 0, 0, 0, 1, 0, ...octets('origin.test'), 0], 8)).slice(0, 2)).toEqual([0, 90]);
  expect(await getThrough(named)).toMatch(/behind socks$/u);
  expect(proxy.requests).toMatchObject([
    { kind: 'socks4', target: `127.0.0.1:${origin.port}`, addressType: 'ipv4', user: 'ada' },
    { kind: 'socks4a', target: `origin.test:${origin.port}`, addressType: 'name', user: '' },
  ]);
});

test('with a user and a password it admits nobody else', async () => {
  await using origin = await startServer('plain', { body: 'in' });
  await using proxy = await startProxy('socks', { auth: { user: 'ada', password: 'secret' } });
  const target = [127, 0, 0, 1, ...port16(origin.port)];
  const without = await dial(proxy);
  expect(await ask(without, [5, 1, 0], 2)).toEqual([5, 0xff]);
  expect(await text(without)).toBe('');
  const wrong = await dial(proxy);
  expect(await ask(wrong, [5, 2, 0, 2], 2)).toEqual([5, 2]);
  expect(await ask(wrong, [1, ...counted('ada'), ...counted('guess')], 2)).toEqual([1, 1]);
  expect(await text(wrong)).toBe('');
  const old = await dial(proxy);
  expect((await ask(old, [4, 1, ...target.slice(4), ...target.slice(0, 4), ...octets('ada'), 0], 8)).slice(0, 2)).toEqual([0, 93]);
  const right = await dial(proxy);
  expect(await ask(right, [5, 2, 0, 2], 2)).toEqual([5, 2]);
  expect(await ask(right, [1, ...counted('ada'), ...counted('secret')], 2)).toEqual([1, 0]);
  expect((await ask(right, [5, 1, 0, 1, ...target], 10))[1]).toBe(0);
  expect(await getThrough(right)).toMatch(/in$/u);
  expect(proxy.requests.map(({ kind, authorized, user }) => [kind, authorized, user])).toEqual([
    ['socks5', false, undefined],
    ['socks5', false, 'ada'],
    ['socks4', false, 'ada'],
    ['socks5', true, 'ada'],
  ]);
});

test.each([
  ['another machine', [5, 1, 0, 1, 192, 0, 2, 1, 1, 187], 2],
  ['an unknown name', [5, 1, 0, 3, ...counted('unknown.test'), 1, 187], 2],
  ['a command other than CONNECT', [5, 2, 0, 1, 127, 0, 0, 1, 1, 187], 7],
  ['an address of no known type', [5, 1, 0, 9, 1, 187], 8],
])('%s is refused (SOCKS5)', async (_, request, reply) => {
  await using proxy = await startProxy('socks');
  const socket = await greeted(proxy);
  expect(await ask(socket, request, 10)).toEqual([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]);
  expect(await text(socket)).toBe('');
});

test('a target that is not there is refused, and another machine to SOCKS4 as well', async () => {
  const gone = port16(refusedPort());
  await using proxy = await startProxy('socks');
  const socket = await greeted(proxy);
  expect((await ask(socket, [5, 1, 0, 1, 127, 0, 0, 1, ...gone], 10))[1]).toBe(5);
  for (const address of [
    [127, 0, 0, 1],
    [192, 0, 2, 1],
  ]) {
    const old = await dial(proxy);
    expect((await ask(old, [4, 1, ...gone, ...address, 0], 8)).slice(0, 2)).toEqual([0, 91]);
  }
});

test('a reply of your own', async () => {
  await using proxy = await startProxy('socks', { reply: 6 });
  const socket = await greeted(proxy);
  expect((await ask(socket, [5, 1, 0, 1, 127, 0, 0, 1, 1, 187], 10))[1]).toBe(6);
  const old = await dial(proxy);
  expect((await ask(old, [4, 1, 1, 187, 127, 0, 0, 1, 0], 8))[1]).toBe(91);
  await using other = await startProxy('socks', { reply: 92 });
  expect((await ask(await dial(other), [4, 1, 1, 187, 127, 0, 0, 1, 0], 8))[1]).toBe(92);
});

test('it hangs up on versions that it does not speak, and on nonsense', async () => {
  await using proxy = await startProxy('socks', { versions: ['socks4'] });
  for (const nonsense of [latin1(5, 1, 0), latin1(4, 1, 1, 187, 0, 0, 0, 1, 0, 97, 0), 'GET / HTTP/1.1\r\n\r\n', latin1(4, 1)]) {
    const socket = await dial(proxy);
    socket.end(nonsense, 'latin1');
    expect(await text(socket)).toBe('');
  }
  expect(proxy.requests).toEqual([]);
});

test('open tunnels can be dropped; a reset of the target is one for the client; stopping takes all down', async () => {
  await using origin = await startServer('upgrade');
  await using broken = await startRawServer([receiveHead(), reset()]);
  await using proxy = await startProxy('socks');
  const open = async (port: number): Promise<Socket> => {
    const socket = await greeted(proxy);
    await ask(socket, [5, 1, 0, 1, 127, 0, 0, 1, ...port16(port)], 10);
    return socket.resume();
  };
  const dropped = once(await open(origin.port), 'close');
  proxy.dropTunnels();
  await dropped;
  const other = await open(broken.port);
  other.write('GET / HTTP/1.1\r\n\r\n');
  await expect(once(other, 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
  await proxy.tunnels.until((tunnels) => tunnels.open === 0);
  const last = once(await open(origin.port), 'close');
  // One that has not even greeted.
  const silent = once((await dial(proxy)).resume(), 'close');
  await Promise.all([proxy.stop(), last, silent]);
  await origin.connections.until((counts) => counts.open === 0);
  await expect(proxy.tunnels.until((tunnels) => tunnels.opened === 9)).rejects.toThrow(/closed before/u);
});
