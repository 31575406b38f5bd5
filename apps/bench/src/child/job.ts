/**
 * What crosses the boundary between the bench and a measured process. Plain data: a job goes in as one JSON argument, a
 * result comes out as one JSON line.
 */

/** What one exchange does with its answer. */
export type ExchangeKind = 'text' | 'json' | 'download' | 'upload';

export type Protocol = 'http/1.1' | 'h2';

/** The traffic that a contender has to make. */
export interface Workload {
  readonly exchange: ExchangeKind;
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
  readonly target: string;
  /** Exchanges running at the same time; over HTTP/1.1 also the number of connections. */
  readonly concurrency: number;
  /** Length of the answer's body, which every contender checks. */
  readonly bodyBytes: number;
  /** Length of the request's body; 0 for none. */
  readonly uploadBytes: number;
  readonly protocol: Protocol;
  /** The server closes after every answer, so each exchange pays for a connection. */
  readonly freshConnections: boolean;
  /** URL of the proxy to go through, or null. */
  readonly proxy: string | null;
}

/** How long to go on: until so many requests have been started or so much time has passed, whichever comes first. */
export interface Effort {
  readonly requests: number;
  readonly milliseconds: number;
}

export interface ExchangeJob {
  readonly kind: 'exchange';
  /** Its id. */
  readonly contender: string;
  readonly workload: Workload;
  readonly warmup: Effort;
  readonly window: Effort;
}

export interface ImportJob {
  readonly kind: 'import';
  readonly specifiers: readonly string[];
}

export interface MemoryJob {
  readonly kind: 'memory';
  readonly contender: string;
  readonly workload: Workload;
  readonly requests: number;
  /** How many times to collect garbage and look, evenly spread, besides the look before the first request. */
  readonly samples: number;
}

export type Job = ExchangeJob | ImportJob | MemoryJob;

/** One measured window: only what happened between its start and its end, in microseconds. */
export interface Measurement {
  readonly requests: number;
  readonly userMicros: number;
  readonly systemMicros: number;
  readonly wallMicros: number;
}

/** Bytes held after a forced garbage collection. */
export interface MemorySample {
  readonly requests: number;
  readonly rss: number;
  readonly heapUsed: number;
  /** Memory outside the heap that V8 knows of, array buffers included. */
  readonly external: number;
}

export type JobResult<J extends Job> = J extends MemoryJob ? readonly MemorySample[] : Measurement;

/** The URL of a workload, for contenders that take one. */
export function workloadUrl(workload: Workload): string {
  return `${workload.scheme}://${workload.host}:${workload.port}${workload.target}`;
}
