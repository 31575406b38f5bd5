/** Writing to an upgraded connection: in order, under the write limit, behind the request, and never for ever. */
import { createServer, type AddressInfo, type Socket } from 'node:net';

import {
  createGate,
  hang,
  receiveBytes,
  receiveHead,
  receiveUntil,
  reset,
  send,
  startRawServer,
  waitFor,
  type RawScript,
} from '@x/testbed';
import { describe, expect, it } from 'vitest';

import { ConnectionPool, type DuplexBody, type HeaderPair, type ResponseBody } from '../../../src/index.ts';

const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n';
const upgrade: readonly HeaderPair[] = [
  ['connection', 'upgrade'],
  ['upgrade', 'x'],
];
const large = 8_000_000;
const bytes = (text: string): Uint8Array => Buffer.from(text);

async function upgraded(script: RawScript) {
  const server = await startRawServer(script);
  const pool = new ConnectionPool();
  const [, , , , body] = await pool.dispatch('GET', ['http', server.host, server.port, '/'], upgrade, null);
  return {
    server,
    pool,
    body: body as DuplexBody,
    async [Symbol.asyncDispose]() {
      await pool.destroy();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** The server has received what it waited for. */
async function answerOf(body: ResponseBody): Promise<void> {
  const { value } = await body[Symbol.asyncIterator]().next();
  expect(Buffer.from(value as Uint8Array).toString()).toBe('got it');
}

describe('writes', () => {
  it('at once all settle, in order, when the peer reads late', async () => {
    const read = createGate();
    await using world = await upgraded([receiveHead(), send(switching), waitFor(read), receiveBytes(2 * large + 3), hang()]);
    const settled: string[] = [];
    const writes = (['a', 'b'] as const).map(async (letter) => {
      await world.body.write(Buffer.alloc(large, letter));
      settled.push(letter);
    });
    const last = world.body.write(bytes('end')).then(() => settled.push('end'));
    read.open();
    await Promise.all([...writes, last]);
    expect(settled).toEqual(['a', 'b', 'end']);
  });

  it('that wait reject when the peer resets, and so do those behind them', async () => {
    const go = createGate();
    await using world = await upgraded([receiveHead(), send(switching), waitFor(go), reset()]);
    const outcomes = Promise.allSettled([world.body.write(new Uint8Array(large)), world.body.write(bytes('later'))]);
    go.open();
    for (const outcome of await outcomes)
      expect(outcome).toMatchObject({ status: 'rejected', reason: { origin: expect.any(String) as string } });
    await expect(world.body.write(bytes('late'))).rejects.toThrow();
  });

  it('that wait reject when the body is closed, with the reason', async () => {
    await using world = await upgraded([receiveHead(), send(switching), hang()]);
    const writing = world.body.write(new Uint8Array(large));
    await Promise.all([expect(writing).rejects.toMatchObject({ name: 'Aborted', code: 'BODY_CLOSED' }), world.body.close()]);
  });

  it('that the peer does not take end with the write limit', async () => {
    let far: Socket | undefined;
    const deaf = createServer((socket) => {
      far = socket;
      socket.once('data', () => socket.pause().write(switching)).on('error', () => {});
    });
    await new Promise<void>((resolve) => deaf.listen(0, '127.0.0.1', resolve));
    const pool = new ConnectionPool();
    const { port } = deaf.address() as AddressInfo;
    const [, , , , body] = await pool.dispatch('GET', ['http', '127.0.0.1', port, '/'], upgrade, null, [5_000, 5_000, 50, 5_000]);
    await expect((body as DuplexBody).write(new Uint8Array(10 * large))).rejects.toMatchObject({
      name: 'WriteTimeout',
      code: 'WRITE_TIMEOUT',
    });
    await pool.destroy();
    // It reads nothing, and so hears of no end.
    far?.destroy();
    await new Promise((resolve) => deaf.close(resolve));
  });

  it('are followed by the end', async () => {
    await using world = await upgraded([receiveHead(), send(switching), receiveUntil(/three$/), send('got it'), hang()]);
    const writes = ['one', 'two', 'three'].map((text) => world.body.write(bytes(text)));
    await Promise.all([...writes, world.body.end()]);
    await expect(world.body.write(bytes('late'))).rejects.toMatchObject({ name: 'WriteError' });
    await answerOf(world.body);
    expect(world.server.transcripts[0]!.received.toString()).toMatch(/onetwothree$/);
  });
});

describe('101 while the request body is on its way', () => {
  it.each([
    ['in chunks', [], '5\r\npart1\r\n5\r\npart2\r\n0\r\n\r\nhello'],
    ['of known length', [['content-length', '10']], 'part1part2hello'],
  ] as const)('%s: the body goes out whole, and then what is written', async (_how, framing, sent) => {
    const switched = createGate();
    await using server = await startRawServer([
      receiveHead(),
      receiveUntil('part1'),
      send(switching),
      receiveUntil('hello'),
      send('got it'),
      hang(),
    ]);
    await using pool = new ConnectionPool();
    async function* parts(): AsyncGenerator<Uint8Array> {
      yield bytes('part1');
      await switched.opened;
      yield bytes('part2');
    }
    const url = ['http', server.host, server.port, '/'] as const;
    const [, , , , body] = await pool.dispatch('POST', url, [...upgrade, ...framing], parts());
    const writing = (body as DuplexBody).write(bytes('hello'));
    switched.open();
    await writing;
    await answerOf(body);
    const received = server.transcripts[0]!.received.toString();
    expect(received.slice(received.indexOf('\r\n\r\n') + 4)).toBe(sent);
  });

  it('and withheld: the server can not mean to go without it', async () => {
    await using server = await startRawServer([receiveHead(), send(switching), receiveUntil('hello'), send('got it'), hang()]);
    await using pool = new ConnectionPool();
    const url = ['http', server.host, server.port, '/'] as const;
    const [, , , , body] = await pool.dispatch('POST', url, [...upgrade, ['expect', '100-continue']], [bytes('body ')]);
    await (body as DuplexBody).write(bytes('hello'));
    await answerOf(body);
    expect(server.transcripts[0]!.received.toString()).toMatch(/\r\n\r\nbody hello$/);
  });
});
