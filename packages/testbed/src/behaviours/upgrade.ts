import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Behaviour } from '../server/http-server.ts';
import { answerText } from './answers.ts';

export interface UpgradeOptions {
  /** The protocol switched to. Default `echo`. */
  readonly protocol?: string;
  /** Sent in the same write as the response head: what a careless client loses. Default nothing. */
  readonly greeting?: string;
  /** Refuses with this status instead. */
  readonly refuse?: number;
}

/** Accepts any Upgrade and any CONNECT, then echoes bytes until the client ends. */
export function upgrade(options: UpgradeOptions = {}): Behaviour {
  const { protocol = 'echo', greeting = '', refuse } = options;

  function tunnel(socket: Duplex, head: Buffer, answer: string): void {
    socket.on('error', () => socket.destroy());
    if (refuse !== undefined) {
      socket.end(`HTTP/1.1 ${refuse} Refused\r\nContent-Length: 7\r\nConnection: close\r\n\r\nrefused`);
      return;
    }
    socket.write(Buffer.concat([Buffer.from(answer + greeting, 'latin1'), head]));
    socket.pipe(socket);
  }
  return {
    handle(request, response) {
      request.resume();
      answerText(response, 426, 'upgrade', { Upgrade: protocol, Connection: 'Upgrade, close' });
    },
    events: {
      upgrade(_request: IncomingMessage, socket: Duplex, head: Buffer) {
        tunnel(socket, head, `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`);
      },
      connect(_request: IncomingMessage, socket: Duplex, head: Buffer) {
        tunnel(socket, head, 'HTTP/1.1 200 Connection established\r\n\r\n');
      },
    },
    extras: {},
  };
}
