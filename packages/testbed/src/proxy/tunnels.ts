/** Tunnels: bytes go both ways, ends and resets pass through, and all of it is counted. */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Conditions } from '../server/conditions.ts';

export interface TunnelCounts {
  /** Since the start. */
  readonly opened: number;
  /** Open now: until both ends of a tunnel are gone. */
  readonly open: number;
  /** Bytes that came from clients through tunnels, and bytes that came from targets. */
  readonly upstream: number;
  readonly downstream: number;
  /**
   * Resolves once the condition holds, at once if it does already; rejects when the proxy stops before that.
   *
   * @example
   * await proxy.tunnels.until((tunnels) => tunnels.open === 0);
   */
  until(condition: (counts: TunnelCounts) => boolean): Promise<void>;
}

/** The client's end: a socket, or a stream of HTTP/2. */
export interface NearEnd {
  readonly stream: Duplex;
  /** Ends it at once. */
  drop(): void;
  /** Tells the client that the connection to the target broke. */
  reset(): void;
}

/** A reset where there is one: on TCP. */
export function resetSocket(socket: Socket): void {
  if (socket.remotePort === undefined) socket.destroy();
  else socket.resetAndDestroy();
}

export class Tunnels implements TunnelCounts {
  opened = 0;
  open = 0;
  upstream = 0;
  downstream = 0;
  readonly #conditions: Conditions<TunnelCounts> = new Conditions<TunnelCounts>(this);
  readonly #drops = new Set<() => void>();

  /** `far` is connected, and whatever the client has to be told has been. `early` is what it sent before that. */
  join(near: NearEnd, far: Socket, early: Buffer): void {
    const client = near.stream;
    const drop = (): void => {
      near.drop();
      far.destroy();
    };
    let left = 2;
    const gone = (): void => {
      left -= 1;
      if (left > 0) return;
      this.#drops.delete(drop);
      this.open -= 1;
      this.#conditions.changed();
    };
    this.opened += 1;
    this.open += 1;
    this.#drops.add(drop);

    client.on('data', (bytes: Buffer) => this.#count(bytes.length, 0));
    far.on('data', (bytes: Buffer) => this.#count(0, bytes.length));
    client.once('error', () => far.resetAndDestroy());
    far.once('error', () => near.reset());
    // One that is gone before it was at its end takes the other with it.
    client.once('close', () => {
      if (!client.readableEnded || !client.writableFinished) far.destroy();
      gone();
    });
    far.once('close', () => {
      if (!far.readableEnded || !far.writableFinished) near.drop();
      gone();
    });
    if (early.length > 0) {
      far.write(early);
      this.#count(early.length, 0);
    }
    client.pipe(far);
    far.pipe(client);
    // It went while the target was being connected to.
    if (client.destroyed) drop();
    this.#conditions.changed();
  }

  drop(): void {
    for (const drop of this.#drops) drop();
  }

  until(condition: (counts: TunnelCounts) => boolean): Promise<void> {
    return this.#conditions.until(condition);
  }

  serverClosed(): void {
    this.#conditions.serverClosed();
  }

  #count(upstream: number, downstream: number): void {
    this.upstream += upstream;
    this.downstream += downstream;
    this.#conditions.changed();
  }
}
