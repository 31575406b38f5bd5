/** Requests that are written before those in front of them are answered, and what becomes of them when something goes wrong. */
import { afterEach, describe, expect, it } from 'vitest';

import { everySplit } from '../testing/every-split.ts';
import { asked, endWorlds, startWorld, text, texts, type Call, type CallOptions } from '../../test/support/pipelined-world.ts';

afterEach(endWorlds);

describe('requests are pipelined', () => {
  it('once the connection has answered one, as many as are allowed, in one write', async () => {
    const world = startWorld();
    const transport = await world.proved();
    const before = transport.writes.length;
    const calls = world.calls('/1', '/2', '/3', '/4', '/5');
    await world.wait();
    expect(transport.writes.length).toBe(before + 1);
    expect(world.transports.map(asked)).toEqual([['/1', '/2', '/3', '/4'], ['/5']]);
    for (const path of ['/1', '/2', '/3', '/4']) transport.receive(text(path));
    world.transports[1]!.receive(text('/5'));
    await world.wait();
    expect(texts(calls)).toEqual(['/1', '/2', '/3', '/4', '/5']);
  });

  it('behind each other, and each is told what it is told elsewhere', async () => {
    const world = startWorld();
    const [transport, ...calls] = await world.outstanding('/a', '/b', '/c');
    expect(world.transports).toHaveLength(1);
    expect(world.dispatcher.stats()).toMatchObject({ connections: 1, idle: 0, active: 3, queued: 0 });
    transport.receive(text('A') + text('B'));
    await world.wait();
    expect(texts(calls)).toEqual(['A', 'B', undefined]);
    expect(calls[2]!.events).toEqual(['queued', 'assigned', 'head-sent']);
    transport.receive(text('C'));
    await world.wait();
    for (const call of calls) {
      expect(call.events).toEqual(['queued', 'assigned', 'head-sent', 'first-byte', 'head-received', 'body-end']);
      expect(call.reused).toBe(true);
    }
    expect(world.dispatcher.stats()).toMatchObject({ connections: 1, idle: 1, active: 0 });
  });

  it('an idle connection is taken before one that is busy', async () => {
    const world = startWorld();
    await world.proved();
    const blocked = world.call('/x', { fields: [['connection', 'keep-alive']] });
    await world.wait();
    const other = world.call('/y');
    await world.wait();
    expect(world.transports).toHaveLength(2);
    await world.answerAll();
    expect(texts([blocked, other])).toEqual(['/x', '/y']);
    world.calls('/1', '/2');
    await world.wait();
    expect(world.transports.map((transport) => asked(transport).length)).toEqual([1, 1]);
    world.calls('/3', '/4', '/5');
    await world.wait();
    expect(world.transports.map((transport) => asked(transport).length).toSorted((one, other) => one - other)).toEqual([1, 2]);
    expect(world.transports).toHaveLength(2);
  });

  it('not where the server speaks HTTP/1.0', async () => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const transport = await world.proved(text('proved', 'Connection: keep-alive').replace('1.1', '1.0'));
    world.calls('/1', '/2');
    await world.wait();
    expect(asked(transport)).toEqual(['/1']);
  });

  it.each<[string, CallOptions]>([
    ['POST', { method: 'POST' }],
    ['DELETE', { method: 'DELETE' }],
    ['GET with a body', { content: [Buffer.from('x')] }],
    ['Expect', { fields: [['expect', '100-continue']] }],
    ['Upgrade', { fields: [['connection', 'upgrade'], ['upgrade', 'x']] }], // prettier-ignore
    ['Connection', { fields: [['Connection', 'close']] }],
    ['event streams', { fields: [['Accept', 'text/event-stream']] }],
    ['NTLM', { fields: [['Authorization', 'NTLM abc']] }],
  ])('%s has a connection for itself, is not overtaken, and nothing goes behind it', async (_, options) => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const [transport, a, b] = await world.outstanding('/a', '/b');
    const alone = world.call('/alone', options);
    const after = world.call('/after');
    await world.wait();
    transport.receive(text('A'));
    await world.wait();
    expect(asked(transport)).toEqual([]);
    transport.receive(text('B'));
    await world.wait();
    expect(asked(transport)).toEqual(['/alone']);
    const later = world.call('/later');
    await world.wait();
    expect(asked(transport)).toEqual([]);
    transport.receive(text('alone'));
    await world.answerAll();
    expect(texts([a!, b!, alone, after, later])).toEqual(['A', 'B', 'alone', '/after', '/later']);
  });

  it('answers of every framing reach whom they belong to, wherever they are cut', async () => {
    const answers = [
      text('first'),
      'HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nT: 1\r\n\r\n',
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n',
      'HTTP/1.1 204 No Content\r\n\r\n',
      'HTTP/1.1 304 Not Modified\r\nETag: "7"\r\n\r\n',
      text('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'),
      text('last'),
    ];
    const ways: (readonly Uint8Array[])[] = [];
    everySplit(answers.join(''), (pieces) => ways.push(pieces));
    const world = startWorld({ pipelining: 10, maxConnectionsPerOrigin: 1 });
    const transport = await world.proved();
    for (const pieces of ways) {
      const calls = [
        world.call('/1'),
        world.call('/2'),
        world.call('/3', { method: 'HEAD' }),
        world.call('/4'),
        world.call('/5'),
        world.call('/6'),
        world.call('/7'),
      ];
      await world.wait();
      expect(asked(transport)).toHaveLength(7);
      for (const piece of pieces) transport.receive(piece);
      await world.wait();
      expect(calls.map((call) => [call.status, call.text])).toEqual([
        [200, 'first'],
        [200, 'abcdefg'],
        [200, ''],
        [204, ''],
        [304, ''],
        [200, 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
        [200, 'last'],
      ]);
      expect(calls.map((call) => call.interim)).toEqual([[], [103], [], [], [], [], []]);
    }
    expect(world.transports).toHaveLength(1);
  });

  it('as many requests as a connection is given, and then no more', async () => {
    const world = startWorld({ maxRequestsPerConnection: 3, maxConnectionsPerOrigin: 1 });
    const calls = world.calls('/1', '/2', '/3', '/4', '/5');
    await world.answerAll();
    expect(texts(calls)).toEqual(['/1', '/2', '/3', '/4', '/5']);
    expect(world.transports.map((transport) => transport.destroyed)).toEqual([true, false]);
    expect(calls.flatMap((call) => call.events)).not.toContain('replayed');
  });
});

describe('when the front ends its connection', () => {
  it.each<[string, string, Partial<Call>]>([
    ['Connection: close', text('A', 'Connection: close'), { text: 'A' }],
    ['a body until the end', 'HTTP/1.1 200 OK\r\n\r\nuntil', { text: 'until' }],
    [
      'a body cut off',
      'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut',
      { error: { name: 'RemoteProtocolError', code: 'INCOMPLETE_BODY' } },
    ],
    ['a head cut off', 'HTTP/1.1 200', { error: { name: 'RemoteProtocolError', code: 'INCOMPLETE_HEAD' } }],
    ['bare 1xx', 'HTTP/1.1 103 Early\r\n\r\n', { error: { name: 'RemoteProtocolError', code: 'INCOMPLETE_HEAD' } }],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', { error: { name: 'RemoteProtocolError' } }],
    [
      'an upgrade nobody asked for',
      'HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n',
      { error: { name: 'RemoteProtocolError', code: 'UNEXPECTED_UPGRADE' } },
    ],
    ['no answer', '', { text: '/a' }],
  ])('%s: those behind are sent again, in their order', async (_, answer, front) => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const [transport, a, b, c] = await world.outstanding('/a', '/b', '/c');
    const late = world.calls('/d', '/e', '/f');
    if (answer !== '') transport.receive(answer);
    transport.receiveEnd();
    await world.wait();
    expect(transport.destroyed).toBe(true);
    await world.answerAll(1);
    expect(a).toMatchObject(front);
    expect(texts([b!, c!, ...late])).toEqual(['/b', '/c', '/d', '/e', '/f']);
    for (const call of [b!, c!]) expect(call.events.filter((event) => event === 'replayed')).toHaveLength(1);
  });

  it('a reset with nothing answered is one of a kept connection: all are sent again', async () => {
    const world = startWorld();
    const [transport, ...calls] = await world.outstanding('/a', '/b');
    transport.close(new Error('read ECONNRESET'));
    await world.answerAll(1);
    expect(texts(calls)).toEqual(['/a', '/b']);
  });

  it('a server that resets whatever comes together is asked one by one', async () => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const [transport, ...calls] = await world.outstanding('/a', '/b', '/c', '/d');
    transport.close(new Error('read ECONNRESET'));
    await world.wait();
    for (const path of ['/a', '/b', '/c', '/d']) {
      expect(world.transports.flatMap(asked)).toEqual([path]);
      world.transports.at(-1)!.receive(text(path));
      await world.wait();
    }
    expect(texts(calls)).toEqual(['/a', '/b', '/c', '/d']);
    expect(world.transports).toHaveLength(2);
  });

  it.each([
    ['after many answers is pipelined to on the next', 20, 2],
    ['after few answers is asked one by one', 15, 1],
  ])('a server that ends its connections %s', async (_what, answers, together) => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const transport = await world.proved();
    // One has proved it.
    for (let answered = 1; answered < answers; answered += 1) {
      const isLast = answered === answers - 1;
      const calls = world.calls('/first', ...(isLast ? ['/second', '/third'] : []));
      await world.wait();
      transport.receive(text('/first', ...(isLast ? ['Connection: close'] : [])));
      await world.wait();
      expect(calls[0]!.text).toBe('/first');
    }
    expect(transport.destroyed).toBe(true);
    const [next] = world.transports.slice(1);
    expect(asked(next!)).toEqual(['/second']);
    next!.receive(text('/second'));
    await world.wait();
    expect(asked(next!)).toEqual(['/third']);
    next!.receive(text('/third'));
    await world.wait();
    const more = world.calls('/fourth', '/fifth');
    await world.wait();
    const paths = ['/fourth', '/fifth'];
    expect(asked(next!)).toEqual(paths.slice(0, together));
    for (const path of paths) {
      next!.receive(text(path));
      await world.wait();
    }
    expect(texts(more)).toEqual(['/fourth', '/fifth']);
  });

  it('one that was closing as an idle one is no reason to', async () => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const transport = await world.proved();
    await world.wait(3_000);
    const calls = world.calls('/a', '/b', '/c');
    await world.wait();
    expect(asked(transport)).toEqual(['/a', '/b', '/c']);
    transport.receiveEnd();
    await world.wait();
    expect(asked(world.transports[1]!)).toEqual(['/a']);
    world.transports[1]!.receive(text('/a'));
    await world.wait();
    expect(asked(world.transports[1]!)).toEqual(['/b', '/c']);
    world.transports[1]!.receive(text('/b') + text('/c'));
    await world.wait();
    expect(texts(calls)).toEqual(['/a', '/b', '/c']);
  });

  it.each([
    ['its caller', { signal: true }],
    ['its limit', { limit: 500 }],
  ])('%s: those behind go to other connections', async (_, { signal, limit }: { signal?: boolean; limit?: number }) => {
    const world = startWorld();
    const transport = await world.proved();
    const controller = new AbortController();
    const front = world.call('/a', { signal: signal ? controller.signal : undefined, timeouts: [null, limit ?? null, null, null] });
    const behind = world.calls('/b', '/c');
    await world.wait();
    expect(asked(transport)).toHaveLength(3);
    if (signal === true) controller.abort();
    await world.wait(600);
    expect(front.error).toMatchObject({ name: signal === true ? 'Aborted' : 'ReadTimeout' });
    expect(transport.destroyed).toBe(true);
    await world.answerAll(1);
    expect(texts(behind)).toEqual(['/b', '/c']);
  });

  it('closing its body early ends the connection only where the rest is not worth reading', async () => {
    const world = startWorld();
    const transport = await world.proved();
    const small = world.call('/small', { unread: true });
    const large = world.call('/large', { unread: true });
    const last = world.call('/last');
    await world.wait();
    transport.receive('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab');
    await world.wait();
    void small.body!.close();
    transport.receive('cdHTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nab');
    await world.wait();
    expect(large.status).toBe(200);
    void large.body!.close();
    await world.wait();
    expect(transport.destroyed).toBe(true);
    await world.answerAll(1);
    expect(last.text).toBe('/last');
  });
});

describe('when the server counts wrongly', () => {
  it.each([
    ['a body longer than its length', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nA too much'],
    ['a line too many', `${text('A')}\r\n`],
    ['no HTTP at all', `${text('A')}nonsense\r\n\r\n`],
    ['half a line', `${text('A')}HTTX`],
  ])('%s: what does not read as an answer is nobody’s, and all behind it are sent again', async (_, bytes) => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const [transport, a, ...behind] = await world.outstanding('/a', '/b', '/c');
    transport.receive(bytes + text('B'));
    await world.wait();
    expect(a!.text).toBe('A');
    expect(transport.destroyed).toBe(true);
    await world.wait();
    // For a while one by one.
    expect(asked(world.transports[1]!)).toEqual(['/b']);
    world.transports[1]!.receive(text('B'));
    await world.wait();
    expect(asked(world.transports[1]!)).toEqual(['/c']);
    world.transports[1]!.receive(text('C'));
    await world.wait();
    expect(texts(behind)).toEqual(['B', 'C']);
    await world.wait(600_000);
    const again = world.calls('/d', '/e');
    await world.wait();
    expect(asked(world.transports[1]!)).toEqual(['/d', '/e']);
    world.transports[1]!.receive(text('D') + text('E'));
    await world.wait();
    expect(texts(again)).toEqual(['D', 'E']);
  });

  it('an answer to nothing ends an idle connection', async () => {
    const world = startWorld();
    const [transport, ...calls] = await world.outstanding('/a', '/b');
    transport.receive(text('A') + text('B') + text('C'));
    await world.wait();
    expect(texts(calls)).toEqual(['A', 'B']);
    expect(transport.destroyed).toBe(true);
    const [next, ...more] = world.calls('/c', '/d');
    await world.answerAll(1);
    expect(texts([next!, ...more])).toEqual(['/c', '/d']);
  });

  it('an answer that came before its request was written is not taken for it', async () => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const [transport, a] = await world.outstanding('/a');
    const b = world.call('/b');
    transport.receive(text('A') + text('too early'));
    await world.wait();
    expect([a!.text, b.text]).toEqual(['A', undefined]);
    await world.answerAll(1);
    expect(b.text).toBe('/b');
    expect(b.events.filter((event) => event === 'head-sent')).toHaveLength(1);
  });

  it('nor one that comes while nothing is written', async () => {
    const world = startWorld({ maxConnectionsPerOrigin: 1 });
    const transport = await world.proved();
    const calls = world.calls('/a', '/b');
    transport.receive(text('too early'));
    await world.answerAll(1);
    expect(texts(calls)).toEqual(['/a', '/b']);
    expect(asked(transport)).toEqual([]);
  });
});
