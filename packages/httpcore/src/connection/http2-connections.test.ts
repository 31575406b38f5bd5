/** Which connection serves which request: the server's limit on streams, GOAWAY, connections that break, and what has to wait. */
import { Buffer } from 'node:buffer';

import { afterEach, describe, expect, it } from 'vitest';

import { data, goAway, headers, reset, settings, settingsAcknowledgement } from '../../test/support/http2/frame-factory.ts';
import { LoneConnection } from '../../test/support/http2/lone-connection.ts';
import { endWorlds, outcomes, startConnected, startWorld } from '../../test/support/http2/pool-harness.ts';
import type { DuplexBody } from '../contract/dispatcher.ts';
import { ErrorCode, Setting } from '../protocol/http2/constants.ts';

const ok = (id: number): Buffer => headers(id, [[':status', '200']]);
const whole = (id: number, text = 'x'): Buffer => Buffer.concat([ok(id), data(id, text, { endStream: true })]);
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const preface = ['PREFACE', 'SETTINGS 2=0 4=1048576 6=65536', `WINDOW_UPDATE ${16 * 1_048_576 - 65_535}`];

afterEach(endWorlds);

describe('the limit on streams', () => {
  it('is 100 until the server has said another, and nobody waits for its word', async () => {
    const made = startWorld({ maxConnectionsPerOrigin: 5 });
    const calls = Array.from({ length: 130 }, (_, index) => made.call(`/${index}`));
    const server = await made.server();
    expect(server.sent().filter((line) => line.startsWith('HEADERS'))).toHaveLength(100);
    expect(made.pool.stats()).toMatchObject({ opened: 1, active: 100, queued: 30 });
    server.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 200]), settingsAcknowledgement());
    await made.clock.settle();
    expect(server.sent().filter((line) => line.startsWith('HEADERS'))).toHaveLength(30);
    expect(made.pool.stats()).toMatchObject({ opened: 1, active: 130, queued: 0 });
    server.receive(...calls.map((_, index) => whole(2 * index + 1)));
    await made.clock.settle();
    expect(new Set(outcomes(calls))).toEqual(new Set(['200 "x"']));
  });

  it('of a server that never says anything: those beyond 100 get a pool timeout, nothing hangs', async () => {
    const made = startWorld();
    const calls = Array.from({ length: 101 }, () => made.call('/', { timeouts: [null, 5_000, null, 3_000] }));
    await made.server();
    made.clock.advance(3_100);
    await made.clock.settle();
    expect(calls[100]?.outcome()).toBe('POOL_TIMEOUT');
    made.clock.advance(2_000);
    await made.clock.settle();
    expect(new Set(outcomes(calls.slice(0, 100)))).toEqual(new Set(['READ_TIMEOUT']));
  });

  it('is remembered: the next connection to an origin starts with what the last one has said', async () => {
    const made = startWorld({ maxConnectionsPerOrigin: 3 });
    const calls = Array.from({ length: 12 }, (_, index) => made.call(`/${index}`, { method: 'POST' }));
    const first = await made.server();
    expect(first.sent().filter((line) => line.startsWith('HEADERS'))).toHaveLength(12);
    // All but four were too many, which the client could not know.
    first.receive(
      settings([Setting.MAX_CONCURRENT_STREAMS, 4]),
      settingsAcknowledgement(),
      ...Array.from({ length: 8 }, (_, index) => reset(2 * index + 9, ErrorCode.REFUSED_STREAM)),
    );
    for (const number of [1, 2]) {
      const server = await made.server(number);
      expect(server.sent().filter((line) => line.startsWith('HEADERS'))).toHaveLength(4);
      server.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 4]), settingsAcknowledgement());
    }
    for (const server of made.servers) server.receive(...[1, 3, 5, 7].map((id) => whole(id)));
    await made.clock.settle();
    expect(outcomes(calls)).toEqual(calls.map(() => '200 "x"'));
    expect(made.servers).toHaveLength(3);
  });

  it('of 0 is waited out, without another connection', async () => {
    const { made, server, calls } = await startConnected(['/first'], [Setting.MAX_CONCURRENT_STREAMS, 0]);
    const waiting = [made.call('/a'), made.call('/b')];
    await made.clock.settle();
    server.receive(whole(1));
    await made.clock.settle();
    expect([server.sent(), made.servers.length, outcomes([...calls, ...waiting])]).toEqual([[], 1, ['200 "x"', 'running', 'running']]);
    server.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 2]));
    await made.clock.settle();
    expect(server.sent().filter((line) => line.startsWith('HEADERS'))).toHaveLength(2);
    server.receive(whole(3, 'a'), whole(5, 'b'));
    await made.clock.settle();
    expect(outcomes(waiting)).toEqual(['200 "a"', '200 "b"']);
    expect(made.servers).toHaveLength(1);
  });

  it('lowered while streams run is obeyed: those run on, and others wait for room or have another connection', async () => {
    const made = startWorld({ maxConnectionsPerOrigin: 2 });
    const first = Array.from({ length: 4 }, (_, index) => made.call(`/${index}`));
    const server = await made.server();
    server.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 4]), settingsAcknowledgement());
    server.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 2]));
    await made.clock.settle();
    server.sent();
    const more = [made.call('/4'), made.call('/5')];
    const second = await made.server(1);
    expect(server.sent()).toEqual([]);
    second.receive(settings([Setting.MAX_CONCURRENT_STREAMS, 2]), settingsAcknowledgement(), whole(1, 'second'), whole(3, 'second'));
    server.receive(whole(1), whole(3));
    await made.clock.settle();
    // Two are left of four: the limit.
    const third = [made.call('/6'), made.call('/7'), made.call('/8')];
    await made.clock.settle();
    expect(server.sent()).toEqual([]);
    server.receive(whole(5), whole(7));
    await made.clock.settle();
    expect(server.sent().map((line) => line.slice(0, 9))).toEqual(['HEADERS 9']);
    server.receive(whole(9));
    second.receive(whole(5), whole(7));
    await made.clock.settle();
    expect(outcomes([...first, ...more, ...third])).toEqual([
      ...first.map(() => '200 "x"'),
      '200 "second"',
      '200 "second"',
      ...third.map(() => '200 "x"'),
    ]);
  });
});

describe('identifiers', () => {
  it('that are used up end the connection, once the last stream has (RFC 9113 §5.1.1)', async () => {
    const world = new LoneConnection(undefined, { firstStreamId: 2 ** 31 - 3 });
    world.start('/one');
    expect([world.connection.capacity, world.connection.noNewExchanges]).toEqual([1, false]);
    world.start('/last');
    expect([world.connection.capacity, world.connection.noNewExchanges]).toEqual([0, true]);
    await world.clock.settle();
    world.transport.receive(Buffer.concat([whole(2 ** 31 - 1), whole(2 ** 31 - 3)]));
    await world.clock.settle();
    expect(world.events).toEqual(['closed', '/last 200', '/one 200']);
    expect(world.sent().at(-1)).toBe('GOAWAY 0 NO_ERROR');
  });
});

describe('GOAWAY', () => {
  it('in two steps (RFC 9113 §6.8) loses nothing: what was not processed goes to another connection', async () => {
    const { made, server, calls } = await startConnected(['/a', '/b']);
    server.receive(goAway(2 ** 31 - 1));
    await made.clock.settle();
    const late = made.call('/c', { method: 'POST', body: [bytes('body')] });
    const second = await made.server(1);
    expect(second.sent().at(-1)).toBe('DATA 1 END_STREAM "body"');
    server.receive(goAway(1), whole(1, 'a'));
    await made.clock.settle();
    expect(second.sent()).toEqual(['HEADERS 3 END_STREAM :method=GET :scheme=http :authority=server.test :path=/b']);
    expect(server.transport.ended).toBe(true);
    second.receive(settings(), settingsAcknowledgement(), whole(1, 'c'), whole(3, 'b'));
    await made.clock.settle();
    expect(outcomes([...calls, late])).toEqual(['200 "a"', '200 "b"', '200 "c"']);
  });

  it('and then the end, with streams it said it would serve: their outcome is not known', async () => {
    const { made, server, calls } = await startConnected(['/a', '/b']);
    server.receive(goAway(1));
    server.transport.receiveEnd();
    const second = await made.server(1);
    expect(calls[0]?.error).toMatchObject({ code: 'CONNECTION_CLOSED', requestSent: true });
    second.receive(settings(), settingsAcknowledgement(), whole(1, 'again'));
    await made.clock.settle();
    expect(outcomes(calls)).toEqual(['CONNECTION_CLOSED', '200 "again"']);
  });

  it('with every connection, is an error in the end', async () => {
    const made = startWorld();
    const call = made.call('/');
    for (let connection = 0; connection < 3; connection += 1) {
      const server = await made.server(connection);
      server.receive(settings(), settingsAcknowledgement(), goAway(0, ErrorCode.ENHANCE_YOUR_CALM));
      await made.clock.settle();
    }
    // None of them has processed it, and whoever repeats requests may know.
    expect(call.error).toMatchObject({ name: 'RemoteProtocolError', code: 'H2_ENHANCE_YOUR_CALM', requestSent: false });
    expect(made.servers).toHaveLength(3);
  });

  it('does not replay a body that was asked for already', async () => {
    const { made, server } = await startConnected(['/']);
    async function* body(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(bytes('once'));
    }
    const upload = made.call('/', { method: 'POST', body: body() });
    await made.clock.settle();
    server.receive(goAway(1));
    await made.clock.settle();
    expect(upload.error).toMatchObject({ code: 'H2_NO_ERROR', requestSent: false });
    expect(made.servers).toHaveLength(1);
  });
});

describe('a connection that breaks', () => {
  it('fails what it carries with the cause, and gives requests that never left to another', async () => {
    const { made, server, calls } = await startConnected(['/sent']);
    const unsent = made.call('/unsent', { method: 'POST', body: [bytes('b')] });
    await null;
    const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
    server.transport.close(cause);
    const second = await made.server(1);
    expect(calls[0]?.error).toMatchObject({ name: 'ReadError', cause, phase: 'response-head', requestSent: true });
    second.receive(settings(), settingsAcknowledgement(), whole(1, 'second'));
    await made.clock.settle();
    expect(unsent.outcome()).toBe('200 "second"');
  });

  it('in our own hands is an error of its exchanges, and of nobody else', async () => {
    const { made, server, calls } = await startConnected(['/']);
    server.transport.write = () => {
      throw new Error('broken');
    };
    const post = made.call('/', { method: 'POST' });
    await made.clock.settle();
    for (const { error } of [calls[0]!, post]) expect(error).toMatchObject({ name: 'WriteError', cause: { message: 'broken' } });
    expect(server.transport.destroyed).toBe(true);
  });

  it('in our own hands while it is read is no more than that', async () => {
    const { made, server, calls } = await startConnected(['/']);
    server.transport.write = () => {
      throw new Error('broken');
    };
    // GOAWAY can't be written.
    server.receive(data(0, 'x'));
    await made.clock.settle();
    expect(calls[0]?.error).toMatchObject({ name: 'ReadError', cause: { message: 'broken' } });
    expect(server.transport.destroyed).toBe(true);
  });

  it('by a server of another protocol: PROTOCOL_ERROR, and a typed error', async () => {
    const made = startWorld();
    const call = made.call('/');
    const server = await made.server();
    server.sent();
    server.transport.receive('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    await made.clock.settle();
    expect(call.error).toMatchObject({ name: 'RemoteProtocolError', code: 'H2_PROTOCOL_ERROR' });
    expect(server.sent()).toEqual(['GOAWAY 0 PROTOCOL_ERROR']);
    expect(server.transport.ended).toBe(true);
  });
});

describe('CONNECT', () => {
  it('names the host that it is to reach, and not the proxy (RFC 9113 §8.5)', async () => {
    const { made, server } = await startConnected(['/']);
    server.receive(whole(1));
    made.call('db.internal:5432', { method: 'CONNECT', unread: true });
    await made.clock.settle();
    expect(server.sent()).toEqual(['HEADERS 3 :method=CONNECT :authority=db.internal:5432']);
  });

  it('ends when the server ends it: our side is ended too, and reset where it can not be', async () => {
    const { made, server } = await startConnected(['/'], [Setting.INITIAL_WINDOW_SIZE, 10]);
    server.receive(whole(1));
    const quiet = made.call('a.internal:1', { method: 'CONNECT', unread: true });
    const full = made.call('b.internal:2', { method: 'CONNECT', unread: true });
    await made.clock.settle();
    server.receive(ok(3), ok(5));
    await made.clock.settle();
    const tunnel = full.body as DuplexBody;
    void tunnel.write(bytes('more than ten octets'));
    await made.clock.settle();
    server.sent();
    server.receive(data(3, 'bye', { endStream: true }), data(5, 'bye', { endStream: true }));
    await made.clock.settle();
    expect(server.sent()).toEqual(['DATA 3 END_STREAM ""', 'RST_STREAM 5 CANCEL']);
    expect(Buffer.from((await quiet.body?.bytes()) ?? []).toString()).toBe('bye');
    await expect(tunnel.write(bytes('late'))).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(made.pool.stats().active).toBe(0);
  });
});

describe('extended CONNECT', () => {
  const context = { protocol: 'websocket' } as const;
  const allowed = [Setting.ENABLE_CONNECT_PROTOCOL, 1] as const;

  it('beyond the limit that the SETTINGS bring has another connection, or waits', async () => {
    const made = startWorld({ maxConnectionsPerOrigin: 2 });
    const calls = Array.from({ length: 4 }, (_, index) => made.call(`/${index}`, { method: 'CONNECT', context, unread: true }));
    const server = await made.server();
    server.receive(settings(allowed, [Setting.MAX_CONCURRENT_STREAMS, 1]), settingsAcknowledgement());
    const second = await made.server(1);
    second.receive(settings(allowed, [Setting.MAX_CONCURRENT_STREAMS, 1]), settingsAcknowledgement());
    await made.clock.settle();
    const paths = (lines: readonly string[]): string[] => lines.flatMap((line) => / :path=(\S+)/.exec(line)?.slice(1) ?? []);
    expect([paths(server.sent()), paths(second.sent())]).toEqual([['/0'], ['/1']]);
    server.receive(headers(1, [[':status', '403']], { endStream: true }));
    await made.clock.settle();
    expect([paths(server.sent()), paths(second.sent())]).toEqual([['/2'], []]);
    expect(outcomes(calls)).toEqual(calls.map(() => 'running'));
    expect(made.pool.stats()).toMatchObject({ active: 2, queued: 1 });
  });

  it('that waits for the SETTINGS of a connection that closes has another', async () => {
    const made = startWorld();
    const call = made.call('/chat', { method: 'CONNECT', context, unread: true });
    const server = await made.server();
    const closed = made.pool.close();
    server.receive(settings(allowed), settingsAcknowledgement());
    const second = await made.server(1);
    second.receive(settings(allowed), settingsAcknowledgement(), headers(1, [[':status', '403']], { endStream: true }));
    await made.clock.settle();
    expect(call.status).toBe(403);
    await closed;
  });

  it('that waits for the SETTINGS of a peer that breaks the protocol fails', async () => {
    const made = startWorld();
    const call = made.call('/chat', { method: 'CONNECT', context, unread: true });
    const server = await made.server();
    server.receive(data(1, 'HTTP/1.1 400 Bad Request'));
    await made.clock.settle();
    expect(call.outcome()).toBe('H2_PROTOCOL_ERROR');
    expect(made.pool.stats()).toMatchObject({ connections: 0, active: 0, queued: 0 });
  });

  it('that is given up before the SETTINGS have come keeps no connection', async () => {
    const made = startWorld();
    const controller = new AbortController();
    made.call('/chat', { method: 'CONNECT', context: { ...context, signal: controller.signal } });
    const server = await made.server();
    controller.abort();
    await made.clock.settle();
    expect(made.pool.stats().active).toBe(0);
    await made.pool.close();
    expect(server.transport.ended).toBe(true);
  });

  it('that is given up while its pool closes does not keep that from its end', async () => {
    const made = startWorld();
    const controller = new AbortController();
    made.call('/chat', { method: 'CONNECT', context: { ...context, signal: controller.signal } });
    await made.server();
    const closed = made.pool.close();
    controller.abort();
    await made.clock.settle();
    made.clock.advance(30_010);
    await closed;
    expect(made.pool.stats().connections).toBe(0);
  });

  it('waits for the SETTINGS that allow it', async () => {
    const made = startWorld();
    const call = made.call('/chat', { method: 'CONNECT', context, unread: true });
    const server = await made.server();
    expect(server.sent()).toEqual(preface);
    expect(made.pool.stats()).toMatchObject({ active: 1, queued: 0 });
    server.receive(settings([Setting.ENABLE_CONNECT_PROTOCOL, 1]), settingsAcknowledgement());
    await made.clock.settle();
    expect(server.sent().at(-1)).toBe('HEADERS 1 :method=CONNECT :scheme=http :authority=server.test :path=/chat :protocol=websocket');
    server.receive(ok(1));
    await made.clock.settle();
    expect(call.status).toBe(200);
  });

  it('is refused where they do not, and ends with what ends before they come', async () => {
    const made = startWorld();
    const refused = made.call('/chat', { method: 'CONNECT', context });
    const server = await made.server();
    server.receive(settings(), settingsAcknowledgement());
    await made.clock.settle();
    expect(refused.error).toMatchObject({ name: 'LocalProtocolError', code: 'EXTENDED_CONNECT_UNSUPPORTED', requestSent: false });

    const other = startWorld();
    const controller = new AbortController();
    const aborted = other.call('/chat', { method: 'CONNECT', context: { ...context, signal: controller.signal } });
    const impatient = other.call('/chat', { method: 'CONNECT', context, timeouts: [null, 2_000, null, null] });
    const due = other.call('/chat', { method: 'CONNECT', context: { ...context, deadline: other.clock.now() + 2_000 } });
    const broken = other.call('/chat', { method: 'CONNECT', context });
    const silent = await other.server();
    controller.abort();
    other.clock.advance(2_100);
    await other.clock.settle();
    silent.transport.close();
    await other.clock.settle();
    expect(outcomes([aborted, impatient, due])).toEqual(['ABORTED', 'READ_TIMEOUT', 'DEADLINE_EXCEEDED']);
    expect(broken.outcome()).toBe('CONNECTION_CLOSED');
  });
});

describe('Expect: 100-continue', () => {
  it('holds the body back until the server says so, or says nothing for too long', async () => {
    const { made, server } = await startConnected(['/']);
    const expecting = { method: 'POST', body: [bytes('held')], headers: [['expect', '100-continue']] } as const;
    const calls = [made.call('/a', expecting), made.call('/b', expecting), made.call('/c', expecting)];
    await made.clock.settle();
    expect(server.sent().map((line) => line.slice(0, 9))).toEqual(['HEADERS 3', 'HEADERS 5', 'HEADERS 7']);
    server.receive(headers(3, [[':status', '100']]), headers(5, [[':status', '417']], { endStream: true }));
    await made.clock.settle();
    expect(server.sent()).toEqual(['RST_STREAM 5 CANCEL', 'DATA 3 END_STREAM "held"']);
    made.clock.advance(1_001);
    await made.clock.settle();
    expect(server.sent()).toEqual(['DATA 7 END_STREAM "held"']);
    server.receive(whole(3), whole(7));
    await made.clock.settle();
    expect(outcomes(calls)).toEqual(['200 "x"', '417 ""', '200 "x"']);
  });
});
