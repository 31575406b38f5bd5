/** Makes a waterfall of the events of one call: with each address that was tried, what lost, and each hop, retry and replay. */
import type { AttemptRecord, TraceEvents, TraceObserver } from '@x/client';
import { outcomeOf, titleOf } from './of-attempts.ts';
import type { DrawnAttempt, Span, SpanKind, Waterfall } from './waterfall.ts';

interface OpenSpan {
  readonly kind: SpanKind;
  readonly label: string;
  readonly start: number;
  /** What ends it: of several that run at the same time, the one of this name. */
  readonly key: string;
}

interface Recorded {
  readonly start: number;
  readonly spans: Span[];
  readonly open: OpenSpan[];
  end: number;
  /** Where the next of the steps that follow each other begins. */
  at: number;
  failure: string | undefined;
  status: number | undefined;
  /** Has it been sent again by the pool? What follows is another one. */
  isOver: boolean;
}

/**
 * @example
 * const recorder = new TraceRecorder();
 * const response = await client.get('https://example.com/', { trace: recorder.observe });
 * console.log(drawWaterfall(recorder.waterfall(response.attempts), terminal).join('\n'));
 */
export class TraceRecorder {
  readonly #recorded: Recorded[] = [];

  readonly observe: TraceObserver = (name, at, detail) => {
    if (name === 'queued' || this.#current.isOver) this.#begin(at);
    const current = this.#current;
    current.end = Math.max(current.end, at);
    this.#note(current, { name, detail } as TraceEvent, at);
  };

  /** What has been seen until now. The attempts give it its titles; without them it has the addresses alone. */
  waterfall(attempts: readonly AttemptRecord[] = []): Waterfall {
    const axis = this.#recorded[0]?.start ?? 0;
    return { attempts: this.#recorded.map((recorded, index) => this.#drawn(recorded, axis, this.#attemptOf(recorded, index, attempts))) };
  }

  get #current(): Recorded {
    return this.#recorded.at(-1) ?? nothing;
  }

  #begin(at: number): void {
    this.#recorded.push({ start: at, spans: [], open: [], end: at, at, failure: undefined, status: undefined, isOver: false });
  }

  #note(current: Recorded, event: TraceEvent, at: number): void {
    switch (event.name) {
      case 'dns-start':
        return open(current, 'dns', event.detail.host, at);
      case 'dns-end':
        return close(current, 'dns', undefined, at);
      case 'connect-start':
        return open(current, 'connect', endpoint(event.detail), at);
      case 'connect-failed':
        return close(current, 'connect', endpoint(event.detail), at, event.detail.code);
      case 'connect-end':
        close(current, 'connect', endpoint(event.detail), at);
        return closeAll(current, at, 'lost', 'connect');
      case 'proxy-start':
        return open(current, 'proxy', event.detail.proxy, at);
      case 'proxy-end':
        return close(current, 'proxy', event.detail.proxy, at);
      case 'tls-start':
        return open(current, 'tls', event.detail.servername ?? '', at);
      case 'tls-end':
        return close(current, 'tls', undefined, at);
      case 'assigned':
        // What still runs was for this exchange, which has got another connection.
        closeAll(current, at, 'lost');
        return step(current, 'queued', at);
      case 'head-sent':
      case 'body-sent':
        return sent(current, at);
      case 'first-byte':
        return step(current, 'first byte', at);
      case 'head-received':
        current.status = event.detail.status;
        return;
      case 'body-end':
        return step(current, 'download', at);
      case 'replayed':
      case 'failed':
        closeAll(current, at, event.detail.error.name);
        current.failure = event.detail.error.name;
        current.isOver = event.name === 'replayed';
        return;
      case 'queued':
      case 'informational':
        return;
    }
  }

  /** As many of both: in their order. Otherwise by the time, since a replay is another exchange of the same attempt, and a cache none. */
  #attemptOf(recorded: Recorded, index: number, attempts: readonly AttemptRecord[]): AttemptRecord | undefined {
    if (attempts.length === this.#recorded.length) return attempts[index];
    const startedAt = performance.timeOrigin + recorded.start;
    return attempts.findLast(({ timings }) => timings.startedAt <= startedAt + 2) ?? attempts[0];
  }

  #drawn(recorded: Recorded, axis: number, attempt: AttemptRecord | undefined): DrawnAttempt {
    const shift = (span: Span): Span => ({ ...span, start: span.start - axis, end: span.end - axis });
    const running = recorded.open.map(({ kind, label, start }) => ({ kind, label: labelOf(kind, label), start, end: recorded.end }));
    // An answer that nobody read to its end, as that of a redirect, is an answer all the same.
    const failure = recorded.failure === 'Aborted' && recorded.status !== undefined ? undefined : recorded.failure;
    const outcome = failure ?? (attempt === undefined ? String(recorded.status ?? '') : outcomeOf(attempt));
    return {
      title: attempt === undefined ? 'request' : titleOf(attempt),
      outcome: recorded.isOver ? `${outcome}, sent again` : outcome,
      start: recorded.start - axis,
      end: recorded.end - axis,
      spans: [...recorded.spans, ...running].map(shift),
    };
  }
}

type TraceEvent = { [Name in keyof TraceEvents]: { readonly name: Name; readonly detail: TraceEvents[Name] } }[keyof TraceEvents];

const nothing: Recorded = { start: 0, spans: [], open: [], end: 0, at: 0, failure: undefined, status: undefined, isOver: true };

function endpoint({ address, port }: { readonly address: string; readonly port: number | undefined }): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function labelOf(kind: SpanKind, what: string): string {
  return what === '' ? kind : `${kind} ${what}`;
}

/** The wait until the first step of connecting is a step too, once it can be seen. */
function open(current: Recorded, kind: SpanKind, key: string, at: number): void {
  if (current.spans.length === 0 && current.open.length === 0 && at > current.at) step(current, 'queued', at);
  current.open.push({ kind, label: key, start: at, key });
}

function close(current: Recorded, kind: SpanKind, key: string | undefined, at: number, vain?: string): void {
  const index = current.open.findIndex((span) => span.kind === kind && (key === undefined || span.key === key));
  const [span] = index < 0 ? [] : current.open.splice(index, 1);
  if (span === undefined) return;
  current.spans.push({ kind, label: labelOf(kind, span.label), start: span.start, end: at, vain });
  current.spans.sort((a, b) => a.start - b.start);
  current.at = at;
}

function closeAll(current: Recorded, at: number, vain: string, kind?: SpanKind): void {
  for (const span of current.open.filter((each) => kind === undefined || each.kind === kind)) close(current, span.kind, span.key, at, vain);
}

function step(current: Recorded, kind: SpanKind, at: number): void {
  const isShown = kind !== 'queued' || at - current.at >= 0.005 || current.spans.length === 0;
  if (isShown) current.spans.push({ kind, label: kind, start: current.at, end: at });
  current.at = at;
}

/** The head, then the body: one step. What is sent after the answer has begun is not shown. */
function sent(current: Recorded, at: number): void {
  const last = current.spans.at(-1);
  if (last?.kind === 'sent') current.spans[current.spans.length - 1] = { ...last, end: at };
  else if (last?.kind !== 'first byte' && last?.kind !== 'download') return step(current, 'sent', at);
  else return;
  current.at = at;
}
