import { Readable } from 'node:stream';
import { clearTimeout, setTimeout } from 'node:timers';
import { carryBy, type CarriedBody, type Carry, type ClientLike, type DispatcherLike, type HeaderPair } from '../carrier/carrier.ts';
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
    const { method, protocol, hostname, port, path } = request;
    const call = new Cancellation(abortSignal as AbortSignal | undefined);
    call.limit(requestTimeout ?? this.#requestTimeout, `${method} ${hostname}`);
    try {
      const headers = Object.entries(request.headers);
      const length = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
      const body = await readBody(request.body, length === undefined ? undefined : Number(length));
      const context = { signal: call.signal };
      const url = [protocol.replace(':', ''), hostname, port ?? null, `${path}${queryOf(request.query)}`] as const;
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

/** What ends a call before its time. */
class Cancellation {
  reason: Error | undefined;
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#abort(named('AbortError', 'Request aborted', this.#caller?.reason));
  #timer: NodeJS.Timeout | undefined;

  constructor(caller: AbortSignal | undefined) {
    this.#caller = caller;
    if (caller?.aborted === true) this.#onAbort();
    else caller?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  limit(milliseconds: number, what: string): void {
    if (milliseconds === 0) return;
    const passed = (): void =>
      this.#abort(named('TimeoutError', `There was no response to ${what} within ${milliseconds} ms (requestTimeout)`));
    this.#timer = setTimeout(passed, milliseconds).unref();
  }

  endLimit(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.endLimit();
    this.#caller?.removeEventListener('abort', this.#onAbort);
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

function readableOf(body: CarriedBody): Readable {
  return Readable.from(body, { objectMode: false });
}

function named(name: string, message: string, cause?: unknown): Error {
  return Object.assign(cause === undefined ? new Error(message) : new Error(message, { cause }), { name });
}

/** The SDK tells by names and the system's codes what may be tried again. */
function toSdkError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (/Timeout$|^DeadlineExceeded$/.test(error.name)) return named('TimeoutError', error.message, error);
  const system = toSystemError(error);
  if (system !== undefined) return system;
  const isLost = error.name === 'ReadError' || error.name === 'WriteError' || ('code' in error && error.code === 'INCOMPLETE_HEAD');
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
