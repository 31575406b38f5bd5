/** What ends one exchange, and nothing else. */
import { ConnectionPool, type Dispatcher } from '@x/httpcore';

/** An `AbortController`, or as much of one as a pool makes use of. */
export interface ExchangeAbort {
  readonly signal: AbortSignal;
  abort(reason: unknown): void;
}

/**
 * The pool takes a signal for what it can do, whatever realm it is of; others may hand theirs on to the platform, which knows its own only. What somebody
 * has put in the place of a pool's `dispatch` is one of the others.
 */
export function takesAnySignal({ dispatch }: Pick<Dispatcher, 'dispatch'>): boolean {
  return dispatch === ConnectionPool.prototype.dispatch;
}

type Listener = ((event: Event) => void) | { handleEvent(event: Event): void };

/** A signal that is its own controller. The platform's two, with a listener, cost a request a tenth of all that is done for it. */
export class ExchangeSignal implements AbortSignal, ExchangeAbort {
  #aborted = false;
  #reason: unknown = undefined;
  #listener: Listener | undefined = undefined;
  /** Those beside the first, of which there are hardly ever any. */
  #others: Set<Listener> | undefined = undefined;
  onabort: ((this: AbortSignal, event: Event) => void) | null = null;

  get signal(): AbortSignal {
    return this;
  }

  get aborted(): boolean {
    return this.#aborted;
  }

  get reason(): unknown {
    return this.#reason;
  }

  throwIfAborted(): void {
    if (this.#aborted) throw this.#reason;
  }

  abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.#reason = reason === undefined ? new DOMException('This operation was aborted', 'AbortError') : reason;
    this.dispatchEvent(new Event('abort'));
  }

  addEventListener(type: string, listener: Listener | null): void {
    if (type !== 'abort' || listener === null) return;
    if (this.#listener === undefined || this.#listener === listener) this.#listener = listener;
    else (this.#others ??= new Set()).add(listener);
  }

  removeEventListener(type: string, listener: Listener | null): void {
    if (type !== 'abort' || listener === null) return;
    if (this.#listener === listener) this.#listener = undefined;
    else this.#others?.delete(listener);
  }

  dispatchEvent(event: Event): boolean {
    if (event.type !== 'abort') return true;
    this.onabort?.(event);
    const first = this.#listener;
    for (const listener of [...(first === undefined ? [] : [first]), ...(this.#others ?? [])]) {
      if (typeof listener === 'function') listener.call(this, event);
      else listener.handleEvent(event);
    }
    return true;
  }
}
