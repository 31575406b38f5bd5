/**
 * What ends the calls of a client where the end of its connections does not: they are another client's, or those of a mount.
 */
import { Ending } from '../call/signals.ts';
import type { ClientClosed } from '../errors.ts';

export class Shutdowns {
  readonly #inherited: readonly Ending[];
  /** What a call of this client listens to. */
  readonly endings: readonly Ending[];
  #own: Ending | undefined = undefined;

  /**
   * `inherited` are those of the client that this one extends. `endWithPool` says that all calls run on connections of the client's own:
   * those need nothing beside that.
   */
  constructor(inherited: readonly Ending[], endWithPool: boolean) {
    this.#inherited = inherited;
    this.endings = endWithPool ? [] : this.#all();
  }

  /** For a client that extends this one. Only its calls on `mounts` of its own outlive our connections. */
  handedOn(hasMounts: boolean): readonly Ending[] {
    return hasMounts ? this.#all() : this.endings;
  }

  /** Ends the calls of this client, and of all that extend it. */
  abort(reason: ClientClosed): void {
    this.#own?.abort(reason);
  }

  #all(): readonly Ending[] {
    return [...this.#inherited, (this.#own ??= new Ending())];
  }
}
