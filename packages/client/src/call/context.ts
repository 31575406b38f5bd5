import {
  HttpCoreError,
  type DispatchContext,
  type InformationalObserver,
  type NetworkOptions,
  type ProxyIdentity,
  type ResponseBody,
  type Timeouts,
  type TraceObserver,
} from '@x/httpcore';

import type { JsonSettings } from '../request/json-settings.ts';
import type { Request } from '../request/request.ts';
import type { CallData } from './call-data.ts';
import type { AttemptRecord, CallRecord, AnyResponse } from '../response/any-response.ts';
import type { StreamResponse } from '../response/stream-response.ts';
import type { UploadObserver } from '../request/upload-progress.ts';
import type { TimeoutSettings } from '../time/timeout.ts';
import { Attempt } from './attempt.ts';
import { Attempts } from './attempts.ts';
import { recordFailure } from './failed-call.ts';
import { joinSignals, type AnySignal, type CallSignal } from './signals.ts';
import { now, timeOrigin } from '../time/platform.ts';

/** Of all that a client sends once more on its own account. */
export interface CallBudget {
  /** A request of the program, at this moment of `now()`. Default: now. */
  deposit(at?: number): void;
  /** Is there something left for one more? Takes it. */
  withdraw(): boolean;
}

/** What a context itself looks at. */
interface CallBasics {
  readonly timeout: TimeoutSettings;
  readonly json: JsonSettings;
  readonly data: CallData;
  readonly retriesMisdirected?: boolean | undefined;
}

const noHistory: readonly AnyResponse[] = Object.freeze([]);

/**
 * One call of the client, from the caller's line to the last byte: what stays the same over all the requests that it may take,
 * and a record of them. Every interceptor of the call gets the same one.
 */
export class CallContext implements CallRecord {
  /** As the caller made it; interceptors may have sent others. */
  readonly request: Request;
  /** @internal Of all features: each layer is given a way to its own (`settingsOf`). */
  readonly settings: object & CallBasics;
  /** Limits for each request by itself. */
  readonly timeouts: Timeouts;
  /** The moment, in milliseconds of `now()`, by which all must be done; `undefined` means no limit. */
  readonly deadline: number | undefined;
  /** What the caller tells by the option `context`, laid over that of the client. */
  readonly data: CallData;
  readonly trace: TraceObserver | undefined;
  readonly onInformational: InformationalObserver | undefined;
  readonly onUploadProgress: UploadObserver | undefined;
  /** @internal What the client may send again in all; `undefined` for a request beside the calls. */
  budget: CallBudget | undefined;
  /** @internal Does the call end with its response whole in memory? */
  readsWhole = false;
  /** @internal Is the attempt that begins made because the one before was answered, and that was of no use? */
  wasAnsweredInVain = false;
  readonly #attempts: Attempts;
  readonly #signal: CallSignal;
  /** Parts of the call that have a signal of their own. */
  #branches: CallContext[] | undefined = undefined;
  /** Those of attempts with a limit of their own; the last one is that of the present attempt. */
  #attemptSignals: CallSignal[] | undefined = undefined;
  #history: readonly AnyResponse[] = noHistory;
  /** Of which it is a branch. */
  readonly #stem: CallContext | undefined;
  #error: unknown = undefined;
  #whenEnded: ((error: unknown) => void)[] | undefined = undefined;

  /** @internal */
  constructor(
    request: Request,
    settings: object & CallBasics,
    signal: CallSignal,
    trace: TraceObserver | undefined,
    onInformational: InformationalObserver | undefined,
    onUploadProgress?: UploadObserver,
    stem?: CallContext,
  ) {
    this.request = request;
    const { phases, total } = settings.timeout;
    this.settings = settings;
    this.data = settings.data;
    this.timeouts = phases;
    this.deadline = stem === undefined ? (total === null ? undefined : now() + total) : stem.deadline;
    this.budget = stem?.budget;
    this.#attempts = stem === undefined ? new Attempts() : stem.#attempts;
    this.#stem = stem;
    this.trace = trace;
    this.onInformational = onInformational;
    this.onUploadProgress = onUploadProgress;
    this.#signal = signal;
  }

  /** @internal Who reads the JSON of its responses. */
  get json(): JsonSettings {
    return this.settings.json;
  }

  /** Aborts the call: the caller's signal, the client's, or both in one. */
  get signal(): AbortSignal | undefined {
    return this.#signal.signal;
  }

  /** @internal The same, for who only listens. */
  get ending(): AnySignal | undefined {
    return this.#signal.ending;
  }

  /** Every request so far, oldest first. */
  get attempts(): readonly AttemptRecord[] {
    return this.#attempts.all;
  }

  /** @internal The call itself, where this is a branch of it. */
  get root(): CallContext {
    return this.#stem === undefined ? this : this.#stem.root;
  }

  /** @internal Would the answer of a cache, or of an exchange that runs already, be of no use to this attempt? */
  needsOrigin(attempt: Attempt): boolean {
    return this.root.wasAnsweredInVain || this.#attempts.isBesideAnother(attempt);
  }

  /** The responses that have led to the request that is being sent, oldest first. */
  get history(): readonly AnyResponse[] {
    return this.#history;
  }

  /**
   * Calls back once, when the call is over: its response has been read or closed, or it has failed, with `error`. In no particular async context;
   * what it throws is dropped.
   *
   * @example
   * const counted: Interceptor = (request, context, next) => {
   *   context.whenEnded((error) => console.log(context.attempts.length, error));
   *   return next(request);
   * };
   */
  whenEnded(callback: (error: unknown) => void): void {
    if (this.#stem === undefined) (this.#whenEnded ??= []).push(callback);
    else this.#stem.whenEnded(callback);
  }

  /** @internal For those who follow redirects. */
  setHistory(history: readonly AnyResponse[]): void {
    this.#history = history;
  }

  /** @internal Another request follows this response: its connection is given back first, to be used again. Never rejects. */
  async release(response: StreamResponse): Promise<void> {
    await response.close();
    this.#attempts.of(response)?.end();
  }

  /** @internal The same call, for requests that this signal ends, too. */
  branch(signal: AbortSignal): CallContext {
    const own = (this.#attemptSignals?.at(-1) ?? this.#signal).ending;
    const { settings, trace, onInformational, onUploadProgress } = this;
    const joined = joinSignals(own === undefined ? [signal] : [own, signal]);
    const branch = new CallContext(this.request, settings, joined, trace, onInformational, onUploadProgress, this);
    branch.readsWhole = this.readsWhole;
    branch.#history = this.#history;
    (this.#branches ??= []).push(branch);
    return branch;
  }

  /** @internal The attempt that begins now is ended by this signal, too. */
  limitAttempt(signal: AbortSignal): void {
    const own = this.#signal.ending;
    (this.#attemptSignals ??= []).push(joinSignals(own === undefined ? [signal] : [own, signal]));
  }

  /** @internal An attempt failed with this error, of which more is known now. */
  retell(error: unknown, told: unknown): void {
    for (const attempt of this.#attempts.all) if (attempt.error === error) attempt.error = told;
  }

  /** @internal Calls once all of the body of this response is here; never, where it is already. */
  whenArrived(response: StreamResponse, callback: () => void): void {
    const attempt = this.#attempts.of(response);
    if (attempt !== undefined) attempt.onArrived = callback;
  }

  /** @internal What its dispatcher gave as the body of this response. */
  bodyOf(response: StreamResponse): ResponseBody | undefined {
    return this.#attempts.of(response)?.body;
  }

  /** @internal Calls once this response holds nothing any more: read, closed, broken off, or made by no server. */
  whenOver(response: StreamResponse, callback: () => void): void {
    const attempt = this.#attempts.of(response);
    if (attempt === undefined) callback();
    else attempt.whenOver(callback);
  }

  /** @internal The body of this response broke off, and so has the attempt. */
  breakOff(response: StreamResponse, error: unknown): void {
    const attempt = this.#attempts.of(response);
    if (attempt === undefined) return;
    attempt.error ??= error;
    attempt.end();
  }

  /** @internal Is a dispatcher at work on it, and will tell how that ends? */
  get isUnderWay(): boolean {
    const latest = this.#attempts.latest;
    return latest !== undefined && latest.error === undefined && (latest.status === undefined || latest.body !== undefined);
  }

  /** @internal */
  begin(request: Request): Attempt {
    const attempt = new Attempt(request, this.trace);
    this.#attempts.add(attempt);
    return attempt;
  }

  /** @internal Its dispatcher has it now, and has mostly looked at the clock. */
  onDispatched(attempt: Attempt): void {
    const { startedAt } = attempt;
    if (attempt === this.#attempts.first) this.budget?.deposit(startedAt);
  }

  /** @internal What the dispatcher gets to know beside the request. `isOurs`: it only listens to a signal, and takes any. */
  dispatchContext(attempt: Attempt, isOurs: boolean, proxy: ProxyIdentity | null | undefined, network?: NetworkOptions): DispatchContext {
    const signal = this.#attemptSignals?.at(-1) ?? this.#signal;
    return {
      proxy,
      network,
      signal: isOurs ? (signal.ending as AbortSignal | undefined) : signal.signal,
      deadline: this.deadline,
      trace: attempt.observe,
      traceInAnyContext: this.trace === undefined,
      onInformational: this.onInformational,
      trailers: attempt.request.trailers,
      replayMisdirected: this.settings.retriesMisdirected === true,
      replayableBody: attempt.request.body?.replayable === true,
    };
  }

  /** @internal The call has failed: the error gets to know of it, and what was to be sent and still holds a file or a socket lets go of it. */
  fail(error: unknown): void {
    this.#error ??= error;
    const latest = this.#attempts.latest;
    if (latest !== undefined && error instanceof HttpCoreError) latest.error ??= error;
    recordFailure(error, {
      request: this.request,
      attempts: [...this.#attempts.all],
      history: this.#history,
      elapsed: this.#elapsed(),
      total: this.settings.timeout.total ?? undefined,
    });
    this.request.body?.discard();
    for (const { request } of this.#attempts.all) request.body?.discard();
  }

  /** Milliseconds since the call began, without a look at the clock that every call would have to pay for. */
  #elapsed(): number {
    const { total } = this.settings.timeout;
    if (this.deadline !== undefined && total !== null) return now() - (this.deadline - total);
    const { first } = this.#attempts;
    return first === undefined ? 0 : timeOrigin + now() - first.timings.startedAt;
  }

  /**
   * @internal The call is over. Closes every response that an interceptor left lying, or that an error cut off: whatever
   * happened, no connection stays taken.
   */
  settle(): void {
    this.request.body?.release();
    this.#attempts.settle();
    this.#releaseSignals();
    this.#tellEnded();
  }

  #tellEnded(): void {
    const told = this.#whenEnded;
    if (told === undefined) return;
    this.#whenEnded = undefined;
    for (const callback of told) {
      try {
        callback(this.#error);
      } catch {
        // It hears of the call, and is no part of it.
      }
    }
  }

  #releaseSignals(): void {
    this.#signal.release();
    if (this.#attemptSignals !== undefined) for (const signal of this.#attemptSignals) signal.release();
    if (this.#branches !== undefined) for (const branch of this.#branches) branch.#releaseSignals();
  }
}
