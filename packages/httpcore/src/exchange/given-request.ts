import { AsyncResource } from 'node:async_hooks';

import type { DispatchContext } from '../contract/dispatcher.ts';
import type { ByteIterable, HeaderPair, Timeouts } from '../contract/values.ts';
import { catchLater } from '../contract/thrown.ts';
import type { TraceEventName, TraceEvents, TraceObserver } from '../contract/trace.ts';
import { dropLater } from '../contract/thrown.ts';
import type { Origin } from '../model/origin.ts';
import type { Conversation, Forwarding } from '../model/proxy/forwarding.ts';
import type { RequestFraming } from '../model/request-framing.ts';
import { logOf } from '../observe/debug-log.ts';
import { isObserved, observerOf } from '../observe/diagnostics-channel.ts';
import { checkUnread } from './read-once.ts';
import { both, type MessageWatcher } from '../observe/message-watcher.ts';
import { ExchangeLimits } from './exchange-limits.ts';

let lastOrder = 0;

/** Nobody looks at the context: the caller says so, and there is no subscriber of the diagnostics channel. */
function isContextFree(context: DispatchContext | undefined): boolean {
  return context?.traceInAnyContext === true && !isObserved();
}

function hasCallbacks(body: ByteIterable | null, context: DispatchContext | undefined): boolean {
  if (body !== null && !Array.isArray(body)) return true;
  return context !== undefined && (context.onInformational !== undefined || typeof context.trailers === 'function');
}

/** What a request is told of where it goes. */
/** Calls back, in the async context of a request. */
export type InContext = <Result>(task: () => Result) => Result;

export interface RequestOwner {
  /** `null` where the peer is no proxy that forwards. */
  readonly forwarding: Forwarding | null;
  /** Is something called on behalf of every request, given by it or not: an authenticator, an application? */
  readonly callsForRequests: boolean;
}

const outside = new AsyncResource('@x/httpcore');

/** Runs what outlives the request that it is for: nothing that it makes keeps the async context of that. */
export function outsideOfRequests<Result>(task: () => Result): Result {
  return outside.runInAsyncScope(task);
}

/** The request of an exchange, as it was given, and what of it is called back. */
export class GivenRequest extends ExchangeLimits {
  readonly origin: Origin;
  readonly method: string;
  readonly target: string;
  readonly headers: readonly HeaderPair[];
  readonly body: ByteIterable | null;
  readonly framing: RequestFraming;
  readonly context: DispatchContext | undefined;
  readonly queuedAt: number;
  /** Its place among all requests: the lower, the earlier. */
  readonly order: number = (lastOrder += 1);
  readonly #observer: TraceObserver | null;
  /** Sees the messages, too. */
  readonly watcher: MessageWatcher | null;
  /** Only where something is called back: it costs as much as a promise. */
  readonly #scope: AsyncResource | null;
  /** Calls back in the context of another request, which this one is made for and outside of. */
  #caller: InContext | null = null;
  /** `null` where the peer is no proxy. */
  readonly forwarding: Forwarding | null;
  /** With the proxy, about it. */
  conversation: Conversation | undefined = undefined;

  constructor(
    { forwarding, callsForRequests }: RequestOwner,
    origin: Origin,
    method: string,
    target: string,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    framing: RequestFraming,
    timeouts: Timeouts,
    context: DispatchContext | undefined,
    now: number,
    watcher: MessageWatcher | null,
  ) {
    super(timeouts, context?.deadline);
    if (body !== null && !Array.isArray(body)) checkUnread(body);
    this.forwarding = forwarding;
    this.origin = origin;
    this.method = method;
    this.target = target;
    this.headers = headers;
    this.body = body;
    this.framing = framing;
    this.context = context;
    this.queuedAt = now;
    this.watcher = both(logOf(this), watcher);
    const observer = (this.#observer = observerOf(context?.trace, method, origin.text, this.watcher));
    const looksAtContext = watcher !== null || (observer !== null && !isContextFree(context));
    const callsBack = callsForRequests || looksAtContext || hasCallbacks(body, context);
    this.#scope = callsBack ? new AsyncResource('@x/httpcore request') : null;
  }

  get traced(): boolean {
    return this.#observer !== null;
  }

  /** Tells the observer, if there is one. Callers check {@link traced} first, so that nothing is made when nobody looks. */
  tell<Name extends TraceEventName>(name: Name, at: number, detail: TraceEvents[Name]): void {
    const observer = this.#observer;
    if (observer === null) return;
    try {
      const scope = this.#scope;
      dropLater(scope === null ? observer(name, at, detail) : scope.runInAsyncScope(observer, undefined, name, at, detail));
    } catch {
      // Observing must not change what is observed.
    }
  }

  /** Shows what a trace does not. Callers check {@link watcher} first. */
  show(see: (watcher: MessageWatcher) => void): void {
    this.inContext(() => {
      try {
        see(this.watcher!);
      } catch {
        // As of an observer: it must not change what it sees.
      }
    });
  }

  /** Now or later, where the caller's function is async. */
  protected callInformational(status: number, reason: string, headers: readonly HeaderPair[], failed: (error: unknown) => void): void {
    try {
      catchLater(
        this.inContext(() => this.context?.onInformational?.(status, reason, headers)),
        failed,
      );
    } catch (error) {
      failed(error);
    }
  }

  /** It is made for another request, outside of its async context, and is to call back in that. */
  speakFor(caller: InContext): void {
    this.#caller = caller;
  }

  /** Calls back in the async context of the call that gave what is called: an `AsyncLocalStorage` has its store, and no other's. */
  inContext<Result>(task: () => Result): Result {
    if (this.#caller !== null) return this.#caller(task);
    return this.#scope === null ? task() : this.#scope.runInAsyncScope(task);
  }
}
