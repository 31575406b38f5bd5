import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect as connectHttp2, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { serverCertificate, startProxy, startServer, type EchoedRequest } from '../../src/index.ts';
import { basic, getThrough, tunnel, viaProxy } from './proxy-clients.ts';

function connectStream(session: ClientHttp2Session, target: string, headers: object = {}): ClientHttp2Stream {
  const stream = session.request({ ...headers, ':method': 'CONNECT', ':authority': target }, { endStream: false });
  // Tunnels are dropped, and sessions end, while nobody waits for anything of a stream.
  return stream.on('error', () => {});
}

async function statusOf(stream: ClientHttp2Stream): Promise<number | undefined> {
  const [headers] = (await once(stream, 'response')) as [{ ':status'?: number }];
  return headers[':status'];
}

test('over HTTP/2 a tunnel is a stream, and a connection has many', async () => {
  const certificate = await serverCertificate({ names: ['origin.test'] });
  await using origin = await startServer('plain', { tls: { certificate }, body: 'in a stream' });
  await using echo = await startServer('upgrade');
  await using proxy = await startProxy('http', {
    tls: true,
    http2: true,
    auth: { scheme: 'basic', user: 'ada', password: 'secret' },
    refuse: ({ target }) => (target === 'no.test:443' ? { status: 503, headers: { 'X-Why': 'busy' } } : undefined),
    resolve: () => '127.0.0.1',
  });
  const credentials = { 'proxy-authorization': basic('ada', 'secret') };
  const session = connectHttp2(proxy.url, { ca: proxy.ca ?? '' });
  expect(await statusOf(connectStream(session, `origin.test:${origin.port}`).resume())).toBe(407);
  expect(await statusOf(connectStream(session, 'no.test:443', credentials).resume())).toBe(503);
  const stream = connectStream(session, `origin.test:${origin.port}`, credentials);
  expect(await statusOf(stream)).toBe(200);
  const secure = connectTls({ socket: stream, servername: 'origin.test', ca: certificate.ca });
  expect(await getThrough(secure)).toMatch(/in a stream$/u);
  const other = connectStream(session, `origin.test:${echo.port}`, credentials);
  expect(await statusOf(other)).toBe(200);
  proxy.dropTunnels();
  await expect(once(other.resume(), 'close')).rejects.toThrow('NGHTTP2_CONNECT_ERROR');
  expect(proxy.connections).toMatchObject({ accepted: 1, requestsPerConnection: [4] });
  expect(proxy.requests.map(({ authorized, connection }) => [authorized, connection])).toEqual([
    [false, 0],
    [true, 0],
    [true, 0],
    [true, 0],
  ]);
  session.close();
  await proxy.connections.until((counts) => counts.open === 0);
  await proxy.tunnels.until((tunnels) => tunnels.open === 0);
});

test.each([{ http2: false }, { http2: true }])('a tunnel carries much, to one who reads slowly as well (%o)', async ({ http2 }) => {
  const size = 4 * 1024 * 1024;
  await using origin = await startServer('bytes', { size, framing: 'close' });
  await using proxy = await startProxy('http', { tls: true, http2 });
  const target = `127.0.0.1:${origin.port}`;
  const session = http2 ? connectHttp2(proxy.url, { ca: proxy.ca ?? '' }) : undefined;
  const socket = session === undefined ? (await tunnel(proxy, target))[1] : connectStream(session, target);
  socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) {
    chunks.push(chunk as Buffer);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const body = Buffer.concat(chunks).subarray(-size);
  expect(createHash('sha256').update(body).digest('hex')).toBe(origin.sha256);
  expect(proxy.tunnels.downstream).toBe(Buffer.concat(chunks).length);
  session?.destroy();
});

test('over HTTP/2 it forwards too, and may leave the version to the client', async () => {
  await using origin = await startServer('echo');
  await using proxy = await startProxy('http', { tls: true, http2: { allowHttp1: true } });
  const session = connectHttp2(proxy.url, { ca: proxy.ca ?? '' });
  const stream = session.request({
    ':method': 'POST',
    ':scheme': 'http',
    ':authority': `127.0.0.1:${origin.port}`,
    ':path': '/over',
    'x-kept': 'yes',
  });
  stream.end('two');
  const seen = JSON.parse(await text(stream)) as EchoedRequest;
  expect(seen).toMatchObject({ method: 'POST', target: '/over', body: 'two' });
  expect(seen.headers).toContainEqual(['Via', '2.0 testbed']);
  expect(await statusOf(connectStream(session, `127.0.0.1:${origin.port}`))).toBe(200);
  session.destroy();
  expect(JSON.parse((await viaProxy(proxy, origin.url('/over-one'))).body)).toMatchObject({ target: '/over-one' });
  const [, socket] = await tunnel(proxy, `127.0.0.1:${origin.port}`);
  expect(await getThrough(socket, '/tunnelled')).toContain('/tunnelled');
  expect(proxy.requests.map(({ kind, connection }) => [kind, connection])).toEqual([
    ['forward', 0],
    ['connect', 0],
    ['forward', 1],
    ['connect', 2],
  ]);
});
