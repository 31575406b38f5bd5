/** Who is told of the connections of a pool. */
import type { Connection } from '../connection/connection.ts';
import { HttpCoreError } from '../contract/errors.ts';
import { dropLater } from '../contract/thrown.ts';
import type { ConnectionEventName, ConnectionEvents, ConnectionObserver } from '../contract/trace.ts';
import type { Dial } from '../dial/dial.ts';
import type { Destination } from '../model/destination.ts';
import type { Clock } from '../time/clock.ts';
import { runOutside } from '../time/outside.ts';

export class ConnectionWatch {
  readonly #clock: Clock;
  readonly #observers = new Set<ConnectionObserver>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Gives what takes it back. */
  add(observer: ConnectionObserver): () => void {
    // Twice the same is two.
    const own: ConnectionObserver = (name, at, detail) => observer(name, at, detail);
    this.#observers.add(own);
    return () => {
      this.#observers.delete(own);
    };
  }

  get isWatched(): boolean {
    return this.#observers.size > 0;
  }

  onDialing({ origin, proxy, via }: Destination): void {
    this.#tell('connecting', { origin: origin.text, proxy: (proxy ?? via)?.origin });
  }

  /** Watches how it ends, unless it is made one. */
  onDialed({ origin, proxy, via }: Destination, dial: Dial<Connection>): void {
    dial.result.catch((error: unknown) => {
      // Who is served by the connection of another origin has not failed.
      if (error instanceof HttpCoreError) this.#tell('connect-failed', { origin: origin.text, proxy: (proxy ?? via)?.origin, error });
    });
  }

  onOpened({ origin }: Destination, { info }: Connection): void {
    this.#tell('opened', { origin: origin.text, connection: info });
  }

  onClosed({ origin }: Destination, { info, served }: Connection, error: HttpCoreError | undefined): void {
    this.#tell('closed', { origin: origin.text, connection: info, requests: served, error });
  }

  #tell<Name extends ConnectionEventName>(name: Name, detail: ConnectionEvents[Name]): void {
    if (this.#observers.size === 0) return;
    const at = this.#clock.now();
    runOutside(() => {
      for (const observer of this.#observers) {
        try {
          dropLater(observer(name, at, detail));
        } catch {
          // Observing must not change what is observed.
        }
      }
    });
  }
}
