import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer as createTlsServer } from 'node:tls';

import { hasIPv6, refusedPort, serverCertificate } from '@x/testbed';
import { beforeAll, describe, expect, it } from 'vitest';

import type { Dial, DialedTransport } from '../../../src/dial/dial.ts';
import { Aborted, ConnectTimeout, type ConnectError } from '../../../src/contract/errors.ts';
import type { TraceEventName, TraceObserver } from '../../../src/contract/trace.ts';
import { FakeClock } from '../../../src/testing/fake-clock.ts';
import { systemClock } from '../../../src/time/clock.ts';
import {
  connectTo,
  dialerWith,
  dialTo,
  listen,
  openResources,
  Recorder,
  resourcesBackTo,
  someTurns,
  turnsUntil,
  type Listening,
} from './sockets.ts';

type LookupAnswer = readonly string[] | Error;

/** A lookup that answers in a turn of its own, as the system's does. */
function lookupOf(answer: LookupAnswer): never {
  return ((_host: string, _options: unknown, done: (error: Error | null, addresses?: unknown) => void) => {
    setImmediate(() =>
      answer instanceof Error
        ? done(answer)
        : done(
            null,
            answer.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
          ),
    );
  }) as never;
}

function tracer(): { trace: TraceObserver; log: string[]; moments: number[] } {
  const log: string[] = [];
  const moments: number[] = [];
  const trace: TraceObserver = (name, at, detail) => {
    moments.push(at);
    const values: unknown[] = Object.values(detail ?? {});
    log.push([name, ...values.filter((value) => value !== undefined).map(String)].join(' '));
  };
  return { trace, log, moments };
}

const echo = (): ReturnType<typeof createServer> => createServer((socket) => void socket.pipe(socket));

/** Accepts, reads, and says nothing. */
const silent = (): ReturnType<typeof createServer> => createServer((socket) => void socket.resume());

async function failureOf(dial: Dial<DialedTransport>): Promise<ConnectError> {
  return dial.result.then(
    () => expect.unreachable('it connected'),
    (error: unknown) => error as ConnectError,
  );
}

let tls: { cert: string; key: string; ca: string };
beforeAll(async () => {
  tls = await serverCertificate();
});

describe('createTransportDialer', () => {
  it('connects to an IPv4 address without asking for names', async () => {
    await using server = await listen(echo());
    const { trace, log } = tracer();
    const lookup = (() => expect.unreachable('an address was looked up')) as never;
    const transport = await connectTo({ port: server.port, trace }, { lookup });
    expect(transport.facts).toMatchObject({
      remoteAddress: '127.0.0.1',
      remotePort: server.port,
      localAddress: '127.0.0.1',
      tls: undefined,
    });
    expect(log).toEqual([`connect-start 127.0.0.1 ${server.port}`, `connect-end 127.0.0.1 ${server.port}`]);
    transport.destroy();
  });

  it.skipIf(!hasIPv6)('connects to an IPv6 address', async () => {
    await using server = await listen(echo(), { host: '::1' });
    const transport = await connectTo({ host: '[::1]', port: server.port });
    expect(transport.facts).toMatchObject({ remoteAddress: '::1', remotePort: server.port, localAddress: '::1' });
    transport.destroy();
  });

  it('looks a name up once for dials that begin at once, to whatever port, and tells each of its own steps', async () => {
    await using first = await listen(echo());
    await using second = await listen(echo());
    let asked = 0;
    let answer!: (...answer: unknown[]) => void;
    const dialer = dialerWith({
      lookup: ((_host: string, _options: unknown, done: typeof answer) => {
        asked += 1;
        answer = done;
      }) as never,
    });
    const dials = [first.port, second.port, first.port].map((port) => {
      const { trace, log } = tracer();
      return { port, log, dial: dialTo(dialer, { host: 'one.test', port, trace }) };
    });
    const error = new Aborted('Not wanted');
    dials[0]!.dial.cancel(error);
    expect(await failureOf(dials[0]!.dial)).toBe(error);
    answer(null, [{ address: '127.0.0.1', family: 4 }]);
    for (const { port, log, dial } of dials.slice(1)) {
      (await dial.result).transport.destroy();
      const address = `127.0.0.1 ${port}`;
      expect(log).toEqual(['dns-start one.test', 'dns-end 127.0.0.1 lookup', `connect-start ${address}`, `connect-end ${address}`]);
    }
    expect([asked, dials[0]!.log]).toEqual([1, ['dns-start one.test']]);
  });

  it('resolves a name, and tells each step in its order and time', async () => {
    await using server = await listen(createTlsServer({ ...tls, ALPNProtocols: ['http/1.1'] }));
    const { trace, log, moments } = tracer();
    const dialer = dialerWith({ tls: { ca: tls.ca }, lookup: lookupOf(['127.0.0.1']) }, systemClock, ['http/1.1']);
    const { transport, timings } = await dialTo(dialer, { scheme: 'https', host: 'localhost', port: server.port, trace }).result;
    expect(log).toEqual([
      'dns-start localhost',
      'dns-end 127.0.0.1 lookup',
      `connect-start 127.0.0.1 ${server.port}`,
      `connect-end 127.0.0.1 ${server.port}`,
      'tls-start localhost',
      'tls-end TLSv1.3 http/1.1 false',
    ]);
    const { start, dnsStart, dnsEnd, connectStart, connectEnd, tlsStart, tlsEnd, end } = timings;
    expect([dnsStart, dnsEnd, connectStart, connectEnd, tlsStart, tlsEnd]).toEqual(moments);
    const inOrder = [start, ...moments, end];
    expect(inOrder).toEqual([...inOrder].sort((one, other) => one - other));
    expect([timings.proxyStart, timings.proxyEnd]).toEqual([undefined, undefined]);
    transport.destroy();
  });

  it('resolves localhost with the lookup of the system', async () => {
    await using server = await listen(echo());
    const transport = await connectTo({ host: 'localhost', port: server.port });
    expect(transport.facts.remoteAddress).toBe('127.0.0.1');
    transport.destroy();
  });

  it('goes on to the next address at once when one refuses', async () => {
    await using server = await listen(echo());
    const { trace, log } = tracer();
    // Fake time that never moves: an attempt that waited for its delay would never start.
    const dialer = dialerWith({ lookup: lookupOf(['127.0.0.3', '127.0.0.1']) }, new FakeClock());
    const { transport } = await dialTo(dialer, { host: 'both.test', port: server.port, trace }).result;
    expect(transport.facts.remoteAddress).toBe('127.0.0.1');
    expect(log.slice(2)).toEqual([
      `connect-start 127.0.0.3 ${server.port}`,
      `connect-failed 127.0.0.3 ${server.port} ECONNREFUSED`,
      `connect-start 127.0.0.1 ${server.port}`,
      `connect-end 127.0.0.1 ${server.port}`,
    ]);
    transport.destroy();
  });

  it('destroys the attempts that lost', async () => {
    await using one = await listen(echo());
    await using other = await listen(echo(), { host: '127.0.0.2', port: one.port });
    const before = openResources();
    // No head start: both attempts run before either can be connected.
    const dialer = dialerWith({ connectionAttemptDelay: 0, lookup: lookupOf(['127.0.0.1', '127.0.0.2']) }, immediately);
    const { transport } = await dialTo(dialer, { host: 'both.test', port: one.port }).result;
    const recorder = Recorder.start(transport);
    transport.write('ping');
    await recorder.called('bytes');
    transport.destroy();
    await recorder.called('closed');
    await resourcesBackTo(before);
    await turnsUntil(() => one.sockets.size + other.sockets.size === 0);
    expect(recorder.error).toBeUndefined();
  });

  it('lists every address with its reason when none connects', async () => {
    const port = refusedPort();
    const before = openResources();
    const error = await failureOf(dialTo(dialerWith({ lookup: lookupOf(['127.0.0.1', '127.0.0.2']) }), { host: 'none.test', port }));
    expect(error).toMatchObject({
      name: 'ConnectError',
      code: 'CONNECT_FAILED',
      phase: 'connect',
      message: `Could not connect to http://none.test:${port}: 127.0.0.1:${port} (ECONNREFUSED), 127.0.0.2:${port} (ECONNREFUSED)`,
      attempts: [
        { address: '127.0.0.1', port, code: 'ECONNREFUSED' },
        { address: '127.0.0.2', port, code: 'ECONNREFUSED' },
      ],
    });
    await resourcesBackTo(before);
  });

  it('fails with DNS_FAILED when the name can not be resolved', async () => {
    const cause = Object.assign(new Error('getaddrinfo ENOTFOUND'), { code: 'ENOTFOUND' });
    const error = await failureOf(dialTo(dialerWith({ lookup: lookupOf(cause) }), { host: 'nobody.test', port: 80 }));
    expect(error).toMatchObject({ name: 'ConnectError', code: 'DNS_FAILED', phase: 'dns', cause });
  });

  it('connects from localAddress', async () => {
    await using server = await listen(echo());
    const transport = await connectTo({ port: server.port }, { localAddress: '127.0.0.9' });
    expect(transport.facts.localAddress).toBe('127.0.0.9');
    expect([...server.sockets][0]?.remoteAddress ?? '127.0.0.9').toBe('127.0.0.9');
    transport.destroy();
    // Not an address of this machine (RFC 5737).
    const error = await failureOf(dialTo(dialerWith({ localAddress: '192.0.2.1' }), { port: server.port }));
    expect(error.attempts[0]?.code).toBe('EADDRNOTAVAIL');
    expect(() => dialerWith({ localAddress: 'eth0' })).toThrow(expect.objectContaining({ code: 'INVALID_OPTION' }) as Error);
  });

  it('connects to a unix socket whatever the host is', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'httpcore-'));
    const socketPath = join(directory, 'app.sock');
    const lookup = (() => expect.unreachable('a name was looked up')) as never;
    try {
      const missing = await failureOf(dialTo(dialerWith({ socketPath, lookup }), { host: 'app.test', port: 80 }));
      expect(missing).toMatchObject({ code: 'CONNECT_FAILED', attempts: [{ address: socketPath, port: undefined, code: 'ENOENT' }] });
      await using server = await listen(echo(), { path: socketPath });
      const transport = await connectTo({ host: 'app.test', port: 80 }, { socketPath, lookup });
      expect(transport.facts).toEqual({
        remoteAddress: socketPath,
        remotePort: undefined,
        localAddress: undefined,
        localPort: undefined,
        alpnProtocol: undefined,
        tls: undefined,
      });
      const recorder = Recorder.start(transport);
      transport.write('through a file');
      await recorder.called('bytes');
      expect(recorder.text).toBe('through a file');
      transport.destroy();
      expect(server.port).toBe(0);
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});

describe('what a dial waits for', () => {
  /** Runs the dial up to `event`, then gives it up. */
  async function waitingAt(event: TraceEventName, options: object, target: { scheme?: 'https'; host?: string; port: number }) {
    const clock = new FakeClock();
    const before = openResources();
    const reached = withResolvers();
    const trace: TraceObserver = (name) => {
      if (name === event) reached.resolve();
    };
    const dial = dialTo(dialerWith(options, clock), { ...target, trace });
    const failure = failureOf(dial);
    // Of what happens in this very turn nothing is left to wait for: no I/O can come between.
    if (!isSynchronous(event, target.host)) await reached.promise;
    const { phase, hanging } = dial;
    const passed = new ConnectTimeout('too slow');
    dial.cancel(passed);
    expect(await failure).toBe(passed);
    expect(clock.pending).toBe(0);
    await resourcesBackTo(before);
    return { phase, hanging };
  }
  const isSynchronous = (event: TraceEventName, host: string | undefined): boolean =>
    event === 'dns-start' || (event === 'connect-start' && host === undefined);

  it('is a name', async () => {
    const waiting = await waitingAt('dns-start', { lookup: (() => {}) as never }, { host: 'slow.test', port: 80 });
    expect(waiting).toEqual({ phase: 'dns', hanging: 'the name "slow.test" was not resolved' });
  });

  it('is an answer', async () => {
    await using server = await listen(echo());
    const waiting = await waitingAt('connect-start', {}, { port: server.port });
    expect(waiting).toEqual({ phase: 'connect', hanging: `no answer from 127.0.0.1:${server.port}` });
  });

  it('is TLS', async () => {
    await using server = await listen(silent());
    const waiting = await waitingAt('tls-start', {}, { scheme: 'https', port: server.port });
    expect(waiting).toEqual({ phase: 'tls', hanging: 'the TLS handshake was not finished' });
  });
});

describe('cancel', () => {
  const events = ['dns-start', 'dns-end', 'connect-start', 'connect-failed', 'connect-end', 'tls-start', 'tls-end'] as const;

  async function expectNothingAfterCancelAt(event: TraceEventName, when: (cancel: () => void) => void): Promise<void> {
    await using server = await listen(createTlsServer(tls));
    const clock = new FakeClock();
    const before = openResources();
    const reason = new Aborted('changed my mind');
    const seen: string[] = [];
    const trace: TraceObserver = (name) => {
      seen.push(name);
      // The dial is not there yet while it tells of its first steps.
      const cancel = (): void => (dial === undefined ? queueMicrotask(() => dial!.cancel(reason)) : dial.cancel(reason));
      if (name === event) when(cancel);
    };
    const dialer = dialerWith({ tls: { ca: tls.ca }, lookup: lookupOf(['127.0.0.3', '127.0.0.1']) }, clock);
    let dial: Dial<DialedTransport> | undefined;
    dial = dialTo(dialer, { scheme: 'https', host: 'localhost', port: server.port, trace });
    await expect(dial.result).rejects.toBe(reason);
    await resourcesBackTo(before);
    await someTurns();
    expect(seen.at(-1)).toBe(event);
    expect(clock.pending).toBe(0);
    await turnsUntil(() => server.sockets.size === 0);
  }

  it.each(events)('inside the event %s leaves nothing open', async (event) => {
    await expectNothingAfterCancelAt(event, (cancel) => cancel());
  });

  // The other events are followed by the next step at once.
  it.each(['dns-start', 'connect-start', 'tls-start'] as const)('after the event %s leaves nothing open', async (event) => {
    await expectNothingAfterCancelAt(event, (cancel) => queueMicrotask(cancel));
  });

  it('does nothing once the dial has settled', async () => {
    await using server = await listen(echo());
    const dial = dialTo(dialerWith(), { port: server.port });
    const { transport } = await dial.result;
    dial.cancel(new Aborted('too late'));
    const recorder = Recorder.start(transport);
    transport.write('still here');
    await recorder.called('bytes');
    expect(recorder.text).toBe('still here');
    transport.destroy();

    const failed = dialTo(dialerWith({ lookup: lookupOf(new Error('no')) }), { host: 'nobody.test', port: 80 });
    const error = await failureOf(failed);
    failed.cancel(new Aborted('too late'));
    expect(await failureOf(failed)).toBe(error);
  });

  it('at any turn leaves nothing open, and settles once', async () => {
    await using server: Listening = await listen(createTlsServer(tls));
    const before = openResources();
    const dialer = dialerWith({ tls: { ca: tls.ca }, lookup: lookupOf(['127.0.0.1']) });
    const outcomes: string[] = [];
    // Ever later, until it is too late.
    for (let turns = 0; outcomes.at(-1) !== 'connected'; turns = Math.ceil(turns * 1.2) + 1) {
      const dial = dialTo(dialer, { scheme: 'https', host: 'localhost', port: server.port });
      const outcome = dial.result.then(
        ({ transport }) => {
          transport.destroy();
          return 'connected';
        },
        (error: unknown) => (error instanceof Aborted ? 'cancelled' : String(error)),
      );
      for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
      dial.cancel(new Aborted(`after ${turns} turns`));
      outcomes.push(await outcome);
    }
    expect(outcomes.length).toBeGreaterThan(2);
    expect(new Set(outcomes.slice(0, -1))).toEqual(new Set(['cancelled']));
    await resourcesBackTo(before);
  });
});

/** Time without delay: whatever is scheduled runs in the next microtask. */
const immediately = {
  ...systemClock,
  schedule(_delay: number, task: () => void) {
    let wanted = true;
    queueMicrotask(() => wanted && task());
    return { cancel: () => void (wanted = false) };
  },
};

function withResolvers(): { promise: Promise<void>; resolve: () => void } {
  let resolve!: () => void;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}
