/** The connections of a proxy to its targets. */
import { once } from 'node:events';
import type { Agent } from 'node:http';
import { connect, type Socket } from 'node:net';
import { loopbackAddress, type Resolve, type Target } from './target.ts';

export class FarSide {
  /** Has the connections of forwarded requests. */
  readonly agent: Agent | undefined;
  readonly #resolve: Resolve | undefined;
  readonly #open = new Set<Socket>();
  #closed = false;

  constructor(resolve: Resolve | undefined, agent: Agent | undefined) {
    this.agent = agent;
    this.#resolve = resolve;
  }

  /** The address for a target; `undefined` where it is not on this machine, which a proxy of the testbed never leaves. */
  addressOf(host: string): string | undefined {
    return loopbackAddress(host, this.#resolve);
  }

  /** A connection that is still being made. */
  connect({ host, port }: Target): Socket | undefined {
    const address = this.addressOf(host);
    if (address === undefined) return undefined;
    const far = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
    this.track(far);
    return far;
  }

  /** Closes the socket with the proxy, if it is still open then. */
  track(socket: Socket): void {
    if (this.#open.has(socket)) return;
    this.#open.add(socket);
    socket.on('error', ignore);
    socket.once('close', () => this.#open.delete(socket));
    if (this.#closed) socket.destroy();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.agent?.destroy();
    const closed = [...this.#open].map((far) => once(far, 'close'));
    for (const far of this.#open) far.destroy();
    await Promise.all(closed);
  }
}

function ignore(): void {}
