/** Works on twenty requests at once and lets the others wait; it does not notice who has left. */
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

const workers = 20;

export interface SlowServer {
  readonly url: string;
  /** Milliseconds that the work for a request takes from now on. */
  work: number;
  close(): void;
}

export async function startSlowServer(): Promise<SlowServer> {
  const queue: (() => void)[] = [];
  let busy = 0;
  const next = (): void => {
    while (busy < workers && queue.length > 0) {
      busy++;
      const answer = queue.shift()!;
      setTimeout(() => {
        busy--;
        answer();
        next();
      }, slow.work);
    }
  };
  const server: Server = createServer((_request, response) => {
    queue.push(() => response.end('done'));
    next();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const slow: SlowServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    work: 50,
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
  return slow;
}
