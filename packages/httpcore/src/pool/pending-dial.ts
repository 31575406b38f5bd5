import type { Connection } from '../connection/connection.ts';
import type { ErrorPhase, HttpCoreError } from '../contract/errors.ts';
import type { TraceObserver } from '../contract/trace.ts';
import type { Dial } from '../dial/dial.ts';
import type { Exchange } from '../exchange/exchange.ts';
import type { Clock } from '../time/clock.ts';
import { PatientTimer } from '../time/patient-timer.ts';

/** A connection that is being made, for one exchange after the other: who it is for may get another meanwhile, or be given up. */
export class PendingDial {
  /** `null` while it is being started: an observer may abort its exchange from inside. */
  dial: Dial<Connection> | null = null;
  /** Who gets the error if it fails, and sees its steps. */
  exchange: Exchange | null = null;
  /** Does what it makes lead by a way that is not taken any more? */
  isOutdated = false;
  /** Why it is not wanted any more. */
  #givenUp: HttpCoreError | null = null;
  /** Who wants a connection for later. */
  readonly #watchers = new Set<(error: HttpCoreError | undefined) => void>();

  get phase(): ErrorPhase {
    return this.dial?.phase ?? 'connect';
  }

  /** What it waits for, in words that end "No connection within 10 s: …". */
  get hanging(): string {
    return this.dial?.hanging ?? 'nothing was tried';
  }

  get unreachedProxy(): string | undefined {
    return this.dial?.unreachedProxy;
  }

  /** Goes to whoever it is for at that moment. */
  readonly trace: TraceObserver = (name, at, detail) => this.exchange?.tell(name, at, detail);

  /** Calls back for whoever it is for. */
  readonly inContext = <Result>(task: () => Result): Result => (this.exchange === null ? task() : this.exchange.inContext(task));

  started(dial: Dial<Connection>): void {
    this.dial = dial;
    if (this.#givenUp !== null) dial.cancel(this.#givenUp);
  }

  giveUp(error: HttpCoreError): void {
    if (this.#givenUp !== null) return;
    this.#givenUp = error;
    this.dial?.cancel(error);
  }

  /** Does anybody want it for later? */
  get isWatched(): boolean {
    return this.#watchers.size > 0;
  }

  /** Resolves when it has become a connection; rejects as it does, or with what `passed` makes of the limit, in milliseconds. */
  wait(limit: number | null, clock: Clock, passed: (limit: number) => HttpCoreError): Promise<void> {
    return new Promise((resolve, reject) => {
      const watcher = (error: HttpCoreError | undefined): void => {
        timer?.cancel();
        this.#watchers.delete(watcher);
        if (error === undefined) resolve();
        else reject(error);
      };
      this.#watchers.add(watcher);
      const timer =
        limit === null || limit === Infinity
          ? undefined
          : new PatientTimer(clock, limit, () => {
              this.#watchers.delete(watcher);
              watcher(passed(limit));
            });
    });
  }

  /** It has become a connection, or it has not. */
  settled(error: HttpCoreError | undefined): void {
    for (const watcher of this.#watchers) watcher(error);
  }
}
