/** What a waterfall shows: attempts below one another on one axis of time, each with the steps that it went through. */

export type SpanKind = 'queued' | 'dns' | 'connect' | 'proxy' | 'tls' | 'sent' | 'first byte' | 'download';

export interface Span {
  readonly kind: SpanKind;
  /** The kind, and what tells it from others of its kind: a host, an address. */
  readonly label: string;
  /** Milliseconds on the axis that all attempts share. */
  readonly start: number;
  readonly end: number;
  /** It was in vain: an address that lost a race (`lost`), or a step that failed, with its code. */
  readonly vain?: string | undefined;
}

export interface DrawnAttempt {
  /** `GET https://example.com/`, without secrets. */
  readonly title: string;
  /** `200, HTTP/2`, or the name of an error. */
  readonly outcome: string;
  readonly start: number;
  readonly end: number;
  readonly spans: readonly Span[];
}

export interface Waterfall {
  readonly attempts: readonly DrawnAttempt[];
}

/** From the first start to the last end. */
export function axisOf({ attempts }: Waterfall): { readonly start: number; readonly end: number } {
  const start = Math.min(...attempts.map((attempt) => attempt.start));
  const end = Math.max(...attempts.flatMap((attempt) => [attempt.end, ...attempt.spans.map((span) => span.end)]));
  return attempts.length === 0 ? { start: 0, end: 0 } : { start, end };
}
