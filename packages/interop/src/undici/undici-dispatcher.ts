import { EventEmitter } from 'node:events';
import type { ClientLike, DispatcherLike } from '../carrier/carrier.ts';
import { openBy, type Open } from '../carrier/open.ts';
import { CarriedCall, type CallOutcome } from './carried-call.ts';
import { inBothGenerations } from './both-generations.ts';
import { isLegacyHandler, type AnyUndiciHandler } from './handlers.ts';
import { HeadReader, type UndiciDispatchOptions } from './request-head.ts';
import { RedirectedHandler, redirectionsOf } from './redirected-handler.ts';
import { RunningCalls } from './running-calls.ts';
import { undiciError } from './undici-errors.ts';

/** Stands before a dispatcher: undici's interceptors. */
export type UndiciInterceptor = (dispatch: UndiciDispatch) => UndiciDispatch;
/** The types of handlers differ between undici's versions; that it is one is checked when it comes. */
export type UndiciDispatch = (options: UndiciDispatchOptions, handler: object) => boolean;

/** Told of each call once it is over. */
export type CallObserver = (options: UndiciDispatchOptions, outcome: CallOutcome, milliseconds: number) => void;

/**
 * A dispatcher as every undici from 6 on takes it, and the `fetch` of every Node: `fetch(url, { dispatcher })`, `undici.request(url, {
 * dispatcher })`, `setGlobalDispatcher(dispatcher)`. It speaks both generations of handlers.
 *
 * `close()` and `destroy()` end this dispatcher and its calls. The client stays open: it is whoever's who made it.
 */
export class UndiciDispatcher extends EventEmitter {
  readonly #open: Open;
  readonly #heads = new HeadReader();
  readonly #observer: CallObserver | undefined;
  readonly #calls = new RunningCalls<CarriedCall>();
  #state: 'open' | 'closed' | 'destroyed' = 'open';
  #whenIdle: (() => void)[] = [];
  readonly #onEnd: (call: CarriedCall) => void;

  /** @internal Use `undiciDispatcher()`. */
  constructor(carrier: ClientLike | DispatcherLike, observer?: CallObserver) {
    super();
    this.#open = openBy(carrier);
    this.#observer = observer;
    this.#onEnd = (call) => this.#forget(call);
  }

  /** For WebSocket and EventSource of undici, which ask their dispatcher for limits: theirs. */
  get webSocketOptions(): object {
    return {};
  }

  get eventSourceOptions(): object {
    return {};
  }

  get closed(): boolean {
    return this.#state !== 'open';
  }

  get destroyed(): boolean {
    return this.#state === 'destroyed';
  }

  /**
   * Sends a request; its handler is told what comes of it. Never asks the caller to wait for a `drain`: requests wait in the pool.
   *
   * @throws an `InvalidArgumentError` of undici: `handler` is none. Everything else is told to the handler.
   */
  dispatch(options: UndiciDispatchOptions, handler: object): boolean {
    if (typeof handler !== 'object' || handler === null) throw undiciError('UND_ERR_INVALID_ARG', 'handler must be an object');
    const refusal = this.#refusal(options);
    if (refusal !== undefined) return refuse(handler, refusal);
    if (options.maxRedirections) return this.#redirected(options, handler);
    const onEnd = this.#observer === undefined ? this.#onEnd : this.#observed(options);
    const call = new CarriedCall(this.#open, this.#heads, options, handler, onEnd);
    this.#calls.add(call);
    call.start();
    return true;
  }

  /**
   * This dispatcher behind interceptors, the last one outermost: of any version of undici, and of several at once.
   *
   * @throws {TypeError} one of them is no interceptor.
   */
  compose(...interceptors: readonly (UndiciInterceptor | readonly UndiciInterceptor[])[]): this;
  /** With the types of any version of undici. */
  compose(...interceptors: readonly object[]): this;
  compose(...interceptors: readonly object[]): this {
    let dispatch: UndiciDispatch = (options, handler) => this.dispatch(options, handler);
    // As undici has it: one that is not there is passed over.
    for (const interceptor of (interceptors as readonly unknown[]).flat()) {
      if (interceptor !== undefined && interceptor !== null) dispatch = intercepted(interceptor, dispatch);
    }
    return new Proxy(this, {
      get: (target, key, composed) => {
        if (key === 'dispatch') return dispatch;
        // What is composed once more has these interceptors as well.
        if (key === 'compose') return UndiciDispatcher.prototype.compose.bind(composed as UndiciDispatcher);
        const value: unknown = Reflect.get(target, key, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  }

  // What undici's types say of a `Dispatcher` beside that: what its listeners are, and five functions that stand in the module as well.

  override listeners(event: string | symbol): never[] {
    return super.listeners(event) as never[];
  }

  override rawListeners(event: string | symbol): never[] {
    return super.rawListeners(event) as never[];
  }

  /** @throws a `NotSupportedError` of undici: say `undici.request(url, { dispatcher })`; so for the four below. */
  request(): never {
    return unsupported('request');
  }

  stream(): never {
    return unsupported('stream');
  }

  pipeline(): never {
    return unsupported('pipeline');
  }

  connect(): never {
    return unsupported('connect');
  }

  upgrade(): never {
    return unsupported('upgrade');
  }

  /** Takes no new request; resolves, or calls back, when those that run have ended. */
  close(): Promise<void>;
  close(callback: () => void): void;
  close(callback?: () => void): Promise<void> | undefined {
    if (this.#state === 'open') this.#state = 'closed';
    return answer(callback, new Promise((resolve) => this.#idle(resolve)));
  }

  /** Ends everything now: requests that run fail with `error`, by default a `ClientDestroyedError`. */
  destroy(): Promise<void>;
  destroy(error: Error | null): Promise<void>;
  destroy(callback: () => void): void;
  destroy(error: Error | null, callback: () => void): void;
  destroy(error?: Error | null | (() => void), callback?: () => void): Promise<void> | undefined {
    const done = typeof error === 'function' ? error : callback;
    const reason = error instanceof Error ? error : undiciError('UND_ERR_DESTROYED', 'The dispatcher was destroyed');
    this.#state = 'destroyed';
    for (const call of this.#calls.all()) call.abort(reason);
    return answer(done, Promise.resolve());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #refusal(options: unknown): Error | undefined {
    if (typeof options !== 'object' || options === null) return undiciError('UND_ERR_INVALID_ARG', 'opts must be an object.');
    if (this.#state === 'destroyed') return undiciError('UND_ERR_DESTROYED', 'The dispatcher was destroyed');
    if (this.#state === 'closed') return undiciError('UND_ERR_CLOSED', 'The dispatcher is closed');
    return undefined;
  }

  #redirected(options: UndiciDispatchOptions, handler: object): boolean {
    try {
      const most = redirectionsOf(options);
      const dispatch: UndiciDispatch = (next, following) => this.dispatch(next, following);
      const redirected = new RedirectedHandler(dispatch, options, most, handler);
      return this.dispatch({ ...options, maxRedirections: 0 }, redirected);
    } catch (error) {
      return refuse(handler, error as Error);
    }
  }

  #observed(options: UndiciDispatchOptions): (call: CarriedCall, error: Error | undefined) => void {
    const startedAt = performance.now();
    return (call, error) => {
      this.#forget(call);
      this.#observer?.(options, call.outcome(error), performance.now() - startedAt);
    };
  }

  #forget(call: CarriedCall): void {
    this.#calls.remove(call);
    if (!this.#calls.isEmpty) return;
    const waiting = this.#whenIdle;
    this.#whenIdle = [];
    for (const resolve of waiting) resolve();
  }

  #idle(resolve: () => void): void {
    if (this.#calls.isEmpty) resolve();
    else this.#whenIdle.push(resolve);
  }
}

function intercepted(interceptor: unknown, inner: UndiciDispatch): UndiciDispatch {
  if (typeof interceptor !== 'function') throw new TypeError(`An interceptor must be a function, and not ${typeof interceptor}`);
  const outer = (interceptor as UndiciInterceptor)(inner) as unknown;
  if (typeof outer !== 'function') throw new TypeError('An interceptor must return a function: dispatch(options, handler)');
  return (options, handler) => (outer as UndiciDispatch)(options, inBothGenerations(handler));
}

function unsupported(name: string): never {
  throw undiciError('UND_ERR_NOT_SUPPORTED', `This dispatcher has no ${name}() of its own: use undici.${name}(url, { dispatcher })`);
}

function refuse(handler: AnyUndiciHandler, error: Error): false {
  if ('onResponseError' in handler && typeof handler.onResponseError === 'function') handler.onResponseError(null, error);
  else if (isLegacyHandler(handler)) handler.onError!(error);
  else throw error;
  return false;
}

function answer(callback: (() => void) | undefined, done: Promise<void>): Promise<void> | undefined {
  if (callback === undefined) return done;
  void (async () => {
    await done;
    callback();
  })();
  return undefined;
}
