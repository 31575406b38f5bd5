/** Who waits behind whom and for how long, who leaves, and what is done from inside of what is told. */
import { afterEach, describe, expect, it } from 'vitest';

import type { ResponseBody } from '../contract/dispatcher.ts';
import type { ScriptedTransport } from '../testing/scripted-transport.ts';
import { asked, endWorlds, startWorld, text, texts, type Call, type World } from '../../test/support/pipelined-world.ts';

afterEach(endWorlds);

describe('nobody waits for long behind another', () => {
  it('whose answer does not come within a second: those behind go elsewhere, and for a minute nothing is pipelined there', async () => {
    const world = startWorld();
    const [transport, front, ...behind] = await world.outstanding('/slow', '/b', '/c');
    await world.wait(999);
    expect(world.transports).toHaveLength(1);
    await world.wait(1);
    await world.answerAll(1);
    expect(texts(behind)).toEqual(['/b', '/c']);
    expect(front!.text).toBeUndefined();
    transport.receive(text('slow') + text('B') + text('C'));
    await world.wait();
    expect(front!.text).toBe('slow');
    expect(transport.destroyed).toBe(true);
    const one = world.calls('/1', '/2', '/3', '/4', '/5');
    await world.wait();
    expect(world.transports.flatMap((each) => asked(each).length).filter((count) => count > 1)).toEqual([]);
    for (const each of world.transports) if (!each.destroyed) each.receive(text('x'));
    await world.answerAll(1);
    expect(one.every((call) => call.status === 200)).toBe(true);
  });

  it('who does not read, not at all', async () => {
    const world = startWorld({ maxBufferedBytes: 1_000, maxConnectionsPerOrigin: 2 });
    const transport = await world.proved();
    const front = world.call('/unread', { unread: true });
    const behind = world.calls('/b', '/c');
    await world.wait();
    transport.receive(`HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n${'x'.repeat(2_000)}`);
    await world.wait();
    expect(transport.paused).toBe(true);
    await world.answerAll(1);
    expect(texts(behind)).toEqual(['/b', '/c']);
    const bytes = front.body!.bytes();
    transport.receive('x'.repeat(8_000) + text('B') + text('C'));
    await world.wait();
    expect(await bytes).toHaveLength(10_000);
    expect(transport.destroyed).toBe(true);
  });

  it('and nothing goes behind an answer that has begun', async () => {
    const world = startWorld();
    const [transport] = await world.outstanding('/stream');
    transport.receive('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n');
    await world.wait();
    const next = world.call('/next');
    await world.answerAll(1);
    expect(next.text).toBe('/next');
    expect(world.transports).toHaveLength(2);
  });

  it('an answer that goes on for a second is left alone with its connection', async () => {
    const world = startWorld();
    const [transport, stream, next] = await world.outstanding('/stream', '/next');
    transport.receive('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n');
    await world.wait(1_000);
    await world.answerAll(1);
    expect(next!.text).toBe('/next');
    transport.receive('1\r\ny\r\n0\r\n\r\n');
    await world.wait();
    expect(stream!.text).toBe('xy');
    // It says nothing of the others.
    world.calls('/1', '/2', '/3');
    await world.wait();
    expect(asked(world.transports[1]!)).toEqual(['/1', '/2', '/3']);
  });

  it('a limit on reading counts from when the turn of the answer comes', async () => {
    const world = startWorld();
    const transport = await world.proved();
    const front = world.call('/a');
    const behind = world.call('/b', { timeouts: [null, 700, null, null] });
    await world.wait(600);
    transport.receive(text('A'));
    await world.wait(600);
    expect(front.text).toBe('A');
    expect(behind.error).toBeUndefined();
    await world.wait(100);
    expect(behind.error).toMatchObject({ name: 'ReadTimeout' });
  });

  it('a deadline counts wherever it waits', async () => {
    const world = startWorld();
    const transport = await world.proved();
    const front = world.call('/a');
    const behind = world.call('/b', { deadline: world.clock.now() + 300 });
    const last = world.call('/c');
    await world.wait(300);
    expect(behind.error).toMatchObject({ name: 'DeadlineExceeded' });
    transport.receive(text('A') + text('B') + text('C'));
    await world.wait();
    expect(texts([front, last])).toEqual(['A', 'C']);
    expect(transport.destroyed).toBe(false);
  });
});

describe('who leaves from the middle', () => {
  async function abandoned(): Promise<{ world: World; transport: ScriptedTransport; front: Call; middle: Call; last: Call }> {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const transport = await world.proved();
    const controller = new AbortController();
    const front = world.call('/a');
    const middle = world.call('/b', { signal: controller.signal });
    const last = world.call('/c');
    await world.wait();
    expect(asked(transport)).toEqual(['/a', '/b', '/c']);
    controller.abort();
    await world.wait();
    expect(middle.error).toMatchObject({ name: 'Aborted' });
    expect(world.dispatcher.stats()).toMatchObject({ active: 2 });
    return { world, transport, front, middle, last };
  }

  it('has a small answer read for nobody', async () => {
    const { world, transport, front, middle, last } = await abandoned();
    const bytes = `${text('A')}HTTP/1.1 103 Early\r\n\r\n${text('x'.repeat(60_000))}${text('C')}`;
    for (let at = 0; at < bytes.length; at += 7_000) transport.receive(bytes.slice(at, at + 7_000));
    await world.wait();
    expect(texts([front, last])).toEqual(['A', 'C']);
    expect(middle.interim).toEqual([]);
    expect(world.dispatcher.stats()).toMatchObject({ connections: 1, idle: 1 });
  });

  it.each([
    ['known', `HTTP/1.1 200 OK\r\nContent-Length: 70000\r\n\r\n`],
    ['chunked', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n${'x'.repeat(70_000)}`],
    ['closing', text('B', 'Connection: close')],
    ['broken', 'nonsense'],
  ])('a large one (%s) ends the connection behind those in front of it', async (_, answer) => {
    const { world, transport, front, last } = await abandoned();
    transport.receive(text('A'));
    transport.receive(answer);
    await world.wait();
    expect(front.text).toBe('A');
    expect(transport.destroyed).toBe(true);
    await world.answerAll(1);
    expect(last.text).toBe('/c');
  });

  it('is not waited for for long', async () => {
    const { world, transport, last } = await abandoned();
    transport.receive(text('A'));
    await world.wait(999);
    expect(transport.destroyed).toBe(false);
    await world.wait(1);
    expect(transport.destroyed).toBe(true);
    await world.answerAll(1);
    expect(last.text).toBe('/c');
  });

  it('takes nobody along where nothing was written yet', async () => {
    const world = startWorld();
    const transport = await world.proved();
    const controller = new AbortController();
    const signal = controller.signal;
    const calls = [world.call('/a'), world.call('/b', { signal }), world.call('/c'), world.call('/d', { signal })];
    controller.abort();
    await world.wait();
    expect(asked(transport)).toEqual(['/a', '/c']);
    transport.receive(text('A') + text('C'));
    await world.wait();
    expect(texts(calls)).toEqual(['A', undefined, 'C', undefined]);
    expect(world.dispatcher.stats()).toMatchObject({ connections: 1, idle: 1 });
  });

  it('ends the connection at once where the last who waits behind leaves, too', async () => {
    const world = startWorld();
    const transport = await world.proved();
    const [one, other] = [new AbortController(), new AbortController()];
    world.call('/a');
    world.call('/b', { signal: one.signal });
    world.call('/c', { signal: other.signal });
    await world.wait();
    one.abort();
    transport.receive(text('A'));
    await world.wait();
    expect(transport.destroyed).toBe(false);
    other.abort();
    await world.wait();
    expect(transport.destroyed).toBe(true);
  });

  it('ends the connection where nobody is left', async () => {
    const world = startWorld();
    const transport = await world.proved();
    const controller = new AbortController();
    const { signal } = controller;
    const front = world.call('/a');
    const rest = [world.call('/b', { signal }), world.call('/c', { signal })];
    await world.wait();
    controller.abort();
    transport.receive(text('A'));
    await world.wait();
    expect(front.text).toBe('A');
    expect(transport.destroyed).toBe(true);
    expect(rest.map((call) => call.error?.name)).toEqual(['Aborted', 'Aborted']);
  });
});

it('the limit on reading counts for one who is first because the one in front of him has left', async () => {
  const world = startWorld();
  const transport = await world.proved();
  const controller = new AbortController();
  world.call('/a', { signal: controller.signal });
  const trace = (name: string): void => {
    if (name === 'assigned') controller.abort();
  };
  const next = world.call('/b', { trace, timeouts: [null, 100, null, null] });
  await world.wait();
  expect(asked(transport)).toEqual(['/b']);
  await world.wait(100);
  expect(next.error).toMatchObject({ name: 'ReadTimeout' });
});

it('a server that loses what comes together is asked one by one', async () => {
  const world = startWorld({ maxConnectionsPerOrigin: 1 });
  const transport = await world.proved();
  const calls = ['/a', '/b'].map((path) => world.call(path, { timeouts: [null, 100, null, null] }));
  await world.wait();
  transport.receive(text('A'));
  await world.wait(100);
  expect(calls.map((call) => call.text ?? call.error?.name)).toEqual(['A', 'ReadTimeout']);
  world.calls('/c', '/d');
  await world.wait();
  world.transports[1]!.receive(text('C'));
  expect(asked(world.transports[1]!)).toEqual(['/c']);
  await world.wait();
  expect(asked(world.transports[1]!)).toEqual(['/d']);
});

describe('whatever is done from inside of what is told', () => {
  it.each(['assigned', 'head-sent', 'first-byte', 'head-received', 'body-end', 'replayed'])('an abort at %s of another', async (moment) => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const transport = await world.proved();
    const controllers = Array.from({ length: 4 }, () => new AbortController());
    const calls = controllers.map((controller, index) =>
      world.call(`/${index}`, {
        signal: controller.signal,
        trace: (name) => {
          if (name === moment && index % 2 === 1) for (const other of controllers) if (other !== controller) other.abort();
        },
      }),
    );
    await world.wait();
    if (moment === 'replayed') transport.close();
    for (let round = 0; round < 4; round += 1) {
      for (const each of world.transports) if (!each.destroyed) for (const path of asked(each)) each.receive(text(path));
      await world.wait();
    }
    await world.wait(5_000);
    await world.answerAll();
    expect(calls.every((call) => (call.text === call.path) !== (call.error?.name === 'Aborted'))).toBe(true);
  });

  it('the end of everything', async () => {
    const world = startWorld();
    const transport = await world.proved();
    const trace = (name: string): void => {
      if (name === 'head-received') void world.dispatcher.destroy();
    };
    const calls = [world.call('/a', { trace }), world.call('/b'), world.call('/c')];
    await world.wait();
    transport.receive(text('A') + text('B'));
    await world.wait();
    expect(calls.map((call) => call.error?.name)).toEqual(['PoolClosed', 'PoolClosed', 'PoolClosed']);
  });

  it('another request', async () => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const transport = await world.proved();
    const more: Call[] = [];
    const trace = (name: string): void => void more.push(world.call(`/${name}`));
    const front = world.call('/a', { trace });
    await world.answerAll();
    await world.answerAll();
    expect(front.text).toBe('/a');
    expect(texts(more)).toEqual(more.map((call) => call.path));
    expect(world.transports).toEqual([transport]);
  });
});

describe('a pool that ends', () => {
  it('waits for all that are under way', async () => {
    const world = startWorld();
    const [transport, ...calls] = await world.outstanding('/a', '/b', '/c');
    const closed = world.dispatcher.close();
    await world.wait();
    transport.receive(text('A') + text('B'));
    await world.wait();
    transport.receive(text('C'));
    await world.wait();
    expect(texts(calls)).toEqual(['A', 'B', 'C']);
    await closed;
  });

  it('sends nothing again', async () => {
    const world = startWorld();
    const [, ...calls] = await world.outstanding('/a', '/b', '/c');
    await world.dispatcher.destroy();
    await world.wait();
    expect(calls.map((call) => call.error?.name)).toEqual(['PoolClosed', 'PoolClosed', 'PoolClosed']);
    expect(world.transports).toHaveLength(1);
  });
});

it('an upgrade takes the connection over, and what was written to it leaves', async () => {
  const world = startWorld();
  const transport = await world.proved();
  const call = world.call('/up', { unread: true, fields: [['connection', 'upgrade'], ['upgrade', 'echo']] }); // prettier-ignore
  await world.wait();
  transport.receive('HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nhello');
  await world.wait();
  expect(call.status).toBe(101);
  const body = call.body as ResponseBody & { write(chunk: Uint8Array): Promise<void> };
  await body.write(Buffer.from('bye'));
  transport.receiveEnd();
  await world.wait();
  expect(transport.written.endsWith('bye')).toBe(true);
  expect(transport.calls.map(({ type }) => type)).not.toContain('destroy');
});
