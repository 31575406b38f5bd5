/** The client side of these tests: plain text in, plain text out, so that nothing but the server is under test. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { LocalServer } from '../../src/index.ts';

export async function dial(server: Pick<LocalServer, 'host' | 'port'>): Promise<Socket> {
  const socket = connect(server.port, server.host);
  socket.setEncoding('latin1');
  await once(socket, 'connect');
  return socket;
}

/** Sends `lines` as a head (with `Host` and `Connection: close`) and a body; gives all that comes until the server closes. */
export async function exchange(server: LocalServer, lines: string, body = ''): Promise<string> {
  const socket = await dial(server);
  socket.write(`${lines}\r\nHost: testbed\r\nConnection: close\r\n\r\n${body}`, 'latin1');
  return text(socket);
}

export function bodyOf(response: string): string {
  return response.slice(response.indexOf('\r\n\r\n') + 4);
}

/** Reads until `mark` has come; gives all up to its end. Keeps what follows for the next call. */
export async function readUntil(socket: Socket, mark: string): Promise<string> {
  let received = '';
  for (;;) {
    const at = received.indexOf(mark);
    if (at !== -1) {
      const rest = received.slice(at + mark.length);
      if (rest !== '') socket.unshift(rest, 'latin1');
      return received.slice(0, at + mark.length);
    }
    const chunk = socket.read() as string | null;
    if (chunk !== null) received += chunk;
    else if (socket.readableEnded || socket.destroyed) throw new Error(`ended after: ${received}`);
    else await Promise.race([once(socket, 'readable'), once(socket, 'end')]);
  }
}
