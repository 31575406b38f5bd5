/** One request for all who want the same at the same time. */
import { DeadlineExceeded } from '@x/httpcore';

import type { CallContext } from '../call/context.ts';
import type { Interceptor, Next } from '../call/interceptor.ts';
import { withinCall } from '../call/within-call.ts';
import { count } from '../options/checks.ts';
import { ownOptions } from '../options/own-options.ts';
import type { Request } from '../request/request.ts';
import { joinChunks } from '../own-bytes.ts';
import { bodyInMemory } from '../response/response-body.ts';
import { StreamResponse } from '../response/stream-response.ts';

/** What {@link collapse} may be told. */
export interface CollapseOptions {
  /** Bytes: a longer body is for the first one alone, and the others send their own request. Default 1 MiB. */
  readonly maxBytes?: number | undefined;
  /** So many calls share one request at most. Default 1000. */
  readonly maxSharing?: number | undefined;
}

/** How many requests were sent, how many have shared the exchange of another, and how many could not. */
export interface CollapseStats {
  /** Requests that were sent. */
  readonly sent: number;
  /** Calls that had their response from the request of another. */
  readonly shared: number;
  /** Calls that had hoped for that, and sent their own request after all. */
  readonly alone: number;
}

/** The interceptor that {@link collapse} makes. */
export interface Collapse extends Interceptor {
  stats(): CollapseStats;
}

/**
 * An interceptor by which calls that would send the same safe request, while one of them has not been answered, share it: GET and HEAD with the same URL, the
 * same fields and the same settings, of calls that read their response whole. Each gets a response of its own. When the first one fails, the others
 * send theirs; when it is given up by its caller, the next one sends for all that are left.
 *
 * In `networkInterceptors` the fields have credentials and cookies in them, so nobody gets what is for another; in `interceptors`, redirects and
 * retries are shared as well, and only calls with equal `auth`, `cookies` and so on.
 *
 * @throws {InvalidOption} an option is unknown or impossible.
 * @example
 * const client = new Client({ networkInterceptors: [collapse()] });
 */
export function collapse(options: CollapseOptions = {}): Collapse {
  const flights = new Flights(options);
  return Object.assign((request: Request, context: CallContext, next: Next) => flights.send(request, context, next), {
    stats: () => flights.stats(),
  });
}

/** What all have from it. */
interface Shared {
  readonly response: StreamResponse;
  readonly content: Uint8Array<ArrayBuffer>;
}

/** `again`: who sent it has given up, which says nothing of the server, and the next one sends for all; `undefined`: each has to see for itself. */
type Landing = Shared | 'again' | undefined;

interface Flight {
  readonly settings: object;
  sharing: number;
  readonly land: (landing: Landing) => void;
  readonly landed: Promise<Landing>;
}

export class Flights {
  readonly #maxBytes: number;
  readonly #maxSharing: number;
  readonly #flights = new Map<string, Flight>();
  readonly #counts = { sent: 0, shared: 0, alone: 0 };

  constructor(options: CollapseOptions) {
    const own = ownOptions<CollapseOptions>(options, { maxBytes: undefined, maxSharing: undefined });
    this.#maxBytes = count('maxBytes', own.maxBytes ?? 1024 * 1024, { least: 0 });
    this.#maxSharing = count('maxSharing', own.maxSharing ?? 1000, { least: 1 });
  }

  stats(): CollapseStats {
    return { ...this.#counts };
  }

  async send(request: Request, context: CallContext, next: Next): Promise<StreamResponse> {
    if (!context.readsWhole || !isShareable(request)) return this.#own(request, next);
    const key = keyOf(request);
    for (;;) {
      const flight = this.#flights.get(key);
      if (flight === undefined) return this.#lead(key, request, context, next);
      if (flight.sharing >= this.#maxSharing || !haveEqualSettings(flight.settings, context.settings)) return this.#own(request, next);
      flight.sharing++;
      const landing = await withinCall(context, flight.landed);
      if (landing === 'again') continue;
      if (landing !== undefined) {
        this.#counts.shared++;
        return copyFor(request, landing);
      }
      this.#counts.alone++;
      return this.#own(request, next);
    }
  }

  /** There may be a later one already. */
  #leave(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
  }

  #own(request: Request, next: Next): Promise<StreamResponse> {
    this.#counts.sent++;
    return next(request);
  }

  async #lead(key: string, request: Request, context: CallContext, next: Next): Promise<StreamResponse> {
    const { promise: landed, resolve: land } = withResolvers<Landing>();
    const flight: Flight = { settings: context.settings, sharing: 1, land, landed };
    this.#flights.set(key, flight);
    try {
      const response = await this.#own(request, next);
      this.#flights.delete(key);
      if (flight.sharing === 1 || isLong(response, this.#maxBytes)) return response;
      const read = await readUpTo(response, this.#maxBytes);
      if (read.shared !== undefined) land(read.shared);
      return read.response;
    } catch (error) {
      this.#leave(key, flight);
      if (context.signal?.aborted === true || error instanceof DeadlineExceeded) land('again');
      throw error;
    } finally {
      this.#leave(key, flight);
      // Nobody is kept waiting, whatever became of it; who has it already does not mind.
      land(undefined);
    }
  }
}

function withResolvers<Value>(): { readonly promise: Promise<Value>; readonly resolve: (value: Value) => void } {
  let resolve!: (value: Value) => void;
  const promise = new Promise<Value>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

function isShareable({ method, body, trailers }: Request): boolean {
  return (method === 'GET' || method === 'HEAD') && body === null && trailers === undefined;
}

function keyOf({ method, url, rawHeaders }: Request): string {
  return JSON.stringify([method, url, rawHeaders]);
}

/** Whatever can make a difference to what comes back, or to who may see it. */
const telling = ['auth', 'caching', 'cookies', 'data', 'network', 'proxies', 'reading', 'redirects'] as const;

function haveEqualSettings(one: object, other: object): boolean {
  if (one === other) return true;
  const [a, b] = [one, other] as Readonly<Record<string, unknown>>[];
  return telling.every((name) => a![name] === b![name]);
}

/** Told to be longer than all may keep. What has no end is nobody else's. */
function isLong(response: StreamResponse, maxBytes: number): boolean {
  if ('write' in response.body || response.headers.get('content-type')?.startsWith('text/event-stream') === true) return true;
  return response.request.method !== 'HEAD' && Number(response.headers.get('content-length') ?? 0) > maxBytes;
}

interface Read {
  /** With what was read of it, and the rest. */
  readonly response: StreamResponse;
  /** `undefined`: it is longer than the limit. */
  readonly shared: Shared | undefined;
}

async function readUpTo(response: StreamResponse, maxBytes: number): Promise<Read> {
  if (response.isTaken) {
    const content = await response.bytes();
    return { response, shared: content.byteLength > maxBytes ? undefined : { response, content } };
  }
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const rest = response.body[Symbol.asyncIterator]();
  for (;;) {
    const { done, value } = await rest.next();
    if (done === true) break;
    chunks.push(value);
    length += value.byteLength;
    if (length > maxBytes) return { response: response.with({ body: joined(chunks, rest) }), shared: undefined };
  }
  const content = joinChunks(chunks);
  return {
    response: response.with({ body: bodyInMemory(new Uint8Array(content), response.body.trailers) }),
    shared: { response, content },
  };
}

async function* joined(chunks: Uint8Array[], rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks.splice(0);
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

function copyFor(request: Request, { response, content }: Shared): StreamResponse {
  const { status, reason, rawHeaders, body } = response;
  return StreamResponse.of(request, { status, reason, headers: rawHeaders, body: bodyInMemory(new Uint8Array(content), body.trailers) });
}
