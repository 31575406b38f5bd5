import { once } from 'node:events';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import {
  close,
  createGate,
  cut,
  forever,
  hang,
  receiveBytes,
  receiveHead,
  receiveRequest,
  receiveUntil,
  reset,
  send,
  startRawServer,
  waitFor,
  type RawServer,
  type RawStep,
} from '../../src/index.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const REQUEST = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

async function dial(server: RawServer): Promise<Socket> {
  if (server.ca === undefined) {
    const socket = connectPlain(server.port, server.host);
    await once(socket, 'connect');
    return socket;
  }
  const socket = connectTls({ port: server.port, host: server.host, ca: server.ca, servername: 'localhost' });
  await once(socket, 'secureConnect');
  return socket;
}

describe.each([{ tls: false }, { tls: true }])('a raw server (%o)', ({ tls }) => {
  const start = (steps: readonly RawStep[]): Promise<RawServer> => startRawServer(steps, { tls });

  test('follows its script and records what it received', async () => {
    await using server = await start([receiveHead(), send(ANSWER), close()]);
    const client = await dial(server);
    client.write(REQUEST);
    expect(await text(client)).toBe(ANSWER);
    await server.transcripts[0]?.finished;
    expect(server.transcripts[0]?.received.toString()).toBe(REQUEST);
    expect(server.transcripts[0]?.outcome).toBe('completed');
    expect(server.connections.requests).toBe(1);
  });

  test('splits what it sends', async () => {
    await using server = await start([send('abcdefg', { pieceBytes: 3 }), close()]);
    expect(await text(await dial(server))).toBe('abcdefg');
  });

  test('resets', async () => {
    await using server = await start([receiveHead(), send('HTTP/1.1 200'), reset()]);
    const client = await dial(server);
    const failure = once(client, 'error');
    client.resume().write(REQUEST);
    expect(await failure).toMatchObject([{ code: 'ECONNRESET' }]);
    await server.connections.until((counts) => counts.open === 0);
  });

  test('waits for a gate, then hangs until the client goes', async () => {
    const gate = createGate();
    await using server = await start([waitFor(gate), send('late'), hang()]);
    const client = await dial(server);
    gate.open();
    expect(String((await once(client, 'data'))[0])).toBe('late');
    expect(server.transcripts[0]?.outcome).toBe('running');
    client.end();
    await server.transcripts[0]?.finished;
    await server.connections.until((counts) => counts.open === 0);
  });

  test('serves a kept connection over and over', async () => {
    await using server = await start([forever(receiveRequest(), send(ANSWER))]);
    const client = await dial(server);
    for (const request of [
      REQUEST,
      'POST / HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc',
      'POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n',
    ]) {
      client.write(request);
      expect(String((await once(client, 'data'))[0])).toBe(ANSWER);
    }
    client.destroy();
    await server.transcripts[0]?.finished;
    expect(server.transcripts[0]?.outcome).toBe('peer-closed');
    expect(server.connections.requestsPerConnection).toEqual([3]);
  });
});

test('cut ends a TLS connection without a close_notify', async () => {
  await using server = await startRawServer([send('half'), cut()], { tls: true });
  const client = await dial(server);
  expect(await text(client)).toBe('half');
  await server.connections.until((counts) => counts.open === 0);
});

test('waits for counted bytes and for marks', async () => {
  await using server = await startRawServer([receiveBytes(3), receiveUntil('END'), send('both'), close()]);
  const client = await dial(server);
  client.write('abc then ');
  client.write('EN');
  client.write('D');
  expect(await text(client)).toBe('both');
});

test('tells what a step of its own threw, and picks scripts by connection', async () => {
  await using server = await startRawServer((connection) =>
    connection === 0
      ? [
          () => {
            throw new Error('mine');
          },
        ]
      : [send('second'), close()],
  );
  const first = await dial(server);
  const second = await dial(server);
  expect(await text(second)).toBe('second');
  expect(server.transcripts.map((transcript) => transcript.outcome)).toEqual(['failed', 'completed']);
  expect(server.transcripts[0]?.error).toMatchObject({ message: 'mine' });
  first.destroy();
});
