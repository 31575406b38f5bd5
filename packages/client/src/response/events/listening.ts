/** Listening to a signal that may live for longer than what listens: nobody who was dropped is kept alive by it, or leaves a listener behind. */

export class Listening {
  readonly #signal: AbortSignal;
  readonly #onAbort: WeakRef<() => void>;
  readonly #listener = (): void => this.#onAbort.deref()?.();
  #isOn = false;

  /** `onAbort` must be held by whoever listens. */
  constructor(signal: AbortSignal, onAbort: () => void) {
    this.#signal = signal;
    this.#onAbort = new WeakRef(onAbort);
    dropped.register(onAbort, this);
  }

  start(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.#signal.addEventListener('abort', this.#listener, { once: true });
  }

  stop(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#signal.removeEventListener('abort', this.#listener);
  }
}

const dropped = new FinalizationRegistry<Listening>((listening) => listening.stop());
