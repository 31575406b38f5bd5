/** One request under way: its span and what it adds to the metrics. It ends once, whoever tells of the end first. */
import { performance } from 'node:perf_hooks';
import { diag, SpanStatusCode, type Attributes, type Span } from '@opentelemetry/api';
import type { ConnectionInfo, TraceEventName, TraceEvents } from '@x/httpcore';

import { attribute, replayEvent } from './conventions.ts';
import { errorMessage, errorType, isCancelled } from './error-facts.ts';
import type { Instruments } from './instruments.ts';
import type { RequestFacts } from './request-facts.ts';
import type { ReceivedResponse } from './telemetry-options.ts';
import type { BodyWatcher } from './watched-body.ts';

type End = { readonly at: number; readonly bytes: number | undefined; readonly error: unknown };

export class RequestSpan implements BodyWatcher {
  readonly #span: Span;
  readonly #facts: RequestFacts;
  readonly #instruments: Instruments;
  readonly #hasBody: boolean;
  readonly #startedAt = performance.now();
  /** Of the span and of the metrics alike. */
  readonly #outcome: Attributes = {};
  #queuedAt: number | undefined = undefined;
  /** What has ended before its head was seen here: small responses come in one piece. */
  #end: End | undefined = undefined;
  #isHeadSeen = false;
  #isOver = false;
  /** Has the dispatcher told of any step? */
  isTraced = false;

  constructor(span: Span, facts: RequestFacts, instruments: Instruments, hasBody: boolean) {
    this.#span = span;
    this.#facts = facts;
    this.#instruments = instruments;
    this.#hasBody = hasBody;
    instruments.activeRequests.add(1, facts.common);
  }

  readonly trace = <Name extends TraceEventName>(name: Name, at: number, detail: TraceEvents[Name]): void => {
    this.isTraced = true;
    switch (name) {
      case 'queued':
        this.#queuedAt = at;
        break;
      case 'assigned':
        this.#onAssigned(at, detail as TraceEvents['assigned']);
        break;
      case 'body-sent':
        if (this.#hasBody) this.#instruments.requestBodySize.record((detail as TraceEvents['body-sent']).bytes, this.#facts.common);
        break;
      case 'replayed':
        this.#onReplayed((detail as TraceEvents['replayed']).error);
        break;
      case 'body-end':
        this.onEnd((detail as TraceEvents['body-end']).bytes);
        break;
      case 'failed':
        this.onFailure((detail as TraceEvents['failed']).error);
        break;
      default:
    }
  };

  /** The head is here; what has ended already ends now. */
  onHead({ status, httpVersion }: ReceivedResponse, hook: (span: Span) => void): void {
    if (this.#isOver) return;
    this.#isHeadSeen = true;
    this.#outcome[attribute.status] = status;
    this.#outcome[attribute.protocolVersion] = httpVersion;
    if (status >= 400) this.#outcome[attribute.errorType] = String(status);
    guarded(() => hook(this.#span));
    if (this.#end !== undefined) this.#finish(this.#end);
  }

  onEnd(bytes: number | undefined): void {
    this.#settle({ at: performance.now(), bytes, error: undefined });
  }

  onLeft(): void {
    this.onEnd(undefined);
  }

  /** Without a head there is none to wait for: `dispatch` rejects with it. */
  onFailure(error: unknown): void {
    this.#settle({ at: performance.now(), bytes: undefined, error });
  }

  /** It rejects: with what was traced, or with what came before any step. */
  onRejected(error: unknown): void {
    if (!this.#isOver) this.#finish(this.#end ?? { at: performance.now(), bytes: undefined, error });
  }

  #settle(end: End): void {
    if (this.#isOver) return;
    this.#end ??= end;
    if (this.#isHeadSeen) this.#finish(this.#end);
  }

  #onAssigned(at: number, { connection, reused }: TraceEvents['assigned']): void {
    const { protocol, remoteAddress, remotePort, id, proxy, timings } = connection;
    const isOwn = !reused;
    const queued = this.#queuedAt === undefined ? 0 : secondsInQueue(this.#queuedAt, at, isOwn ? timings : undefined);
    this.#outcome[attribute.protocolVersion] ??= protocol === 'h2' ? '2' : '1.1';
    this.#instruments.timeInQueue.record(queued, this.#facts.common);
    if (!this.#span.isRecording()) return;
    this.#span.setAttributes({
      [attribute.timeInQueue]: queued,
      [attribute.connectionReused]: reused,
      [attribute.connectionId]: id,
    });
    if (remoteAddress !== undefined) this.#span.setAttribute(attribute.peerAddress, remoteAddress);
    if (remoteAddress !== undefined && remotePort !== undefined) this.#span.setAttribute(attribute.peerPort, remotePort);
    if (proxy !== undefined) this.#span.setAttribute(attribute.proxy, proxy);
  }

  #onReplayed(error: unknown): void {
    this.#instruments.replays.add(1, this.#facts.common);
    this.#span.addEvent(replayEvent, { [attribute.errorType]: errorType(error) });
  }

  #finish({ at, bytes, error }: End): void {
    this.#isOver = true;
    const hasFailed = error !== undefined && !isCancelled(error);
    if (hasFailed) this.#outcome[attribute.errorType] = errorType(error);
    const attributes = { ...this.#facts.common, ...this.#outcome };
    const { activeRequests, duration, responseBodySize } = this.#instruments;
    activeRequests.add(-1, this.#facts.common);
    duration.record((at - this.#startedAt) / 1_000, attributes);
    if (bytes !== undefined) responseBodySize.record(bytes, attributes);
    this.#span.setAttributes(this.#outcome);
    if (attribute.errorType in this.#outcome) {
      const message = hasFailed ? errorMessage(error) : undefined;
      this.#span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
    }
    this.#span.end(at);
  }
}

/** Seconds from being given to the pool to having a connection, without those in which that was made. */
function secondsInQueue(queuedAt: number, assignedAt: number, dial: ConnectionInfo['timings'] | undefined): number {
  const dialled = dial === undefined ? 0 : Math.max(0, Math.min(dial.end, assignedAt) - Math.max(dial.start, queuedAt));
  return Math.max(0, assignedAt - queuedAt - dialled) / 1_000;
}

/** A hook is no part of what it sees. */
export function guarded(hook: () => void): void {
  try {
    hook();
  } catch (error) {
    diag.error('A hook of @x/otel threw', error);
  }
}
