/**
 * Who carries a request: a client, with all that it does to one, or a dispatcher, which sends it as it is.
 *
 * The shapes are those of `@x/client` and `@x/httpcore`, written down again: whoever has one of them need not install the other.
 */
export type HeaderPair = readonly [name: string, value: string];
export type UrlParts = readonly [scheme: string, host: string, port: number | null, target: string];
export type Timeouts = readonly [connect: number | null, read: number | null, write: number | null, pool: number | null];
/** Chunks in memory can be sent again; what is iterated is sent once. */
export type ByteIterable = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
type Informational = (status: number, reason: string, headers: readonly HeaderPair[]) => void;
type Observer = (name: string, at: number, detail: unknown) => void;
type TrailerSource = readonly HeaderPair[] | (() => readonly HeaderPair[] | Promise<readonly HeaderPair[]>);

/** The body of a response; one that can be written to as well after an upgrade or CONNECT. */
export interface CarriedBody extends AsyncIterable<Uint8Array> {
  bytes(): Promise<Uint8Array>;
  /** @internal As `bytes`, without a promise, where all of it is here; else `undefined`, and nothing is taken. */
  takeWhole?(): Uint8Array | undefined;
  close(): Promise<void>;
  readonly trailers: readonly HeaderPair[] | undefined;
  write?(chunk: Uint8Array): Promise<void>;
  end?(): Promise<void>;
}

/** What a dispatcher answers. */
export type CarriedResponse = readonly [
  httpVersion: string,
  status: number,
  reason: string,
  headers: readonly HeaderPair[],
  /** Has `write` when the connection was upgraded. */
  body: CarriedBody,
];

/** How a request wants the cache (Fetch Standard §2.2.5). */
export type CacheMode = 'default' | 'no-store' | 'reload' | 'no-cache' | 'force-cache' | 'only-if-cached';
/** What a cache tells of a response. */
export interface CacheOutcomeLike {
  readonly state: string;
  readonly stored: boolean;
}

/** What a dispatcher is told beside the request. */
export interface CarriedContext {
  readonly signal: AbortSignal;
  readonly onInformational?: Informational | undefined;
  readonly trailers?: TrailerSource | undefined;
  /** Told each step, as the observers of `trace` are. */
  readonly trace?: Observer | undefined;
  /** A client has the name from the URL alone. */
  readonly servername?: string | undefined;
  /** For a cache; who has none does not look at it. */
  readonly cacheMode?: CacheMode | undefined;
  readonly onCacheOutcome?: ((outcome: CacheOutcomeLike) => void) | undefined;
}

/** Of who ends his request by a call. */
export type OpenContext = Omit<CarriedContext, 'signal' | 'onInformational'>;

/** A head that is not the final one, and the promise of the next. */
export type InterimResponse = readonly [
  httpVersion: null,
  status: number,
  reason: string,
  headers: readonly HeaderPair[],
  next: Promise<CarriedResponse | InterimResponse>,
];

/** Told of interim heads where they do not come from the promise. */
export interface InterimObserver {
  onInterim(status: number, reason: string, headers: readonly HeaderPair[]): void;
}

/** A request on its way, and the end of it. Its promise is waited for once, and one of the others told what came of it. */
export interface Opened {
  readonly response: Promise<CarriedResponse | InterimResponse>;
  /** At any stage; after the head as well. */
  abort(reason: unknown): void;
  /** Gives what is read instead. */
  received?(response: CarriedResponse): CarriedResponse;
  /** Gives the error to tell. */
  failed?(error: unknown): unknown;
}

/** What is used of a `Dispatcher` of `@x/httpcore`, such as a `ConnectionPool`. */
export interface DispatcherLike {
  dispatch(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts?: Timeouts,
    context?: CarriedContext,
  ): Promise<CarriedResponse>;
  /** @internal As `dispatch`, and ended by a call: of a pool. */
  openRequest?(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    timeouts?: Timeouts,
    context?: OpenContext,
  ): Opened;
}

interface ResponseLike extends AsyncIterable<Uint8Array> {
  readonly httpVersion: string;
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly HeaderPair[];
  readonly body: CarriedBody;
  readonly cache?: CacheOutcomeLike | undefined;
  bytes(): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** Whoever speaks here follows and decodes by himself. */
interface AsItComes {
  readonly followRedirects: false;
  readonly decompress: false;
}
/** @internal */
export const asItComes: AsItComes = Object.freeze({ followRedirects: false, decompress: false });

/** What is used of a `Client` of `@x/client`. */
export interface ClientLike {
  /** The same client with these options: said once, they need not be read and laid over its own for every request. */
  extend?(options: AsItComes): ClientLike;
  stream(
    method: string,
    url: string,
    options: Partial<AsItComes> & {
      readonly headers: readonly HeaderPair[];
      readonly body?: ByteIterable | null;
      readonly signal: AbortSignal;
      readonly timeout?: { readonly read: number | null };
      readonly onInformational?: Informational;
      readonly trailers?: TrailerSource;
      readonly trace?: Observer;
      readonly cache?: CacheMode;
    },
  ): Promise<ResponseLike>;
  /** @internal As `stream`, told and answered as a dispatcher is, and ended by a call. */
  openRequest?(
    method: string,
    url: UrlParts,
    headers: readonly HeaderPair[],
    body: ByteIterable | null,
    silence: number | null | undefined,
    context: OpenContext | undefined,
    interim: InterimObserver,
  ): Opened;
}

/** While they are put together. */
type StreamOptions = { -readonly [Name in keyof Parameters<ClientLike['stream']>[2]]: Parameters<ClientLike['stream']>[2][Name] };

/** `silence`: milliseconds without a word of the peer, instead of what the carrier has; `null`: no limit. */
export type Carry = (
  method: string,
  url: UrlParts,
  headers: readonly HeaderPair[],
  body: ByteIterable | null,
  silence: number | null | undefined,
  context: CarriedContext,
) => Promise<CarriedResponse>;

/** @throws {TypeError} it is neither. */
export function carryBy(carrier: ClientLike | DispatcherLike): Carry {
  if (isObject(carrier) && 'dispatch' in carrier && typeof carrier.dispatch === 'function') return carryByDispatcher(carrier);
  if (isObject(carrier) && 'stream' in carrier && typeof carrier.stream === 'function') return carryByClient(carrier);
  throw new TypeError('A Client of @x/client or a dispatcher of @x/httpcore is needed: an object with stream() or dispatch()');
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

// Those of a pool that is told nothing. A dispatcher takes all four or none.
const otherTimeouts = { connect: 10_000, write: 60_000, pool: 30_000 };

export function timeoutsOf(silence: number | null | undefined): Timeouts | undefined {
  if (silence === undefined) return undefined;
  const { connect, write, pool } = otherTimeouts;
  return [connect, silence, write, pool];
}

function carryByDispatcher(dispatcher: DispatcherLike): Carry {
  return async (method, url, headers, body, silence, context) => {
    const timeouts = timeoutsOf(silence);
    if (context.cacheMode !== 'only-if-cached') return dispatcher.dispatch(method, url, headers, body, timeouts, context);
    // Without a cache nothing of it is in one, and nobody is to be asked.
    if (!('cache' in dispatcher)) throw notCached();
    let outcome: CacheOutcomeLike | undefined;
    const onCacheOutcome = (told: CacheOutcomeLike): void => void (outcome = told);
    const response = await dispatcher.dispatch(method, url, headers, body, timeouts, { ...context, onCacheOutcome });
    if (isFromCache(outcome)) return response;
    await response[4].close();
    throw notCached();
  };
}

function carryByClient(client: ClientLike): Carry {
  let extended: ClientLike | undefined;
  return async (method, url, headers, body, silence, { signal, onInformational, trailers, trace, cacheMode }) => {
    try {
      extended ??= client.extend?.(asItComes);
      const options: StreamOptions = { headers, signal };
      if (extended === undefined) Object.assign(options, asItComes);
      if (body !== null) options.body = body;
      if (silence !== undefined) options.timeout = { read: silence };
      if (onInformational !== undefined) options.onInformational = onInformational;
      if (trailers !== undefined) options.trailers = trailers;
      if (trace !== undefined) options.trace = trace;
      if (cacheMode !== undefined) options.cache = cacheMode;
      const response = await (extended ?? client).stream(method, hrefOf(url), options);
      const { httpVersion, status, reason, rawHeaders, body: content } = response;
      if (cacheMode === 'only-if-cached' && !isFromCache(response.cache)) {
        await response.close();
        throw notCached();
      }
      return [httpVersion, status, reason, rawHeaders, content.write === undefined ? new BodyOfResponse(response) : content];
    } catch (error) {
      return lastAnswer(error);
    }
  };
}

export function isFromCache(outcome: CacheOutcomeLike | undefined): boolean {
  return outcome !== undefined && outcome.state !== 'miss' && outcome.state !== 'bypass';
}

/** Fetch Standard §4.6, HTTP-network-or-cache fetch, step 10.1. */
export function notCached(): TypeError {
  return new TypeError('Nothing of it is in the cache, and "cache" is "only-if-cached"');
}

/** Reads by way of the response, so that the client knows when its call is over. */
class BodyOfResponse implements CarriedBody {
  readonly #response: ResponseLike;

  constructor(response: ResponseLike) {
    this.#response = response;
  }

  get trailers(): readonly HeaderPair[] | undefined {
    return this.#response.body.trailers;
  }

  bytes(): Promise<Uint8Array> {
    return this.#response.bytes();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this.#response[Symbol.asyncIterator]();
  }

  close(): Promise<void> {
    return this.#response.close();
  }
}

function hrefOf([scheme, host, port, target]: UrlParts): string {
  return `${scheme}://${host}${port === null ? '' : `:${port}`}${target}`;
}

/** A response that is in memory, as an error shows it. */
type WholeResponse = Pick<ResponseLike, 'httpVersion' | 'status' | 'reason' | 'rawHeaders'> & { bytes(): Uint8Array | Promise<Uint8Array> };

/** The answer with which a client gave up trying: who calls here knows of no retries, and judges each status himself. @throws {error} there is none. */
export function lastAnswer(error: unknown): CarriedResponse {
  if (!(error instanceof Error) || error.name !== 'TooManyRetries' || !('response' in error)) throw error;
  const last = error.response as WholeResponse | undefined;
  if (last === undefined) throw error;
  return [last.httpVersion, last.status, last.reason, last.rawHeaders, new WholeBody(last)];
}

class WholeBody implements CarriedBody {
  readonly trailers: readonly HeaderPair[] = [];
  readonly #response: WholeResponse;

  constructor(response: WholeResponse) {
    this.#response = response;
  }

  async bytes(): Promise<Uint8Array> {
    return this.#response.bytes();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, undefined> {
    yield await this.bytes();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
