import { once } from 'node:events';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import {
  clientCertificate,
  close,
  receiveHead,
  refusedPort,
  reset,
  seededBuffer,
  send,
  serverCertificate,
  startProxy,
  startRawServer,
  startServer,
  type EchoedRequest,
} from '../../src/index.ts';
import { basic, digest, getThrough, tunnel, viaProxy } from './proxy-clients.ts';
import { dial, readUntil } from './wire.ts';

test('a request in absolute-form reaches its origin without what was meant for the proxy', async () => {
  await using origin = await startServer('echo');
  await using proxy = await startProxy('http', { resolve: (host) => (host === 'origin.test' ? '127.0.0.1' : undefined) });
  const url = `http://origin.test:${origin.port}/path?a=1&b=%20`;
  const headers = { 'X-Kept': 'yes', 'X-Named': 'no', Connection: 'keep-alive, X-Named', 'Proxy-Connection': 'keep-alive', TE: 'trailers' };
  const answer = await viaProxy(proxy, url, { method: 'POST', headers: { ...headers, Host: 'liar.test' } }, 'body');
  expect(answer.status).toBe(200);
  expect(answer.headers.via).toBe('1.1 testbed');
  const seen = JSON.parse(answer.body) as EchoedRequest;
  expect(seen).toMatchObject({ method: 'POST', target: '/path?a=1&b=%20', body: 'body' });
  expect(Object.fromEntries(seen.headers)).toEqual({
    Host: `origin.test:${origin.port}`,
    'X-Kept': 'yes',
    Via: '1.1 testbed',
    'Content-Length': '4',
    Connection: 'close',
  });
  expect(proxy.requests).toEqual([
    {
      kind: 'forward',
      target: `origin.test:${origin.port}`,
      addressType: 'name',
      headers: expect.arrayContaining([['X-Named', 'no']]) as unknown,
      authorized: true,
      connection: 0,
    },
  ]);
});

test('clients keep their connection; the proxy makes one for each request unless told to keep them', async () => {
  await using origin = await startServer('plain');
  for (const keepAlive of [false, true]) {
    const before = origin.connections.accepted;
    await using proxy = await startProxy('http', { keepAlive });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (const path of ['/1', '/2', '/3']) await viaProxy(proxy, origin.url(path), { agent });
    agent.destroy();
    expect(proxy.connections.requestsPerConnection).toEqual([3]);
    expect(origin.connections.accepted - before).toBe(keepAlive ? 1 : 3);
  }
});

test('bodies are streamed both ways, and trailers come through', async () => {
  await using echo = await startServer('echo', { format: 'raw' });
  await using chunking = await startServer('chunking', { chunks: ['a', 'b'], trailers: [['X-Sum', '2']] });
  await using proxy = await startProxy('http');
  const socket = await dial(proxy);
  socket.write(`POST ${echo.url('/')} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n`);
  // The first piece comes back while the request is still open.
  await readUntil(socket, 'first');
  socket.write('6\r\nsecond\r\n0\r\n\r\n');
  await readUntil(socket, 'second');
  socket.destroy();
  const body = seededBuffer('through', 3 * 1024 * 1024).toString('latin1');
  const large = await viaProxy(proxy, echo.url('/'), { method: 'POST' }, body);
  expect(large.body === body).toBe(true);
  expect(await viaProxy(proxy, chunking.url('/'))).toMatchObject({ body: 'ab', trailers: { 'x-sum': '2' } });
});

test('interim responses come through', async () => {
  await using origin = await startServer('expectation');
  await using hints = await startServer('informational', { processing: true });
  await using proxy = await startProxy('http');
  const socket = await dial(proxy);
  socket.write(`POST ${origin.url('/')} HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n`);
  expect(await readUntil(socket, '\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
  socket.write('hi');
  expect(await readUntil(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 200/u);
  socket.destroy();
  const other = await dial(proxy);
  other.write(`GET ${hints.url('/')} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  expect(await text(other)).toMatch(/^HTTP\/1\.1 102.*HTTP\/1\.1 103.*HTTP\/1\.1 200/su);
});

test('an origin that breaks off does not look like one that ended', async () => {
  await using origin = await startRawServer([
    receiveHead(),
    send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhal\r\n'),
    close(),
  ]);
  await using proxy = await startProxy('http');
  await expect(viaProxy(proxy, origin.url('/'))).rejects.toMatchObject({ code: 'ECONNRESET' });
});

test.each([
  ['/origin-form', 400],
  ['https://origin.test/', 400],
  ['http://user:secret@127.0.0.1/', 400],
  ['http://192.0.2.1/', 403],
  ['http://unknown.test/', 403],
  ['http://127.0.0.1.unknown.test/', 403],
])('%s is answered with %i', async (path, status) => {
  await using proxy = await startProxy('http');
  const request = httpRequest(proxy.url, { agent: false, path, headers: { Host: 'a' } }).end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(status);
  response.resume();
});

test('CONNECT opens a tunnel, by a name that only the proxy knows', async () => {
  const certificate = await serverCertificate({ names: ['origin.test'] });
  await using origin = await startServer('plain', { tls: { certificate }, body: 'behind the tunnel' });
  await using proxy = await startProxy('http', { resolve: () => '127.0.0.1' });
  const [response, socket] = await tunnel(proxy, `origin.test:${origin.port}`, { 'X-For': 'the proxy' });
  expect(response.statusCode).toBe(200);
  const secure = connectTls({ socket, servername: 'origin.test', ca: certificate.ca });
  expect(await getThrough(secure)).toMatch(/behind the tunnel$/u);
  expect(proxy.requests).toMatchObject([{ kind: 'connect', target: `origin.test:${origin.port}`, addressType: 'name', authorized: true }]);
  expect(proxy.requests[0]?.headers).toContainEqual(['X-For', 'the proxy']);
  await proxy.tunnels.until((tunnels) => tunnels.open === 0);
  expect(proxy.tunnels.opened).toBe(1);
  expect(proxy.tunnels.downstream).toBeGreaterThan(proxy.tunnels.upstream);
});

test('bytes that come with CONNECT are not lost, and ends come through', async () => {
  await using origin = await startServer('echo', { format: 'raw' });
  await using proxy = await startProxy('http');
  const socket = await dial(proxy);
  const request = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello';
  socket.end(`CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: a\r\n\r\n${request}`);
  expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 Connection established\r\n\r\nHTTP\/1\.1 200 OK.*hello$/su);
  expect(proxy.tunnels.upstream).toBe(request.length);
});

test.each([
  ['127.0.0.1', 400],
  ['192.0.2.1:443', 403],
  ['[::ffff:192.0.2.1]:443', 403],
  ['unknown.test:443', 403],
])('CONNECT %s is answered with %i', async (target, status) => {
  await using proxy = await startProxy('http');
  const [response] = await tunnel(proxy, target);
  expect(response.statusCode).toBe(status);
  expect(proxy.tunnels.opened).toBe(0);
});

test('a target that is not there is a 502', async () => {
  const gone = `127.0.0.1:${refusedPort()}`;
  await using proxy = await startProxy('http');
  expect((await tunnel(proxy, gone))[0].statusCode).toBe(502);
  expect((await viaProxy(proxy, `http://${gone}/`)).status).toBe(502);
});

test('after a refusal the connection goes on, if it does not say otherwise', async () => {
  await using origin = await startServer('plain', { body: 'in' });
  for (const tls of [false, true]) {
    await using proxy = await startProxy('http', { tls, auth: { scheme: 'basic', user: 'ada', password: 'löve' } });
    const socket = tls ? connectTls({ port: proxy.port, host: proxy.host, ca: proxy.ca }) : await dial(proxy);
    socket.setEncoding('latin1');
    const connect = `CONNECT 127.0.0.1:${origin.port} HTTP/1.1\r\nHost: a\r\n`;
    socket.write(`${connect}\r\n`);
    expect(await readUntil(socket, '407 Proxy Authentication Required\n')).toMatch(
      /^HTTP\/1\.1 407 .*\r\nProxy-Authenticate: Basic realm="testbed"/su,
    );
    socket.write(`${connect}Proxy-Authorization: ${basic('ada', 'wrong')}\r\n\r\n`);
    await readUntil(socket, '407 Proxy Authentication Required\n');
    socket.write(`${connect}proxy-authorization: ${basic('ada', 'löve')}\r\n\r\n`);
    await readUntil(socket, 'established\r\n\r\n');
    expect(await getThrough(socket)).toMatch(/in$/u);
    expect(proxy.requests.map(({ authorized }) => authorized)).toEqual([false, false, true]);
    expect(proxy.connections).toMatchObject({ accepted: 1, requestsPerConnection: [3], handshakes: tls ? 1 : 0 });
  }
});

test('a refusal of your own', async () => {
  await using origin = await startServer('plain');
  const headers = { 'X-Why': ['one', 'two'], Connection: 'close' };
  await using proxy = await startProxy('http', {
    refuse: ({ target }) => (target.startsWith('no.test') ? { status: 418, headers, body: 'no' } : undefined),
    resolve: () => '127.0.0.1',
  });
  const socket = await dial(proxy);
  socket.write('CONNECT no.test:443 HTTP/1.1\r\nHost: a\r\n\r\n');
  expect(await text(socket)).toBe(
    "HTTP/1.1 418 I'm a Teapot\r\nX-Why: one\r\nX-Why: two\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
  );
  expect((await tunnel(proxy, `yes.test:${origin.port}`))[0].statusCode).toBe(200);
});

test('a forwarded request needs credentials as well', async () => {
  await using origin = await startServer('echo');
  await using proxy = await startProxy('http', { auth: { scheme: 'basic', user: 'ada', password: 'secret' } });
  const refused = await viaProxy(proxy, origin.url('/'), { method: 'POST' }, 'body');
  expect(refused).toMatchObject({ status: 407, headers: { 'proxy-authenticate': 'Basic realm="testbed", charset="UTF-8"' } });
  const admitted = await viaProxy(proxy, origin.url('/'), { headers: { 'Proxy-Authorization': basic('ada', 'secret') } });
  expect(admitted.status).toBe(200);
  expect(admitted.body).not.toContain(basic('ada', 'secret'));
});

test('Digest is asked of tunnels and of forwarded requests, which may sign either target', async () => {
  await using origin = await startServer('plain', { body: 'in' });
  await using proxy = await startProxy('http', { auth: { scheme: 'digest', user: 'ada', password: 'secret', uses: 2 } });
  const target = `127.0.0.1:${origin.port}`;
  const challengeOf = ({ headers }: Pick<IncomingMessage, 'headers'>): string => String(headers['proxy-authenticate']);
  const connect = async (challenge: string, password: string, uri: string, nc = 1): Promise<IncomingMessage> => {
    const headers = { 'Proxy-Authorization': digest(challenge, 'ada', password, 'CONNECT', uri, nc) };
    const [response, socket] = await tunnel(proxy, target, headers);
    socket.destroy();
    return response;
  };
  const [first] = await tunnel(proxy, target);
  expect(challengeOf(first)).toMatch(/^Digest realm="testbed", .*algorithm=SHA-256/u);
  expect((await connect(challengeOf(first), 'wrong', target)).statusCode).toBe(407);
  expect((await connect(challengeOf(first), 'secret', 'other:443')).statusCode).toBe(407);
  expect((await connect(challengeOf(first), 'secret', target)).statusCode).toBe(200);
  expect((await connect(challengeOf(first), 'secret', target)).statusCode).toBe(407);
  expect((await connect(challengeOf(first), 'secret', target, 2)).statusCode).toBe(200);
  const stale = await connect(challengeOf(first), 'secret', target, 3);
  expect([stale.statusCode, challengeOf(stale)]).toEqual([407, expect.stringContaining('stale=true')]);
  for (const [nc, uri] of [origin.url('/a?b'), '/a?b'].entries()) {
    const headers = { 'Proxy-Authorization': digest(challengeOf(stale), 'ada', 'secret', 'GET', uri, nc + 1) };
    expect((await viaProxy(proxy, origin.url('/a?b'), { headers })).status).toBe(200);
  }
});

test('Digest in the terms asked for', async () => {
  await using origin = await startServer('plain');
  await using proxy = await startProxy('http', {
    auth: { scheme: 'digest', user: 'ada', password: 'secret', algorithm: 'MD5', qop: null },
  });
  const { headers } = await viaProxy(proxy, origin.url('/'));
  const challenge = String(headers['proxy-authenticate']);
  expect(challenge).not.toContain('qop');
  const answer = { 'Proxy-Authorization': digest(challenge, 'ada', 'secret', 'GET', '/') };
  expect((await viaProxy(proxy, origin.url('/'), { headers: answer })).status).toBe(200);
});

test('open tunnels can be dropped, and a reset of the target is one for the client', async () => {
  await using origin = await startServer('upgrade');
  await using broken = await startRawServer([receiveHead(), reset()]);
  await using proxy = await startProxy('http');
  const [, socket] = await tunnel(proxy, `127.0.0.1:${origin.port}`);
  const closed = once(socket.resume(), 'close');
  proxy.dropTunnels();
  await closed;
  await proxy.tunnels.until((tunnels) => tunnels.open === 0);
  await origin.connections.until((counts) => counts.open === 0);
  const [, other] = await tunnel(proxy, `127.0.0.1:${broken.port}`);
  other.write('GET / HTTP/1.1\r\n\r\n');
  await expect(once(other.resume(), 'close')).rejects.toMatchObject({ code: 'ECONNRESET' });
  await proxy.tunnels.until((tunnels) => tunnels.open === 0);
});

test('stopping takes tunnels and forwarded requests down', async () => {
  await using origin = await startRawServer([]);
  const proxy = await startProxy('http');
  const [, socket] = await tunnel(proxy, `127.0.0.1:${origin.port}`);
  const closed = once(socket.resume(), 'close');
  const forwarded = viaProxy(proxy, origin.url('/'));
  await origin.connections.until((counts) => counts.open === 2);
  await Promise.all([proxy.stop(), proxy.stop(), closed, expect(forwarded).rejects.toMatchObject({ code: 'ECONNRESET' })]);
  await origin.connections.until((counts) => counts.open === 0);
  expect([proxy.connections.open, proxy.tunnels.open]).toEqual([0, 0]);
});

test('it is reached over TLS, asks for a client certificate, and listens on a unix socket', async () => {
  await using origin = await startServer('plain', { body: 'hi' });
  await using proxy = await startProxy('http', { tls: { requestClientCertificate: true, maxVersion: 'TLSv1.2' }, host: 'localhost' });
  expect(proxy.url).toBe(`https://localhost:${proxy.port}`);
  const { cert, key } = await clientCertificate();
  const [, socket] = await tunnel(proxy, `127.0.0.1:${origin.port}`, {}, { cert, key });
  expect(await getThrough(socket)).toMatch(/hi$/u);
  await expect(tunnel(proxy, `127.0.0.1:${origin.port}`)).rejects.toThrow();
  const folder = await mkdtemp(join(tmpdir(), 'testbed-'));
  try {
    const socketPath = join(folder, 'proxy.sock');
    await using broken = await startRawServer([receiveHead(), reset()]);
    await using local = await startProxy('http', { socketPath });
    const [response] = await tunnel(local, `127.0.0.1:${origin.port}`, {}, { socketPath });
    expect(response.statusCode).toBe(200);
    // There is no reset on a unix socket: a plain end has to do.
    const [, other] = await tunnel(local, `127.0.0.1:${broken.port}`, {}, { socketPath });
    other.write('GET / HTTP/1.1\r\n\r\n');
    await once(other.resume(), 'close');
  } finally {
    await rm(folder, { recursive: true });
  }
});
