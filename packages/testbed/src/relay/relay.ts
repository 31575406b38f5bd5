/** A stretch of network: a TCP relay that adds delay and caps the rate, in both directions. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Link } from './link.ts';

export interface RelayOptions {
  /** Where it leads: a server, or what stands in for one. */
  readonly to: { readonly host: string; readonly port: number };
  /** Milliseconds that it takes from one end to the other: half of what a round trip gains. Default 0. */
  readonly delay?: number;
  /** Bits per second in each direction, for each connection. Default no limit. */
  readonly rate?: number;
}

export interface Relay extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Connections accepted since the start. */
  readonly connections: number;
  /** Bytes that came from clients, and bytes that went to them. */
  readonly upstream: number;
  readonly downstream: number;
  close(): Promise<void>;
}

/**
 * Starts a relay. Ends and resets pass through it, each at its place behind the bytes before it; nothing is held without bound,
 * so that a receiver that stops reading stops its sender, as on a real line.
 *
 * @example
 * await using server = await startServer('bytes', { tls: true });
 * await using relay = await startRelay({ to: server, delay: 50, rate: 200e6 });
 */
export async function startRelay({ to, delay = 0, rate = Infinity }: RelayOptions): Promise<Relay> {
  const open = new Set<Socket>();
  const counts = { connections: 0, upstream: 0, downstream: 0 };
  const track = (socket: Socket): void => {
    open.add(socket);
    socket.setNoDelay(true);
    socket.once('close', () => open.delete(socket));
  };
  const server = createServer({ allowHalfOpen: true }, (client) => {
    counts.connections += 1;
    const far = connect({ host: to.host, port: to.port, allowHalfOpen: true });
    track(client);
    track(far);
    join(client, far, { delay, rate }, (bytes) => (counts.upstream += bytes));
    join(far, client, { delay, rate }, (bytes) => (counts.downstream += bytes));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  let closing: Promise<unknown> | undefined;
  const close = async (): Promise<void> => {
    closing ??= once(server.close(), 'close');
    for (const socket of open) socket.destroy();
    await closing;
  };
  return {
    host: '127.0.0.1',
    port,
    get connections() {
      return counts.connections;
    },
    get upstream() {
      return counts.upstream;
    },
    get downstream() {
      return counts.downstream;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Everything that comes from `from` goes to `to`. */
function join(
  from: Socket,
  to: Socket,
  properties: { readonly delay: number; readonly rate: number },
  count: (bytes: number) => void,
): void {
  let hasEnded = false;
  let isBlocked = false;
  const link = new Link(
    properties,
    (bytes) => {
      if (to.write(bytes)) return;
      // The far receiver is slow: the link fills, and then its sender stops.
      isBlocked = true;
      from.pause();
    },
    () => {
      if (link.isEmpty && hasEnded) to.end();
      else if (!isBlocked && !link.isFull) from.resume();
    },
  );
  to.on('drain', () => {
    isBlocked = false;
    if (!link.isFull) from.resume();
  });
  from.on('data', (bytes: Buffer) => {
    count(bytes.length);
    link.send(bytes);
    if (link.isFull) from.pause();
  });
  from.once('end', () => {
    hasEnded = true;
    if (link.isEmpty) to.end();
  });
  from.on('error', () => to.resetAndDestroy());
  from.once('close', () => {
    if (!hasEnded) {
      link.close();
      to.destroy();
    }
  });
  to.once('close', () => link.close());
}
