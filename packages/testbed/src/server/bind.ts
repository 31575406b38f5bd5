/** Where a server listens: one address, a unix socket, or both loopback addresses at one port. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';

export type LocalHost = '127.0.0.1' | '::1' | 'localhost';

/** A container often has no `::1`: `test.skipIf(!hasIPv6)`. */
export const hasIPv6: boolean = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1'));

/** How often a port that is free on one loopback address may turn out to be taken on the other. */
const MAX_ATTEMPTS = 20;

/** Resolves once `server` listens, with the listeners beside it that this took: close them with the server. */
export async function bind(server: Server, host: LocalHost, socketPath: string | undefined): Promise<readonly Server[]> {
  if (socketPath !== undefined) server.listen(socketPath);
  else if (host === 'localhost') return bindBoth(server);
  else server.listen(0, host);
  await once(server, 'listening');
  return [];
}

async function bindBoth(server: Server): Promise<readonly Server[]> {
  for (let attempt = 1; ; attempt += 1) {
    const second = createServer(acceptedLike(server), (socket: Socket) => server.emit('connection', socket));
    try {
      second.listen(0, '::1');
      await once(second, 'listening');
    } catch (error) {
      // A machine without IPv6: `localhost` has one address there.
      if (codeOf(error) !== 'EADDRNOTAVAIL' && codeOf(error) !== 'EAFNOSUPPORT') throw error;
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return [];
    }
    try {
      server.listen((second.address() as AddressInfo).port, '127.0.0.1');
      await once(server, 'listening');
      return [second];
    } catch (error) {
      second.close();
      if (codeOf(error) !== 'EADDRINUSE' || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** Sockets must come out of the second listener as they would out of the first. */
function acceptedLike(server: Server): { allowHalfOpen: boolean; noDelay: boolean } {
  const { allowHalfOpen = false } = server as { allowHalfOpen?: boolean };
  return { allowHalfOpen, noDelay: true };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
