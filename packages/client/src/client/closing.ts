/** How a client ends: by and by, or at once. */
import { Aborted, type CloseOptions, type ConnectionPool } from '@x/httpcore';

import type { Lifetime } from '../call/lifetime.ts';
import { onceIn } from '../time/limit.ts';
import { ClientClosed } from '../errors.ts';
import { milliseconds } from '../options/checks.ts';
import { ownOptions, type OptionNames } from '../options/own-options.ts';
import { now } from '../time/platform.ts';

/** In milliseconds, as long as a pool gives. */
const defaultGrace = 30_000;
const names: OptionNames<CloseOptions> = Object.freeze({ grace: undefined });

export class Closing {
  readonly #lifetime: Lifetime;
  /** The one that is the client's own. */
  readonly #pool: ConnectionPool | undefined;
  /** Ends the calls that the pool can't end. */
  readonly #abortCalls: (reason: ClientClosed) => void;
  /** Ends what nobody waits for. */
  readonly #endBackground: () => void;
  #closed: Promise<void> | undefined = undefined;
  /** When what still runs is ended. */
  #endsAt = Infinity;
  #cancel: (() => void) | undefined = undefined;

  constructor(lifetime: Lifetime, pool: ConnectionPool | undefined, abortCalls: (reason: ClientClosed) => void, endBackground: () => void) {
    this.#lifetime = lifetime;
    this.#pool = pool;
    this.#abortCalls = abortCalls;
    this.#endBackground = endBackground;
  }

  /** @throws {InvalidOption} `grace` is no number of milliseconds. */
  close(options: CloseOptions = {}): Promise<void> {
    const { grace: given } = ownOptions(options, names, 'close');
    const grace = given === undefined ? undefined : milliseconds('close.grace', given);
    const isFirst = this.#closed === undefined;
    this.#closed ??= this.#close();
    if (isFirst || grace !== undefined) this.#endAfter(grace ?? defaultGrace);
    return this.#closed;
  }

  async end(reason: string): Promise<void> {
    this.#cancel?.();
    if (!this.#lifetime.isClosed) this.#lifetime.moveTo('closed', reason);
    const cause = new ClientClosed(reason);
    this.#abortCalls(cause);
    await this.#pool?.destroy(new Aborted(reason, { cause }));
  }

  async #close(): Promise<void> {
    if (!this.#lifetime.isOpen) return;
    this.#lifetime.moveTo('closing');
    await this.#lifetime.idle();
    if (this.#pool !== undefined) {
      this.#endBackground();
      await this.#pool.close();
    }
    this.#cancel?.();
    if (!this.#lifetime.isClosed) this.#lifetime.moveTo('closed');
  }

  /** The shortest grace counts. */
  #endAfter(grace: number): void {
    const endsAt = now() + grace;
    if (this.#lifetime.isClosed || endsAt >= this.#endsAt) return;
    this.#endsAt = endsAt;
    this.#cancel?.();
    const reason = `The client was closed, and what ran had not ended within the ${grace} ms of its grace`;
    this.#cancel = onceIn(grace, () => void this.end(reason));
  }
}
