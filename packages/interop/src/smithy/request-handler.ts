import { Readable } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import { carryBy, type CarriedBody, type Carry, type ClientLike, type DispatcherLike, type HeaderPair } from '../carrier/carrier.ts';
import { failWhenRead } from '../carrier/late-failure.ts';
import { readBody } from '../carrier/sent-body.ts';
import { toSystemError } from '../carrier/system-error.ts';

/** A request as the AWS SDK for JavaScript v3, and all that is made by Smithy, hands it to its handler. */
export interface SmithyRequest {
  readonly method: string;
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number | undefined;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>> | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Both are sent as `Authorization: Basic …`, unless the request has its own. */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
}

/** A response as the SDK wants it. */
export interface SmithyResponse {
  readonly statusCode: number;
  readonly reason: string;
  readonly headers: Record<string, string>;
  readonly body: Readable;
}

/** What a call says beside its request. */
export interface SmithyCallOptions {
  readonly abortSignal?: object | undefined;
  /** Milliseconds until the head of the response; 0: no limit. */
  readonly requestTimeout?: number | undefined;
}

/** What `requestHandler()` may be told. */
export interface RequestHandlerOptions {
  /** Milliseconds until the head of the response, for calls that say nothing of it; the limits of the client hold as well. Default: none. */
  readonly requestTimeout?: number | undefined;
}

/** What the clients of the AWS SDK v3 take as `requestHandler`. */
export interface SmithyRequestHandler {
  readonly metadata: { readonly handlerProtocol: string };
  handle(request: SmithyRequest, options?: SmithyCallOptions): Promise<{ response: SmithyResponse }>;
  /** Does nothing: the client is whoever's who made it. */
  destroy(): void;
  updateHttpClientConfig(key: never, value: never): void;
  httpHandlerConfigs(): RequestHandlerOptions;
}

/**
 * A handler for the AWS SDK v3, over a client or a dispatcher: bodies are streamed both ways, `Expect: 100-continue` is waited for, calls are aborted
 * by their signal. Retries stay the SDK's, which signs each attempt anew: give it a client without `retries`.
 *
 * @throws {TypeError} `carrier` is neither client nor dispatcher, or an option is impossible.
 * @example
 * const s3 = new S3Client({ region: 'eu-central-1', requestHandler: requestHandler(client, { requestTimeout: 10_000 }) });
 */
export function requestHandler(carrier: ClientLike | DispatcherLike, options: RequestHandlerOptions = {}): SmithyRequestHandler {
  return new RequestHandler(carryBy(carrier), readTimeout(options.requestTimeout));
}

class RequestHandler implements SmithyRequestHandler {
  readonly metadata = { handlerProtocol: 'http/1.1' };
  readonly #carry: Carry;
  #requestTimeout: number;

  constructor(carry: Carry, requestTimeout: number) {
    this.#carry = carry;
    this.#requestTimeout = requestTimeout;
  }

  async handle(request: SmithyRequest, { abortSignal, requestTimeout }: SmithyCallOptions = {}): Promise<{ response: SmithyResponse }> {
    const { method, protocol, hostname, port } = request;
    const call = new Cancellation(abortSignal as CallerSignal | undefined);
    call.limit(requestTimeout ?? this.#requestTimeout, `${method} ${hostname}`);
    try {
      const headers = headersOf(request);
      const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
      const body = await readBody(request.body, length === undefined ? undefined : Number(length));
      const context = { signal: call.signal };
      const host = hostname.includes(':') && !hostname.startsWith('[') ? `[${hostname}]` : hostname;
      const path = request.path.startsWith('/') ? request.path : `/${request.path}`;
      const url = [protocol.replace(':', ''), host, port ?? null, `${path}${queryOf(request.query)}`] as const;
      const [, status, reason, fields, content] = await this.#carry(method, url, headers, body?.bytes ?? null, undefined, context);
      call.endLimit();
      return { response: { statusCode: status, reason, headers: recordOf(fields), body: call.over(readableOf(content)) } };
    } catch (error) {
      call.end();
      throw call.reason ?? toSdkError(error);
    }
  }

  destroy(): void {}

  updateHttpClientConfig(key: string, value: unknown): void {
    if (key === 'requestTimeout') this.#requestTimeout = readTimeout(value);
  }

  httpHandlerConfigs(): RequestHandlerOptions {
    return { requestTimeout: this.#requestTimeout };
  }
}

/** The platform's, or that of `@smithy/abort-controller` and `@aws-sdk/abort-controller`, which calls `onabort` and nobody else. */
interface CallerSignal {
  readonly aborted: boolean;
  readonly reason?: unknown;
  onabort?: unknown;
  readonly addEventListener?: AbortSignal['addEventListener'];
  readonly removeEventListener?: AbortSignal['removeEventListener'];
}

/** What ends a call before its time. */
class Cancellation {
  reason: Error | undefined;
  readonly #controller = new AbortController();
  readonly #caller: CallerSignal | undefined;
  readonly #onAbort = (): void => this.#abort(named('AbortError', 'Request aborted', this.#caller?.reason));
  #timer: NodeJS.Timeout | undefined;

  constructor(caller: CallerSignal | undefined) {
    this.#caller = caller;
    if (caller === undefined) return;
    if (caller.aborted) this.#onAbort();
    else if (typeof caller.addEventListener === 'function') caller.addEventListener('abort', this.#onAbort, { once: true });
    else caller.onabort = this.#onAbort;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  limit(milliseconds: number, what: string): void {
    if (milliseconds === 0) return;
    const passed = (): void => {
      const error = named('TimeoutError', `There was no response to ${what} within ${milliseconds} ms (requestTimeout)`);
      this.#abort(Object.assign(error, { code: 'ETIMEDOUT' }));
    };
    this.#timer = setTimeout(passed, milliseconds).unref();
  }

  endLimit(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.endLimit();
    const caller = this.#caller;
    if (caller === undefined) return;
    if (typeof caller.removeEventListener === 'function') caller.removeEventListener('abort', this.#onAbort);
    else if (caller.onabort === this.#onAbort) caller.onabort = null;
  }

  /** The call lasts as long as its body; what aborts it after its head ends that. */
  over(body: Readable): Readable {
    this.signal.addEventListener('abort', () => body.destroy(this.reason), { once: true });
    body.once('close', () => this.end());
    return body;
  }

  #abort(reason: Error): void {
    this.reason = reason;
    this.#controller.abort(reason);
  }
}

/**
 * What it breaks off with is told as the SDK knows it: it reads most answers itself, and tries again. Not `Readable.from`, which reads ahead of who reads:
 * a failure empties its buffer.
 */
function readableOf(body: CarriedBody): Readable {
  const chunks = body[Symbol.asyncIterator]();
  return new Readable({
    highWaterMark: 0,
    read() {
      chunks.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error: unknown) => failWhenRead(this, toSdkError(error) as Error),
      );
    },
    destroy(error, callback) {
      const end = (): void => process.nextTick(callback, error);
      (chunks.return?.() ?? Promise.resolve()).then(end, end);
    },
  });
}

function headersOf({ headers, username, password }: SmithyRequest): HeaderPair[] {
  // Some give numbers.
  const pairs = Object.entries(headers).map(([name, value]): HeaderPair => [name, String(value)]);
  if ((username === undefined && password === undefined) || pairs.some(([name]) => name.toLowerCase() === 'authorization')) return pairs;
  const credentials = Buffer.from(`${username ?? ''}:${password ?? ''}`).toString('base64');
  return [...pairs, ['authorization', `Basic ${credentials}`]];
}

function named(name: string, message: string, cause?: unknown): Error {
  return Object.assign(cause === undefined ? new Error(message) : new Error(message, { cause }), { name });
}

/** The SDK tells by names and the system's codes what may be tried again. */
function toSdkError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (/Timeout$|^DeadlineExceeded$/.test(error.name)) return named('TimeoutError', error.message, error);
  const code = 'code' in error ? error.code : undefined;
  // The caller's own body failed: that is his, and is not tried again.
  if (code === 'REQUEST_BODY_FAILED') return error.cause instanceof Error ? error.cause : error;
  const system = toSystemError(error);
  if (system !== undefined) return system;
  const isLost = error.name === 'ReadError' || error.name === 'WriteError' || code === 'INCOMPLETE_HEAD' || code === 'INCOMPLETE_BODY';
  return isLost ? Object.assign(named(error.name, error.message, error), { code: 'ECONNRESET' }) : error;
}

function readTimeout(value: unknown): number {
  if (value === undefined || value === null) return 0;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0)
    throw new TypeError('The option "requestTimeout" must be milliseconds, 0 or more');
  return value;
}

/** As it was signed: sorted, and with everything encoded but letters, digits and `-_.~`. */
function queryOf(query: SmithyRequest['query']): string {
  const parts = Object.keys(query ?? {})
    .sort()
    .flatMap((name) => {
      const value = query![name];
      if (value === null || value === undefined) return [encode(name)];
      return (typeof value === 'string' ? [value] : value).map((one) => `${encode(name)}=${encode(one)}`);
    });
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function recordOf(fields: readonly HeaderPair[]): Record<string, string> {
  const record: Record<string, string> = {};
  for (const [name, value] of fields) {
    const key = name.toLowerCase();
    record[key] = Object.hasOwn(record, key) ? `${record[key]}, ${value}` : value;
  }
  return record;
}
