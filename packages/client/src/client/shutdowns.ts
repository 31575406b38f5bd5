/**
 * What ends the calls of a client where the end of its connections does not: they are another client's, or those of a mount.
 */
import { expectManyListeners } from '../call/signals.ts';
import type { ClientClosed } from '../errors.ts';

export class Shutdowns {
  readonly #inherited: readonly AbortSignal[];
  /** What a call of this client listens to. */
  readonly signals: readonly AbortSignal[];
  #own: AbortController | undefined = undefined;

  /**
   * `inherited` are those of the client that this one extends. `endWithPool` says that all calls run on connections of the client's own:
   * those need no signal, and are not slowed down by one.
   */
  constructor(inherited: readonly AbortSignal[], endWithPool: boolean) {
    this.#inherited = inherited;
    this.signals = endWithPool ? [] : this.#all();
  }

  /** For a client that extends this one. Only its calls on `mounts` of its own outlive our connections. */
  handedOn(hasMounts: boolean): readonly AbortSignal[] {
    return hasMounts ? this.#all() : this.signals;
  }

  /** Ends the calls of this client, and of all that extend it. */
  abort(reason: ClientClosed): void {
    this.#own?.abort(reason);
  }

  #all(): readonly AbortSignal[] {
    if (this.#own === undefined) {
      this.#own = new AbortController();
      expectManyListeners(this.#own.signal);
    }
    return [...this.#inherited, this.#own.signal];
  }
}
