/** The caller of one request, and what becomes of its exchange when it wants no more: others may still want it. */
import { Aborted, DeadlineExceeded, type DispatchContext, type ErrorFacts, type HttpCoreError } from '@x/httpcore';

import { Callers, reasonOf, type Caller } from './callers.ts';
import { beforeDeadline } from './deadline.ts';
import { ExchangeSignal } from './exchange-signal.ts';
import type { SharedReader } from './shared-reader.ts';
import type { StoredBody } from './stored-body.ts';

/** Why a caller wants no more. */
export interface Leaving {
  readonly reason: unknown;
  error(facts: ErrorFacts): HttpCoreError;
}

/** It is the signal of its exchange itself, and never another's, not even afterwards: a dispatcher may look at a signal for longer than its exchange takes. */
export class Relay extends ExchangeSignal implements Caller {
  readonly #caller: AbortSignal | undefined;
  readonly #deadline: number | undefined;
  /** For a dispatcher that takes the platform's alone. */
  #platform: AbortController | undefined = undefined;
  #isEnded = false;
  readonly #clearDeadline: (() => void) | undefined;
  /** Has it ended by its time, which the exchange knows nothing of? */
  isOverdue = false;
  /** What the exchange can't say of its end. */
  inWords: ((facts: ErrorFacts) => HttpCoreError) | undefined = undefined;
  /** What its leaving does; without it, that ends the exchange. */
  onLeave: ((leaving: Leaving) => void) | undefined = undefined;
  nextCaller: Caller | undefined = undefined;
  previousCaller: Caller | undefined = undefined;
  callers: Callers | undefined = undefined;

  /** Without a `deadline`, the exchange looks after that itself. */
  constructor(caller: AbortSignal | undefined, deadline: number | undefined) {
    super();
    this.#caller = caller;
    this.#deadline = deadline;
    if (caller !== undefined) {
      // It may have been while the store was asked, and tells nobody again.
      if (caller.aborted) void Promise.resolve().then(() => this.left());
      else Callers.add(caller, this);
    }
    if (deadline === undefined) return;
    const clear = beforeDeadline(deadline, () => {
      this.isOverdue = true;
      this.inWords = overdue;
      this.#leave({ reason: undefined, error: overdue });
    });
    this.#clearDeadline = clear;
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

  /** What the exchange is told instead of the caller's own. `anySignal`: its dispatcher is content with less than the platform's. */
  context(given: DispatchContext | undefined, anySignal: boolean): DispatchContext {
    const { signal } = anySignal ? this : (this.#platform ??= new AbortController());
    return this.#clearDeadline === undefined ? { ...given, signal } : { ...given, signal, deadline: undefined };
  }

  override abort(reason: unknown): void {
    if (this.#isEnded) return;
    this.#platform?.abort(reason);
    super.abort(reason);
  }

  /** The caller has aborted. */
  left(): void {
    const reason = reasonOf(this.#caller!);
    // For a signal that does not say, the exchange would make one up.
    if (reason === undefined) this.inWords = (facts) => new Aborted('The request was aborted', facts);
    this.#leave({ reason, error: (facts) => new Aborted('The request was aborted', { ...facts, cause: reason }) });
  }

  /** Nothing stays behind on the caller's signal. */
  release(): void {
    this.callers?.remove(this);
    this.#clearDeadline?.();
  }

  /** All of the response has come, and the exchange is no more. */
  ended(): void {
    this.release();
    this.#isEnded = true;
    this.onLeave = undefined;
  }

  #leave(leaving: Leaving): void {
    this.release();
    if (this.onLeave === undefined) this.abort(leaving.reason);
    else this.onLeave(leaving);
  }
}

function overdue(facts: ErrorFacts): DeadlineExceeded {
  return new DeadlineExceeded(`The deadline passed${facts.phase === undefined ? '' : `, in phase ${facts.phase}`}`, facts);
}

/** What the exchange says of its end, in the words of its caller: that has kept the time. */
export function asLeft(error: unknown, relay: Relay | undefined): unknown {
  if (relay?.inWords === undefined || !(error instanceof Aborted)) return error;
  const { phase, origin, method, requestSent, connectionReused } = error;
  return relay.inWords({ phase, origin, method, requestSent, connectionReused });
}

/** A stored body that comes little by little: its caller may give up meanwhile. */
export function endWithCaller(body: StoredBody, context: DispatchContext | undefined): void {
  const relay = Relay.of(context);
  if (relay === undefined) return;
  // By way of variables: see `Callers`.
  const onLeave = (leaving: Leaving): void => body.fail(leaving.error({ phase: 'response-body' }));
  relay.onLeave = onLeave;
  const onEnd = (): void => relay.release();
  body.onEnd = onEnd;
}

/** The reader of one who shares another's exchange: it has a signal and a deadline of its own. */
export function guardedReader(reader: SharedReader, context: DispatchContext | undefined): SharedReader {
  const relay = Relay.of(context);
  if (relay === undefined) return reader;
  reader.isGuarded = true;
  const onLeave = (leaving: Leaving): void => reader.fail(leaving.error({ phase: 'response-body', requestSent: true }));
  relay.onLeave = onLeave;
  const onEnd = (): void => relay.release();
  reader.onEnd = onEnd;
  return reader;
}
