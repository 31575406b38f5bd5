import { ClientClosed } from '../errors.ts';

/** `closing` takes no new calls and lets the running ones end. */
export type ClientState = 'open' | 'closing' | 'closed';

const transitions: Readonly<Record<ClientState, readonly ClientState[]>> = {
  open: ['closing', 'closed'],
  closing: ['closed'],
  closed: [],
};

/** A call that goes on after its response was handed out. */
export interface Held {
  endUnread(): void;
}

/** How long a client lives, and the calls that run in it. One that was extended from another ends with it at the latest. */
export class Lifetime {
  readonly #parent: Lifetime | undefined;
  #state: ClientState = 'open';
  #running = 0;
  #whenIdle: (() => void)[] = [];
  readonly #whenClosed = new Set<(reason: string) => void>();
  readonly #held = new Set<Held>();

  constructor(parent?: Lifetime) {
    this.#parent = parent;
  }

  /** Of itself, whatever its parent's state. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isClosed(): boolean {
    return this.#state === 'closed';
  }

  get state(): ClientState {
    if (this.#state !== 'open' || this.#parent === undefined) return this.#state;
    return this.#parent.state;
  }

  /** @throws {ClientClosed} no new calls are taken. */
  assertOpen(): void {
    const { state } = this;
    if (state !== 'open') throw new ClientClosed(`The client is ${state}; make a new one, or close it after its last request`);
  }

  /**
   * A call begins. {@link leave} must follow.
   * @throws {ClientClosed} no new calls are taken.
   */
  enter(): void {
    this.assertOpen();
    this.#count(1);
  }

  leave(): void {
    this.#count(-1);
  }

  /** Settles once no call runs any more, or the client is closed. */
  idle(): Promise<void> {
    if (this.#running === 0 || this.#state === 'closed') return Promise.resolve();
    return new Promise((resolve) => this.#whenIdle.push(resolve));
  }

  /** Its response is in somebody's hands; so it is for those whose connections serve it. */
  hold(call: Held): void {
    this.#held.add(call);
    this.#parent?.hold(call);
  }

  letGo(call: Held): void {
    this.#held.delete(call);
    this.#parent?.letGo(call);
  }

  /** Ends the calls whose responses nobody reads. */
  endUnread(): void {
    for (const call of this.#held) call.endUnread();
  }

  /** Calls once this client, or one that it ends with, is closed, with what there is to say of that. Gives what takes that back. */
  whenClosed(callback: (reason: string) => void): () => void {
    this.#whenClosed.add(callback);
    const forgetParent = this.#parent?.whenClosed(callback);
    return () => {
      this.#whenClosed.delete(callback);
      forgetParent?.();
    };
  }

  moveTo(next: ClientState, reason = 'The client was destroyed'): void {
    if (!transitions[this.#state].includes(next)) throw new Error(`A client that is ${this.#state} can not be ${next}`);
    this.#state = next;
    if (next !== 'closed') return;
    this.#tellIdle();
    // Each takes itself out, and another one perhaps.
    for (const callback of this.#whenClosed) callback(reason);
  }

  // A call of an extended client is one of its parent's too: the parent's connections serve it.
  #count(change: 1 | -1): void {
    this.#running += change;
    if (this.#running === 0) this.#tellIdle();
    if (this.#parent !== undefined) this.#parent.#count(change);
  }

  #tellIdle(): void {
    const waiting = this.#whenIdle;
    if (waiting.length === 0) return;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }
}
