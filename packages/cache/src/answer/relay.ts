/** The caller's signal, with the exchange able to go on without it. */
export class Relay {
  readonly #signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #onAbort: () => void;
  /** What an abort does; at first it ends the exchange. */
  onAbort: (reason: unknown) => void = (reason) => this.abort(reason);

  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#onAbort = () => this.onAbort(signal.reason);
    signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  static of(signal: AbortSignal | undefined): Relay | undefined {
    return signal === undefined ? undefined : new Relay(signal);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Nothing stays behind on the caller's signal. */
  release(): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
