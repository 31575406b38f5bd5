/** The caller of one request, and what becomes of its exchange when it wants no more: others may still want it. */
import { Aborted, DeadlineExceeded, type DispatchContext, type ErrorFacts, type HttpCoreError } from '@x/httpcore';

import { beforeDeadline } from './deadline.ts';
import type { SharedReader } from './shared-reader.ts';
import type { StoredBody } from './stored-body.ts';

/** Why a caller wants no more. */
export interface Leaving {
  readonly reason: unknown;
  error(facts: ErrorFacts): HttpCoreError;
}

export class Relay {
  readonly #caller: AbortSignal | undefined;
  readonly #deadline: number | undefined;
  readonly #controller = new AbortController();
  readonly #onAbort: () => void;
  readonly #clearDeadline: (() => void) | undefined;
  /** Has it ended by its time, which the exchange knows nothing of? */
  isOverdue = false;
  /** What its leaving does; at first it ends the exchange. */
  onLeave: (leaving: Leaving) => void = ({ reason }) => this.abort(reason);

  /** Without a `deadline`, the exchange looks after that itself. */
  constructor(caller: AbortSignal | undefined, deadline: number | undefined) {
    this.#caller = caller;
    this.#deadline = deadline;
    this.#onAbort = () => {
      const reason: unknown = caller!.reason;
      this.#leave({ reason, error: (facts) => new Aborted('The request was aborted', { ...facts, cause: reason }) });
    };
    caller?.addEventListener('abort', this.#onAbort, { once: true });
    // It may have been while the store was asked, and tells nobody again.
    if (caller?.aborted === true) void Promise.resolve().then(this.#onAbort);
    if (deadline === undefined) return;
    this.#clearDeadline = beforeDeadline(deadline, () => {
      this.isOverdue = true;
      this.#leave({ reason: undefined, error: overdue });
    });
  }

  /** `ownsDeadline`: the time is kept here, so that the exchange may outlast it. */
  static of({ signal, deadline }: DispatchContext = {}, ownsDeadline = true): Relay | undefined {
    const kept = ownsDeadline ? deadline : undefined;
    return signal === undefined && kept === undefined ? undefined : new Relay(signal, kept);
  }

  /** For a further exchange of the same caller. */
  again(): Relay {
    return new Relay(this.#caller, this.#deadline);
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** What the exchange is told instead of the caller's own. */
  context(given: DispatchContext | undefined): DispatchContext {
    return this.#clearDeadline === undefined ? { ...given, signal: this.signal } : { ...given, signal: this.signal, deadline: undefined };
  }

  abort(reason: unknown): void {
    this.#controller.abort(reason);
  }

  /** Nothing stays behind on the caller's signal. */
  release(): void {
    this.#caller?.removeEventListener('abort', this.#onAbort);
    this.#clearDeadline?.();
  }

  #leave(leaving: Leaving): void {
    this.release();
    this.onLeave(leaving);
  }
}

function overdue(facts: ErrorFacts): DeadlineExceeded {
  return new DeadlineExceeded(`The deadline passed${facts.phase === undefined ? '' : `, in phase ${facts.phase}`}`, facts);
}

/** What the exchange says of its end, in the words of its caller: that has kept the time. */
export function asLeft(error: unknown, relay: Relay | undefined): unknown {
  if (relay?.isOverdue !== true || !(error instanceof Aborted)) return error;
  const { phase, origin, method, requestSent, connectionReused } = error;
  return overdue({ phase, origin, method, requestSent, connectionReused });
}

/** A stored body that comes little by little: its caller may give up meanwhile. */
export function endWithCaller(body: StoredBody, context: DispatchContext | undefined): void {
  const relay = Relay.of(context);
  if (relay === undefined) return;
  relay.onLeave = (leaving) => body.fail(leaving.error({ phase: 'response-body' }));
  body.onEnd = () => relay.release();
}

/** The reader of one who shares another's exchange: it has a signal and a deadline of its own. */
export function guardedReader(reader: SharedReader, context: DispatchContext | undefined): SharedReader {
  const relay = Relay.of(context);
  if (relay === undefined) return reader;
  reader.isGuarded = true;
  relay.onLeave = (leaving) => reader.fail(leaving.error({ phase: 'response-body', requestSent: true }));
  reader.onEnd = () => relay.release();
  return reader;
}
