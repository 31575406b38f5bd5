/**
 * One request on its way through a dispatcher, and when each step of it happened: the one object that the client makes for
 * the sake of `timings`. A request that is redirected or retried has several.
 */
import type { ConnectionInfo, ResponseBody, TraceEvents, TraceObserver } from '@x/httpcore';

import type { Request } from '../request/request.ts';
import type { Timings } from '../response/timings.ts';
import { DialSteps } from './dial-steps.ts';
import { now } from '../time/platform.ts';

export class Attempt {
  readonly request: Request;
  /** Of the response; `undefined` when none came. */
  status: number | undefined = undefined;
  /** What it failed with, before its head or in its body. */
  error: unknown = undefined;
  /** @internal Given to the dispatcher. */
  readonly observe: TraceObserver;
  /** @internal The response body, while it may still hold a connection. */
  body: ResponseBody | undefined = undefined;
  /** @internal */
  httpVersion: string | undefined = undefined;

  readonly #startedAt: number = now();
  #connection: ConnectionInfo | undefined = undefined;
  #reused: boolean | undefined = undefined;
  #dial: DialSteps | undefined = undefined;
  #queuedAt = NaN;
  #assignedAt = NaN;
  #sentAt = NaN;
  #firstByteAt = NaN;
  #endedAt = NaN;

  constructor(request: Request, trace: TraceObserver | undefined) {
    this.request = request;
    this.observe =
      trace === undefined
        ? (name, at, detail) => this.#note(name, at, detail)
        : (name, at, detail) => {
            this.#note(name, at, detail);
            trace(name, at, detail);
          };
  }

  /** @internal Over: what the dispatcher did not trace ends now. */
  end(): void {
    if (Number.isNaN(this.#endedAt)) this.#endedAt = now();
    this.body = undefined;
  }

  get timings(): Timings {
    const start = Number.isNaN(this.#queuedAt) ? this.#startedAt : this.#queuedAt;
    const end = Number.isNaN(this.#endedAt) ? now() : this.#endedAt;
    const dial = this.#reused === undefined ? this.#dial?.until(end) : this.#reused ? undefined : this.#connection?.timings;
    // Without a connection it waited to its end, but for the making of one.
    const waitedTo = this.#reused === undefined && !Number.isNaN(this.#queuedAt) ? end : this.#assignedAt;
    // A connection may have been begun for somebody else, before our time.
    const step = (from: number | undefined, to: number | undefined): number | undefined =>
      from === undefined || to === undefined ? undefined : Math.max(0, to - Math.max(from, start));
    const dialled = dial === undefined ? 0 : Math.max(0, Math.min(dial.end, waitedTo) - Math.max(dial.start, start));
    const sentAt = this.#firstByteAt < this.#sentAt || Number.isNaN(this.#sentAt) ? this.#firstByteAt : this.#sentAt;
    return {
      startedAt: performance.timeOrigin + start,
      queued: known(waitedTo - start - dialled),
      dns: step(dial?.dnsStart, dial?.dnsEnd),
      connect: step(dial?.connectStart, dial?.connectEnd),
      proxy: step(dial?.proxyStart, dial?.proxyEnd),
      tls: step(dial?.tlsStart, dial?.tlsEnd),
      sent: known(sentAt - this.#assignedAt),
      firstByte: known(this.#firstByteAt - sentAt),
      download: known(this.#endedAt - this.#firstByteAt),
      total: end - start,
      reused: this.#reused,
      connectionId: this.#connection?.id,
      remoteAddress: this.#connection?.remoteAddress,
      httpVersion: this.httpVersion,
    };
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
        this.#sentAt = NaN;
        this.#firstByteAt = NaN;
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
        break;
      default:
        if (this.#connection === undefined && DialSteps.has(name)) (this.#dial ??= new DialSteps()).note(name, at);
    }
  }
}

function known(milliseconds: number): number | undefined {
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}
