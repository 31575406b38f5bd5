/**
 * One request on its way through a dispatcher, and when each step of it happened: the one object that the client makes for
 * the sake of `timings`. A request that is redirected or retried has several.
 */
import type { ConnectionInfo, HeaderPair, ResponseBody, TraceEvents, TraceObserver } from '@x/httpcore';

import type { Request } from '../request/request.ts';
import type { CacheOutcome } from '../response/cache-outcome.ts';
import type { Timings } from '../response/timings.ts';
import { DialSteps } from './dial-steps.ts';
import { phasesOf } from './phases.ts';
import { now, timeOrigin } from '../time/platform.ts';

export class Attempt<Asked = Request> {
  readonly request: Asked;
  /** Of the response; `undefined` when none came. */
  status: number | undefined = undefined;
  /** What it failed with, before its head or in its body. */
  error: unknown = undefined;
  /** @internal Given to the dispatcher. */
  readonly observe: TraceObserver;
  /** @internal Called when all of the response body has come. */
  onArrived: (() => void) | undefined = undefined;
  /** @internal The response body, while it may still hold a connection. */
  body: ResponseBody | undefined = undefined;
  /** @internal */
  httpVersion: string | undefined = undefined;
  /** @internal */
  encodedBytes: number | undefined = undefined;
  cache: CacheOutcome | undefined = undefined;
  /** @internal Beside a cache: what the origin sent for this very request. */
  received: readonly HeaderPair[] | undefined = undefined;

  #startedAt: number | undefined = undefined;
  #connection: ConnectionInfo | undefined = undefined;
  #reused: boolean | undefined = undefined;
  #dial: DialSteps | undefined = undefined;
  #queuedAt: number | undefined = undefined;
  #assignedAt: number | undefined = undefined;
  #sentAt: number | undefined = undefined;
  #firstByteAt: number | undefined = undefined;
  #endedAt: number | undefined = undefined;
  #whenOver: (() => void)[] | undefined = undefined;

  constructor(request: Asked, trace: TraceObserver | undefined) {
    this.request = request;
    this.observe =
      trace === undefined
        ? (name, at, detail) => this.#note(name, at, detail)
        : (name, at, detail) => {
            this.#note(name, at, detail);
            return trace(name, at, detail);
          };
  }

  /** @internal When it was given to the pool, where a dispatcher traces that: else when somebody asks for the first time. */
  get startedAt(): number {
    return this.#queuedAt ?? (this.#startedAt ??= now());
  }

  /** @internal Of one that nothing traces. */
  beganAt(moment: number): void {
    this.#startedAt = moment;
  }

  /** @internal Over: what the dispatcher did not trace ends now. */
  end(): void {
    // It began before, if only just.
    void this.startedAt;
    this.#endedAt ??= now();
    this.body = undefined;
    this.#tellOver();
  }

  /** @internal Over, whatever an interceptor left lying, or an error cut off: no connection stays taken. */
  settle(): void {
    const { body } = this;
    if (body !== undefined && body.trailers === undefined) body.close().catch(() => {});
    this.end();
  }

  /** @internal Calls once it holds nothing any more. */
  whenOver(callback: () => void): void {
    if (this.#endedAt === undefined) (this.#whenOver ??= []).push(callback);
    else callback();
  }

  get timings(): Timings {
    const reused = this.#reused;
    const end = this.#endedAt ?? now();
    const moments = {
      started: this.startedAt,
      queued: this.#queuedAt,
      assigned: this.#assignedAt,
      sent: this.#sentAt,
      firstByte: this.#firstByteAt,
      ended: this.#endedAt,
    };
    const steps = reused === undefined ? this.#dial?.until(end) : this.#connection?.timings;
    return {
      startedAt: timeOrigin + (moments.queued ?? moments.started),
      ...phasesOf(moments, { reused, steps }, end),
      reused,
      connectionId: this.#connection?.id,
      remoteAddress: this.#connection?.remoteAddress,
      httpVersion: this.httpVersion,
    };
  }

  #tellOver(): void {
    const callbacks = this.#whenOver;
    this.#whenOver = undefined;
    if (callbacks !== undefined) for (const callback of callbacks) callback();
  }

  #note<Name extends keyof TraceEvents>(name: Name, at: number, detail: TraceEvents[Name]): void {
    switch (name) {
      case 'queued':
        this.#queuedAt = at;
        break;
      case 'assigned': {
        // A replay on another connection starts over from here.
        const { connection, reused } = detail as TraceEvents['assigned'];
        this.#connection = connection;
        this.#reused = reused;
        this.#assignedAt = at;
        this.#sentAt = undefined;
        this.#firstByteAt = undefined;
        break;
      }
      case 'head-sent':
      case 'body-sent':
        this.#sentAt = at;
        break;
      case 'first-byte':
        this.#firstByteAt = at;
        break;
      case 'body-end':
        this.#endedAt = at;
        this.encodedBytes = (detail as TraceEvents['body-end']).bytes;
        this.onArrived?.();
        this.#tellOver();
        break;
      default:
        if (this.#connection === undefined && DialSteps.has(name)) (this.#dial ??= new DialSteps()).note(name, at);
    }
  }
}
