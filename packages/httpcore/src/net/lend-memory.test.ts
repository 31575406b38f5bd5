import { once } from 'node:events';
import { connect, createServer, Socket, type AddressInfo } from 'node:net';

import { describe, expect, it } from 'vitest';

import { canLendMemory, lendMemory } from './lend-memory.ts';

describe('memory lent to a socket', () => {
  // Where a new Node fails this, tunnels go on by way of `data` events, and cost more: see the decision about it.
  it('is possible in this Node', () => {
    expect(canLendMemory()).toBe(true);
  });

  it('is what the socket reads into', async () => {
    const server = createServer((peer) => void peer.end('some bytes'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const socket = connect({ port, host: '127.0.0.1' });
    const memory = Buffer.alloc(64);
    const streamed: Buffer[] = [];
    let read = '';
    socket.on('data', (chunk: Buffer) => streamed.push(chunk));
    await once(socket, 'connect');
    const lent = lendMemory(socket, {
      buffer: () => memory,
      callback(length: number) {
        read += memory.toString('latin1', 0, length);
        return true;
      },
    });
    await once(socket, 'close');
    expect({ lent, read, streamed }).toEqual({ lent: true, read: 'some bytes', streamed: [] });
    server.close();
  });

  it('is not forced on what has no handle', () => {
    const socket = new Socket();
    const before = Object.getOwnPropertySymbols(socket).length;
    expect(lendMemory(socket, { buffer: () => Buffer.alloc(1), callback: () => true })).toBe(false);
    expect(lendMemory(socket, { buffer: Buffer.alloc(1), callback: () => true })).toBe(false);
    expect(Object.getOwnPropertySymbols(socket)).toHaveLength(before);
  });
});
