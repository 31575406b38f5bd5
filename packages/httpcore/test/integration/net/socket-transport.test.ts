import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';

import { serverCertificate } from '@x/testbed';
import { describe, expect, it } from 'vitest';

import type { ByteTransport } from '../../../src/net/byte-transport.ts';
import { SocketTransport } from '../../../src/net/socket-transport.ts';
import { PeerChain } from '../../../src/net/peer-chain.ts';
import { secureSocketFacts, socketFacts } from '../../../src/net/transport-facts.ts';
import { connectTo, listen, openResources, Recorder, resourcesBackTo, someTurns, type Listening } from './sockets.ts';

const mebibyte = 2 ** 20;
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** The server's TCP socket under TLS: only that one can be reset. */
const tcpOf = (socket: Socket): Socket => (socket as Socket & { _parent?: Socket })._parent ?? socket;

interface Pair extends AsyncDisposable {
  readonly transport: ByteTransport;
  readonly peer: Socket;
}

/** How a transport comes to be; the rules are the same for each. */
const kinds: Record<string, () => Promise<{ server: ReturnType<typeof createServer>; open: (port: number) => Promise<ByteTransport> }>> = {
  async 'TCP through onread'() {
    return { server: createServer({ allowHalfOpen: true }), open: (port) => connectTo({ port }) };
  },
  async 'TLS through onread'() {
    const { cert, key, ca } = await serverCertificate();
    return {
      server: createTlsServer({ cert, key, allowHalfOpen: true } as object),
      open: (port) => connectTo({ scheme: 'https', port }, { tls: { ca } }),
    };
  },
  async 'TCP over a socket that is there'() {
    return {
      server: createServer({ allowHalfOpen: true }),
      async open(port) {
        const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        await once(socket, 'connect');
        return SocketTransport.over(socket, socketFacts(socket, undefined));
      },
    };
  },
  async 'TLS over a socket that is there'() {
    const { cert, key, ca } = await serverCertificate();
    return {
      server: createTlsServer({ cert, key, allowHalfOpen: true } as object),
      async open(port) {
        const tcp = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
        await once(tcp, 'connect');
        const socket = connectTls({ socket: tcp, ca, servername: 'localhost' });
        await once(socket, 'secureConnect');
        return SocketTransport.over(socket, secureSocketFacts(socket, socketFacts(socket, undefined), new PeerChain({})));
      },
    };
  },
};

describe.each(Object.entries(kinds))('SocketTransport, %s', (name, kind) => {
  const overTls = name.startsWith('TLS');
  const throughOnread = name.endsWith('onread');

  async function pair(onPeer: (peer: Socket) => void = () => {}): Promise<Pair> {
    const { server, open } = await kind();
    const peers: Socket[] = [];
    const accepted = new Promise<Socket>((resolve) => {
      server.on(overTls ? 'secureConnection' : 'connection', (socket: Socket) => {
        peers.push(socket);
        onPeer(socket);
        resolve(socket);
      });
    });
    const listening: Listening = await listen(server);
    const transport = await open(listening.port);
    return {
      transport,
      peer: await accepted,
      async [Symbol.asyncDispose]() {
        transport.destroy();
        await listening[Symbol.asyncDispose]();
      },
    };
  }

  it('carries bytes both ways, strings as Latin-1', async () => {
    await using both = await pair((peer) => peer.pipe(peer));
    const recorder = Recorder.start(both.transport);
    expect(both.transport.write('caf\xe9 ')).toBe(true);
    expect(both.transport.write(Uint8Array.of(0, 255))).toBe(true);
    await recorder.until(() => recorder.length === 7);
    expect(recorder.text).toBe('caf\xe9 \x00\xff');
  });

  it('loses no byte that came before start, nor the end after it', async () => {
    const early = randomBytes(300_000);
    await using both = await pair((peer) => peer.end(early));
    await someTurns();
    const recorder = Recorder.start(both.transport);
    expect(recorder.calls).toEqual([]);
    await recorder.called('end');
    expect(digest(recorder.bytes)).toBe(digest(early));
    expect(recorder.calls).toEqual(['bytes', 'end']);
  });

  it('takes in no more than a little before start', async () => {
    const body = randomBytes(16 * mebibyte);
    await using both = await pair((peer) => peer.end(body));
    for (let round = 0; round < 20; round++) await someTurns();
    // The rest waits where it belongs: at the sender.
    expect(both.peer.writableLength).toBeGreaterThan(0);
    const recorder = Recorder.start(both.transport);
    await recorder.called('end');
    expect(digest(recorder.bytes)).toBe(digest(body));
  });

  it('tells of a connection that was reset before start, after start', async () => {
    await using both = await pair();
    tcpOf(both.peer).resetAndDestroy();
    await someTurns();
    const recorder = Recorder.start(both.transport);
    expect(recorder.calls).toEqual([]);
    await recorder.called('closed');
    expect(recorder.calls).toEqual(['closed']);
    expect(recorder.error).toMatchObject({ code: 'ECONNRESET' });
  });

  it('gives memory away that is not written to again', async () => {
    const body = randomBytes(8 * mebibyte);
    await using both = await pair();
    const pieces: Uint8Array[] = [];
    let kept = 0;
    // Paused until the system holds all it can, so that the reads are as large as they get.
    both.transport.pause();
    const recorder = Recorder.start(both.transport, (chunk, transport) => {
      const ours = transport.keep();
      if (ours) kept++;
      // What we keep is looked at only when all reads are over.
      pieces.push(ours ? chunk : Buffer.from(chunk));
    });
    both.peer.end(body);
    await someTurns();
    both.transport.resume();
    await recorder.called('end');
    expect(digest(Buffer.concat(pieces))).toBe(digest(body));
    expect(kept).toBeGreaterThan(0);
    expect(both.transport.keep()).toBe(!throughOnread);
  });

  it('stops delivering while paused, and the peer notices', async () => {
    const body = randomBytes(8 * mebibyte);
    await using both = await pair();
    let afterPause = 0;
    const recorder = Recorder.start(both.transport, (chunk, transport) => {
      afterPause += chunk.length;
      transport.pause();
      transport.pause();
    });
    both.peer.end(body);
    await recorder.called('bytes');
    await someTurns();
    const held = recorder.length;
    await someTurns();
    expect(recorder.length).toBe(held);
    expect(afterPause).toBeLessThanOrEqual(2 * 65_536);
    expect(both.peer.writableLength).toBeGreaterThan(0);
    // Each chunk pauses again: as many steps as there are chunks, and none is lost between them.
    while (!recorder.calls.includes('end')) {
      const seen = recorder.length;
      both.transport.resume();
      await recorder.until(() => recorder.length > seen || recorder.calls.includes('end'));
    }
    expect(digest(recorder.bytes)).toBe(digest(body));
  });

  it('goes on when it is resumed inside the same delivery', async () => {
    const body = randomBytes(mebibyte);
    await using both = await pair();
    const recorder = Recorder.start(both.transport, (_chunk, transport) => {
      transport.pause();
      transport.resume();
    });
    both.peer.end(body);
    await recorder.called('end');
    expect(digest(recorder.bytes)).toBe(digest(body));
  });

  it('asks to stop writing when the peer is slow, and tells when it may go on', async () => {
    await using both = await pair((peer) => peer.pause());
    const recorder = Recorder.start(both.transport);
    const chunk = randomBytes(32_768);
    let written = 0;
    while (both.transport.write(chunk)) written++;
    written++;
    expect(recorder.calls).toEqual([]);
    const received = createHash('sha256');
    let length = 0;
    both.peer.on('data', (data: Buffer) => {
      received.update(data);
      length += data.length;
    });
    both.peer.resume();
    await recorder.called('drain');
    expect(both.transport.write('')).toBe(true);
    both.transport.end();
    await once(both.peer, 'end');
    expect(length).toBe(written * chunk.length);
    expect(received.digest('hex')).toBe(digest(Buffer.concat(Array.from({ length: written }, () => chunk))));
  });

  it('gathers writes under a cork into one', async () => {
    await using both = await pair();
    Recorder.start(both.transport);
    const received: Buffer[] = [];
    both.peer.on('data', (chunk: Buffer) => received.push(chunk));
    both.transport.cork();
    both.transport.write('GET / HTTP/1.1\r\n\r\n');
    await someTurns();
    expect(received).toEqual([]);
    both.transport.write(Buffer.from('body'));
    both.transport.uncork();
    await once(both.peer, 'data');
    expect(received.map(String)).toEqual(['GET / HTTP/1.1\r\n\r\nbody']);
  });

  it('still sends after the peer has ended its direction', async () => {
    await using both = await pair((peer) => peer.end('bye'));
    const recorder = Recorder.start(both.transport);
    await recorder.called('end');
    const received: Buffer[] = [];
    both.peer.on('data', (chunk: Buffer) => received.push(chunk));
    both.transport.write('one more');
    both.transport.end();
    await once(both.peer, 'end');
    expect(Buffer.concat(received).toString()).toBe('one more');
    await recorder.called('closed');
    expect([recorder.calls, recorder.text, recorder.error]).toEqual([['bytes', 'end', 'closed'], 'bye', undefined]);
  });

  it('still receives after it has ended its own direction', async () => {
    await using both = await pair();
    const recorder = Recorder.start(both.transport);
    both.transport.write('question');
    both.transport.end();
    both.peer.resume();
    await once(both.peer, 'end');
    both.peer.end('answer');
    await recorder.called('closed');
    expect([recorder.calls, recorder.text, recorder.error]).toEqual([['bytes', 'end', 'closed'], 'answer', undefined]);
  });

  it('closes with the error when the peer resets, and calls nothing after it', async () => {
    await using both = await pair();
    const recorder = Recorder.start(both.transport);
    both.peer.write('half an ans');
    await recorder.called('bytes');
    tcpOf(both.peer).resetAndDestroy();
    await recorder.called('closed');
    expect(recorder.error).toMatchObject({ code: 'ECONNRESET' });
    await someTurns();
    expect(recorder.calls).toEqual(['bytes', 'closed']);
    expect(both.transport.write('too late')).toBe(false);
  });

  it('gives what the peer sent before a reset that a write finds first, paused or not, and no end', async () => {
    for (const isPaused of [true, false]) {
      await using both = await pair();
      const recorder = Recorder.start(both.transport);
      if (isPaused) both.transport.pause();
      const answer = randomBytes(40_000);
      await new Promise((resolve) => {
        both.peer.write(answer, resolve);
      });
      const gone = once(tcpOf(both.peer), 'close');
      tcpOf(both.peer).resetAndDestroy();
      await gone;
      while (both.transport.write(randomBytes(65_536)));
      await recorder.called('closed');
      expect(digest(recorder.bytes)).toBe(digest(answer));
      expect(recorder.calls).toEqual(['bytes', 'closed']);
      expect((recorder.error as NodeJS.ErrnoException).code).toMatch(/^(?:ECONNRESET|EPIPE)$/);
      expect(both.transport.write('too late')).toBe(false);
    }
  });

  it.each([20_000, 1_000_000])('gives what came while it was paused before a reset, and no end: %i octets', async (size) => {
    await using both = await pair();
    const recorder = Recorder.start(both.transport, (_chunk, transport) => transport.pause());
    const sent = randomBytes(size + 4);
    tcpOf(both.peer).setNoDelay(true);
    both.peer.write(sent.subarray(0, 1));
    await recorder.called('bytes');
    for (const piece of [sent.subarray(1, -3), sent.subarray(-3)]) {
      const written = new Promise((resolve) => both.peer.write(piece, resolve));
      // What is more than the system takes in is not sent.
      await (size < 65_536 ? written : someTurns());
      await someTurns();
    }
    tcpOf(both.peer).resetAndDestroy();
    await someTurns();
    // TLS whose bytes come by way of its stream is told of an end, where Node is told of one in the place of a reset (before Node 24).
    const last = overTls && !throughOnread && Number.parseInt(process.versions.node) < 24 ? /^(?:end|closed)$/ : /^closed$/;
    while (!last.test(recorder.calls.at(-1)!)) {
      both.transport.resume();
      await someTurns();
    }
    if (recorder.calls.at(-1) === 'closed') {
      expect(recorder.calls).toEqual(['bytes', 'closed']);
      expect(recorder.error).toMatchObject({ code: 'ECONNRESET' });
    }
    if (size < 65_536) expect(digest(recorder.bytes)).toBe(digest(sent));
    expect(recorder.bytes.equals(sent.subarray(0, recorder.length))).toBe(true);
  });

  it('is destroyed at once: no call but onClosed, and that not from inside', async () => {
    const before = openResources();
    {
      await using both = await pair((peer) => peer.write('x'));
      const recorder = Recorder.start(both.transport, (_chunk, transport) => {
        transport.destroy();
        transport.destroy();
        expect(transport.write('y')).toBe(false);
      });
      both.peer.write(randomBytes(mebibyte));
      await recorder.called('closed');
      await someTurns();
      expect([recorder.calls, recorder.error]).toEqual([['bytes', 'closed'], undefined]);
    }
    await resourcesBackTo(before);
  });

  it('keeps what a handler throws to itself, and closes with it', async () => {
    for (const thrower of ['onBytes', 'onEnd', 'onDrain', 'onClosed'] as const) {
      await using both = await pair();
      const calls: unknown[] = [];
      const closed = new Promise<void>((resolve) => {
        const call = (method: string) => (argument?: unknown) => {
          calls.push(method === 'onClosed' ? (argument as Error | undefined)?.message : method);
          if (method === 'onClosed') resolve();
          if (method === thrower) throw new Error(`bug in ${method}`);
        };
        both.transport.start({ onBytes: call('onBytes'), onEnd: call('onEnd'), onDrain: call('onDrain'), onClosed: call('onClosed') });
      });
      if (thrower === 'onDrain') {
        while (both.transport.write(randomBytes(65_536)));
        both.peer.resume();
      } else if (thrower === 'onBytes') both.peer.write('x');
      else if (thrower === 'onEnd') both.peer.end();
      else both.transport.destroy();
      await closed;
      expect(calls.at(-1)).toBe(thrower === 'onClosed' ? undefined : `bug in ${thrower}`);
    }
  });

  it('keeps the process alive only while it is referenced', async () => {
    await using both = await pair();
    Recorder.start(both.transport);
    await someTurns();
    const before = openResources();
    both.transport.unref();
    both.transport.unref();
    const idle = openResources();
    expect(idle).toBeLessThan(before);
    both.transport.ref();
    both.transport.ref();
    expect(openResources()).toBe(before);
  });

  it('refuses a second start', async () => {
    await using both = await pair();
    Recorder.start(both.transport);
    expect(() => Recorder.start(both.transport)).toThrow('already started');
  });
});
