import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { startServer } from '../../src/index.ts';
import { bodyOf, dial, exchange, readUntil } from './wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: testbed\r\n\r\n';

describe('slow', () => {
  test('holds back head and pieces until their gates open', async () => {
    await using server = await startServer('slow', { pieces: ['one', 'two'] });
    const socket = await dial(server);
    socket.write(GET);
    await server.connections.until((counts) => counts.requests === 1);
    expect(socket.bytesRead).toBe(0);
    server.head.open();
    const head = await readUntil(socket, '\r\n\r\n');
    expect(head).toContain('Content-Length: 6\r\n');
    server.pieces[0]?.open();
    expect(await readUntil(socket, 'one')).toBe('one');
    server.release();
    expect(await readUntil(socket, 'two')).toBe('two');
    socket.destroy();
  });

  test('survives a client that leaves before', async () => {
    await using server = await startServer('slow');
    const socket = await dial(server);
    socket.write(GET);
    await server.connections.until((counts) => counts.requests === 1);
    socket.destroy();
    await server.connections.until((counts) => counts.open === 0);
    server.release();
    expect(bodyOf(await exchange(server, 'GET / HTTP/1.1'))).toBe('slow and steady');
  });

  test('waits by the clock where people watch', async () => {
    await using server = await startServer('slow', { headDelay: 1, pieceDelay: 1, announceLength: false });
    expect(await exchange(server, 'GET / HTTP/1.1')).toContain('steady');
  });
});

describe('closing', () => {
  test('announced: the last response says so', async () => {
    await using server = await startServer('closing', { after: 2, hint: 7 });
    const socket = await dial(server);
    socket.write(GET);
    expect(await readUntil(socket, '\r\n\r\n1')).toMatch(/keep-alive: timeout=7\r\n.*connection: keep-alive/isu);
    socket.write(GET);
    expect(await text(socket)).toMatch(/connection: close/iu);
  });

  test('silent: closes right after a response that promised to stay', async () => {
    await using server = await startServer('closing', { how: 'silent' });
    const socket = await dial(server);
    socket.write(GET);
    expect(await text(socket)).toMatch(/connection: keep-alive.*\r\n\r\n1$/isu);
  });

  test('on-next-request: the next request gets no answer', async () => {
    await using server = await startServer('closing', { how: 'on-next-request' });
    const socket = await dial(server);
    socket.write(GET);
    await readUntil(socket, '\r\n\r\n1');
    socket.write(GET);
    expect(await text(socket)).toBe('');
    expect(server.connections.requestsPerConnection).toEqual([2]);
  });
});

describe('early', () => {
  test('answers while the upload runs, and reads it to its end', async () => {
    await using server = await startServer('early', { status: 200 });
    const socket = await dial(server);
    socket.write('POST / HTTP/1.1\r\nHost: testbed\r\nContent-Length: 4\r\n\r\nab');
    expect(await readUntil(socket, 'enough')).toMatch(/^HTTP\/1\.1 200/u);
    expect(server.uploads).toEqual([]);
    socket.write('cd');
    socket.write(GET);
    await readUntil(socket, 'enough');
    expect(server.uploads).toMatchObject([
      { bytes: 4, complete: true },
      { bytes: 0, complete: true },
    ]);
    socket.destroy();
  });

  test('or closes on it', async () => {
    await using server = await startServer('early', { close: true });
    const socket = await dial(server);
    socket.write('POST / HTTP/1.1\r\nHost: testbed\r\nContent-Length: 4\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 413 .*Connection: close\r\n.*enough$/su);
  });
});

describe('expectation', () => {
  const EXPECTING = 'POST / HTTP/1.1\r\nHost: testbed\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n';

  test('continue, when its gate opens', async () => {
    await using server = await startServer('expectation', { gated: true });
    const socket = await dial(server);
    socket.write(EXPECTING);
    await server.connections.until((counts) => counts.requests === 1);
    expect(socket.bytesRead).toBe(0);
    server.permission.open();
    expect(await readUntil(socket, '\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write('abc');
    expect(await readUntil(socket, '}')).toContain('"bytes":3');
    socket.destroy();
  });

  test('refuse', async () => {
    await using server = await startServer('expectation', { answer: 'refuse' });
    const socket = await dial(server);
    socket.write(EXPECTING);
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 417 /u);
    expect(server.uploads).toEqual([]);
  });

  test('silent until the body comes', async () => {
    await using server = await startServer('expectation', { answer: 'silent' });
    const socket = await dial(server);
    socket.write(EXPECTING);
    await server.connections.until((counts) => counts.requests === 1);
    expect(socket.bytesRead).toBe(0);
    socket.write('abc');
    expect(await readUntil(socket, '}')).toMatch(/^HTTP\/1\.1 200 /u);
    socket.destroy();
  });
});

test('informational sends 102 and 103 before the final response', async () => {
  await using server = await startServer('informational', {
    processing: true,
    hints: ['</a>; rel=preload', '</b>; rel=preload'],
    gated: true,
  });
  const socket = await dial(server);
  socket.write(GET);
  expect(await readUntil(socket, '</b>; rel=preload\r\n\r\n')).toBe(
    'HTTP/1.1 102 Processing\r\n\r\n' +
      'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n' +
      'HTTP/1.1 103 Early Hints\r\nLink: </b>; rel=preload\r\n\r\n',
  );
  server.final.open();
  expect(await readUntil(socket, 'final')).toMatch(/^HTTP\/1\.1 200 /u);
  socket.destroy();
});

describe('upgrade', () => {
  test.each([
    ['GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n', 'HTTP/1.1 101 '],
    ['CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n', 'HTTP/1.1 200 '],
  ])('echoes through %j', async (head, answer) => {
    await using server = await startServer('upgrade', { greeting: 'hello,' });
    const socket = await dial(server);
    socket.write(`${head}early `);
    expect(await readUntil(socket, 'hello,early ')).toContain(answer);
    socket.end('late');
    expect(await text(socket)).toBe('late');
    await server.connections.until((counts) => counts.open === 0);
  });

  test('or refuses', async () => {
    await using server = await startServer('upgrade', { refuse: 407 });
    const socket = await dial(server);
    socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 407 /u);
    expect(await exchange(server, 'GET / HTTP/1.1')).toMatch(/^HTTP\/1\.1 426 /u);
  });
});

test('closing a server with a tunnel through it leaves nothing open', async () => {
  const server = await startServer('upgrade');
  const socket = await dial(server);
  socket.write('CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n');
  await readUntil(socket, '\r\n\r\n');
  const closed = once(socket.resume(), 'close');
  await Promise.all([server.close(), closed]);
  expect(server.connections.open).toBe(0);
});
