import type { Connection } from '../connection/connection.ts';
import type { Exchange } from '../exchange/exchange.ts';
import { takes } from './pipelining.ts';

/**
 * Connections with capacity. The newest is taken first, so that those which are not needed grow old and expire. The list may hold
 * some that have lost their capacity since; they are dropped when they are met.
 */
export class AvailableConnections {
  readonly #newestLast: Connection[] = [];

  /** Takes one off the list; whoever takes it puts it back while it has capacity left. */
  take(now: number): Connection | undefined {
    for (let index = this.#newestLast.length - 1; index >= 0; index -= 1) {
      const connection = this.#newestLast[index]!;
      // It carries nothing and takes nothing for the moment: it is idle, and may expire.
      if (connection.capacity === 0 && connection.active === 0 && !connection.noNewExchanges) continue;
      this.#drop(index);
      connection.listed = false;
      if (connection.capacity === 0) continue;
      if (connection.active === 0 && connection.expiresAt <= now) {
        connection.drain();
        continue;
      }
      return connection;
    }
    return undefined;
  }

  /** Where requests are pipelined: one that carries nothing, else the one that carries least of those that take it behind that. */
  takeFor(exchange: Exchange, now: number): Connection | undefined {
    let best: Connection | undefined;
    for (let index = this.#newestLast.length - 1; index >= 0; index -= 1) {
      const connection = this.#newestLast[index]!;
      if (connection.capacity === 0) {
        if (connection.active === 0 && !connection.noNewExchanges) continue;
        this.#drop(index);
        connection.listed = false;
      } else if (connection.active === 0 && connection.expiresAt <= now) {
        this.#drop(index);
        connection.listed = false;
        connection.drain();
      } else if (connection.active === 0 || connection.takesBehind === undefined) {
        best = connection;
        break;
      } else if ((best === undefined || connection.active < best.active) && takes(connection, exchange, now)) {
        best = connection;
      }
    }
    if (best !== undefined) this.remove(best);
    return best;
  }

  add(connection: Connection): void {
    if (connection.listed || connection.noNewExchanges) return;
    connection.listed = true;
    this.#newestLast.push(connection);
  }

  remove(connection: Connection): void {
    if (!connection.listed) return;
    connection.listed = false;
    const index = this.#newestLast.lastIndexOf(connection);
    if (index !== -1) this.#drop(index);
  }

  /** The newest is nearly always the one, and taking the last off an array costs next to nothing. */
  #drop(index: number): void {
    if (index === this.#newestLast.length - 1) this.#newestLast.pop();
    else this.#newestLast.splice(index, 1);
  }

  get hasCapacity(): boolean {
    return this.#newestLast.some((connection) => connection.capacity > 0);
  }

  /** Those that carry nothing, the oldest first. */
  *idle(): Generator<Connection> {
    for (const connection of this.#newestLast) if (connection.active === 0 && !connection.noNewExchanges) yield connection;
  }
}
