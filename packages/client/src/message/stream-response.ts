import type { DuplexBody, HeaderPair, ResponseBody } from '@x/httpcore';

import { BodyConsumed } from '../errors.ts';
import { endingBody } from './ending-body.ts';
import { applyHeaderChanges, readHeaderChanges, type HeadersInput } from './header-input.ts';
import { Headers } from './headers.ts';
import { parseJson } from './json.ts';
import { readResponseBody, type ResponseBodyInput } from './response-body.ts';
import { ResponseHead, type AttemptRecord, type CallRecord } from './response-head.ts';
import type { Request } from './request.ts';
import { charsetOf, decodeText } from './text.ts';
import { instantTimings } from './timings.ts';

/** What a response is made of, or is to have instead. */
export interface ResponseInit {
  /** Default 200. */
  readonly status?: number | undefined;
  readonly reason?: string | undefined;
  readonly headers?: HeadersInput | undefined;
  readonly body?: ResponseBodyInput | undefined;
}

/**
 * A response whose body is still to be read. It may hold a connection: read it to its end, close it, or let `await using` do
 * so. This is also what interceptors see.
 *
 * @example
 * await using response = await client.stream('GET', 'https://example.com/large');
 * for await (const chunk of response) console.log(chunk.byteLength);
 */
export class StreamResponse extends ResponseHead implements AsyncIterable<Uint8Array>, AsyncDisposable {
  /** The body as the dispatcher gave it; after an upgrade or CONNECT it can be written to as well. */
  readonly body: ResponseBody | DuplexBody;
  #whole: Promise<Uint8Array> | undefined = undefined;
  #taken = false;

  /** @internal */
  constructor(
    request: Request,
    status: number,
    reason: string,
    httpVersion: string,
    rawHeaders: readonly HeaderPair[],
    attempt: AttemptRecord,
    call: CallRecord,
    body: ResponseBody,
  ) {
    super(request, status, reason, httpVersion, rawHeaders, attempt, call);
    this.body = body;
  }

  /**
   * A response that no server gave, for an interceptor that answers by itself.
   * @example
   * const teapot: Interceptor = async (request) => StreamResponse.of(request, { status: 418, body: 'short and stout' });
   */
  static of(request: Request, init: ResponseInit = {}): StreamResponse {
    const status = init.status ?? 200;
    const started = performance.now();
    const attempt: AttemptRecord = { request, status, error: undefined, timings: instantTimings(performance.timeOrigin + started) };
    const pairs = init.headers === undefined ? [] : readHeaderChanges(init.headers).pairs;
    const call: CallRecord = { attempts: [attempt] };
    return new StreamResponse(request, status, init.reason ?? '', '1.1', pairs, attempt, call, readResponseBody(init.body ?? null));
  }

  /** The same response with these changes: `headers` are laid over the present ones. A body of its own takes the place of the present one. */
  with(changes: ResponseInit): StreamResponse {
    const pairs = changes.headers === undefined ? this.rawHeaders : applyHeaderChanges(this.rawHeaders, readHeaderChanges(changes.headers));
    const body = changes.body === undefined ? this.body : readResponseBody(changes.body);
    const status = changes.status ?? this.status;
    const copy = new StreamResponse(
      this.request,
      status,
      changes.reason ?? this.reason,
      this.httpVersion,
      pairs,
      this.attempt,
      this.call,
      body,
    );
    copy.trail = this.trail;
    if (changes.body === undefined) {
      copy.#whole = this.#whole;
      copy.#taken = this.#taken;
    }
    return copy;
  }

  /**
   * The whole body. It is kept: `bytes()`, `text()` and `json()` may be called again, and by others.
   * @throws {BodyConsumed} it was iterated or closed before.
   * @throws {HttpCoreError} the rest does not arrive whole.
   */
  override bytes(): Promise<Uint8Array> {
    if (this.#whole !== undefined) return this.#whole;
    if (this.#taken) return Promise.reject(alreadyTaken());
    this.#taken = true;
    return (this.#whole = this.body.bytes());
  }

  /** As {@link bytes}, decoded like `Response.text()`. */
  override async text(): Promise<string> {
    return decodeText(await this.bytes(), charsetOf(this.contentType));
  }

  /**
   * As {@link bytes}, parsed as JSON.
   * @throws {DecodingError} `INVALID_JSON`.
   */
  override async json<T = unknown>(): Promise<T> {
    return parseJson(await this.text()) as T;
  }

  override get trailers(): Headers | undefined {
    const { trailers } = this.body;
    return trailers === undefined ? undefined : Headers.view(trailers);
  }

  /**
   * The chunks as they come. Leaving the loop early closes the response.
   * @throws {BodyConsumed} the body was read or closed before.
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    if (this.#whole !== undefined) return only(this.#whole);
    if (this.#taken) throw alreadyTaken();
    this.#taken = true;
    return this.body[Symbol.asyncIterator]();
  }

  /** Says that the rest of the body is not wanted, and gives its connection back. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#taken = true;
    return this.body.close();
  }

  /** @internal The same response, which calls `onEnd` once its body has been read or closed, or has failed: then with the error. */
  whenOver(onEnd: (error?: unknown) => void): StreamResponse {
    // All of it is here already: whether or not anybody reads it, nothing waits for that.
    if (this.body.trailers !== undefined) {
      onEnd();
      return this;
    }
    if (this.#whole === undefined) return this.with({ body: endingBody(this.body, onEnd) });
    // An interceptor has begun to read it as a whole; it stays readable from memory.
    this.#whole.then(() => onEnd(), onEnd);
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function* only(chunk: Promise<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield await chunk;
}

function alreadyTaken(): BodyConsumed {
  return new BodyConsumed('The body of this response was already read or closed; a streamed body can be read once');
}
