import type { Readable } from 'node:stream';

import type { DuplexBody, HeaderPair, ResponseBody } from '@x/httpcore';

import type { EncodedChunks } from './unread-response.ts';
import { BodyConsumed } from '../errors.ts';
import type { ResumableCall } from './resumable-call.ts';
import type { UnreadResponse } from './unread-response.ts';
import { Download, type SavedFile } from './saving/download.ts';
import type { ServerSentEvent } from './events/event-parser.ts';
import { EventStream, type EventsOptions } from './events/events.ts';
import { readLines, type LinesOptions } from './lines.ts';
import type { SaveOptions } from './saving/save-options.ts';
import { toNodeStream, toWebStream } from './streams.ts';
import { about } from '../request/about.ts';
import { endingBody, type BodyWatcher } from './ending-body.ts';
import { applyHeaderChanges, readHeaderChanges, type HeadersInput } from '../request/fields/header-input.ts';
import { Headers } from '../request/fields/headers.ts';
import { parseJson, readJsonLines } from './json.ts';
import { toResponseBody, type ResponseBodyInput } from './response-body.ts';
import { AnyResponse, type AttemptRecord, type CallRecord } from './any-response.ts';
import type { Request } from '../request/request.ts';
import { toOwnBytes, type OwnBytes } from './own-bytes.ts';
import { showAsJson } from '../shown-as-json.ts';
import { matching, type StandardSchema } from './schema.ts';
import { charsetOf, decodeText } from './text.ts';
import { instantTimings } from './timings.ts';
import { now, setImmediate, timeOrigin } from '../time/platform.ts';

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
export class StreamResponse extends AnyResponse implements UnreadResponse, AsyncDisposable {
  static {
    showAsJson(this.prototype, 'StreamResponse');
  }

  /** The body as the dispatcher gave it; after an upgrade or CONNECT it can be written to as well. */
  readonly body: ResponseBody | DuplexBody;
  /** @internal Of a body whose content coding is undone. */
  encoded: EncodedChunks | undefined = undefined;
  /** @internal How to ask for it once more, for a response that a client has handed out. */
  resumable: (() => ResumableCall) | undefined = undefined;
  #whole: Promise<Uint8Array> | undefined = undefined;
  #own: Promise<OwnBytes> | undefined = undefined;
  #taken = false;
  /** Its call has ended, and nobody but its owner will close it. */
  #isHandedOut = false;

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
    const started = now();
    const attempt: AttemptRecord = { request, status, error: undefined, timings: instantTimings(timeOrigin + started) };
    const pairs = init.headers === undefined ? [] : readHeaderChanges(init.headers).pairs;
    const call: CallRecord = { attempts: [attempt] };
    return new StreamResponse(request, status, init.reason ?? '', '1.1', pairs, attempt, call, toResponseBody(init.body ?? null));
  }

  /** The same response with these changes: `headers` are laid over the present ones. A body of its own takes the place of the present one. */
  with(changes: ResponseInit): StreamResponse {
    const pairs = changes.headers === undefined ? this.rawHeaders : applyHeaderChanges(this.rawHeaders, readHeaderChanges(changes.headers));
    const body = changes.body === undefined ? this.body : toResponseBody(changes.body);
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
    copy.encoded = this.encoded;
    copy.resumable = this.resumable;
    if (changes.body === undefined) {
      copy.#whole = this.#whole;
      copy.#taken = this.#taken;
    }
    return copy;
  }

  /**
   * The whole body. It is kept: `bytes()`, `blob()`, `text()` and `json()` may be called again, and by others.
   * @throws {BodyConsumed} it was iterated or closed before.
   * @throws {HttpCoreError} the rest does not arrive whole.
   */
  override bytes(): Promise<OwnBytes> {
    return (this.#own ??= this.read().then(toOwnBytes));
  }

  /**
   * As for every response. One of `stream()` is released then: who wants the body of the error begins to read it at once, in the `catch`; else it is closed in
   * the next turn of the event loop.
   * @throws {HTTPStatusError} the status is 400 or more.
   * @example
   * const response = (await client.stream('GET', url)).raiseForStatus();
   */
  override raiseForStatus(): this {
    if (this.#isHandedOut && this.status >= 400 && !('write' in this.body)) {
      setImmediate(() => {
        if (!this.isTaken) void this.close().catch(() => {});
      });
    }
    return super.raiseForStatus();
  }

  /** @internal Has somebody begun to read it, as a whole or in chunks, or closed it? */
  get isTaken(): boolean {
    return this.#taken || this.#whole !== undefined;
  }

  /** @internal The whole body, on memory that may hold something else beside it. */
  read(): Promise<Uint8Array> {
    if (this.#whole !== undefined) return this.#whole;
    if (this.#taken) return Promise.reject(alreadyTaken(this.request));
    this.#taken = true;
    return (this.#whole = this.body.bytes());
  }

  /** As {@link bytes}, of the type that `Content-Type` says. */
  override async blob(): Promise<Blob> {
    return new Blob([await this.bytes()], { type: this.contentType ?? '' });
  }

  /** As {@link bytes}, decoded like `Response.text()`. */
  override async text(charset?: string): Promise<string> {
    return decodeText(await this.read(), charset?.toLowerCase() ?? charsetOf(this.contentType));
  }

  /**
   * As {@link bytes}, parsed as JSON, and checked by a schema if one is given.
   * @throws {DecodingError} `INVALID_JSON`.
   * @throws {SchemaMismatch} the schema says no.
   */
  override json<T = unknown>(): Promise<T>;
  override json<Output>(schema: StandardSchema<Output>): Promise<Output>;
  override async json(schema?: StandardSchema): Promise<unknown> {
    const value = parseJson(await this.read(), this);
    // Not without `await`: the stack of an error would not lead to the caller.
    return schema === undefined ? value : await matching(value, schema, this.request);
  }

  /**
   * The lines of the body as they come, without what ends them (LF or CRLF), decoded like {@link text}. Leaving the loop early
   * closes the response.
   *
   * @throws {BodyConsumed} the body was read or closed before.
   * @throws {DecodingError} `LINE_TOO_LONG`, while it is read.
   * @example
   * await using response = await client.stream('GET', 'https://example.com/log.ndjson');
   * for await (const line of response.lines()) console.log(JSON.parse(line));
   */
  lines(options: LinesOptions = {}): AsyncIterableIterator<string> {
    return readLines(this, charsetOf(this.contentType), options);
  }

  /**
   * The documents of a body that has one on each line (NDJSON, JSON Lines) as they come, each as {@link json} reads it. Leaving the loop early
   * closes the response.
   *
   * @throws {BodyConsumed} the body was read or closed before.
   * @throws {DecodingError} `INVALID_JSON` and `LINE_TOO_LONG`, while it is read.
   * @example
   * await using response = await client.stream('GET', 'https://example.com/log.ndjson');
   * for await (const entry of response.jsonLines<Entry>({ maxLength: 65_536 })) console.log(entry.level);
   */
  override jsonLines<T = unknown>(options: Pick<LinesOptions, 'maxLength'> = {}): AsyncIterableIterator<T> {
    return readJsonLines(readLines(this, undefined, options), this) as AsyncIterableIterator<T>;
  }

  /**
   * The body as server-sent events; with `reconnect`, over as many responses as it takes. Leaving the loop early ends all of it.
   *
   * While it is read: `HTTPStatusError` or `DecodingError` (`NOT_EVENT_STREAM`) for a response that is no event stream,
   * `EVENT_TOO_LARGE`, and `Aborted`.
   *
   * @throws {InvalidOption} an option is not usable.
   * @example
   * await using response = await client.stream('GET', '/events', { headers: { accept: 'text/event-stream' } });
   * for await (const { event, data } of response.sse({ reconnect: true })) console.log(event, data);
   */
  sse(options: EventsOptions = {}): AsyncIterableIterator<ServerSentEvent> {
    return new EventStream(this, this.resumable?.(), options);
  }

  /**
   * The body as a web stream of `Uint8Array` chunks, read as it is asked for. Cancelling it closes the response.
   * @throws {BodyConsumed} the body was read or closed before.
   */
  toWebStream(): ReadableStream<Uint8Array> {
    return toWebStream(this[Symbol.asyncIterator]());
  }

  /**
   * The body as Node's `Readable`, read as it is asked for. Destroying it closes the response.
   * @throws {BodyConsumed} the body was read or closed before.
   */
  toNodeStream(): Readable {
    return toNodeStream(this[Symbol.asyncIterator]());
  }

  /**
   * Saves the body as a file, which takes its name only when it is whole: there is the old file, or the new one, or none. The
   * response is closed, however it ends.
   *
   * @throws {InvalidOption} an option is not usable.
   * @throws {HTTPStatusError} the status is not 200 to 299; nothing is saved.
   * @throws {DigestMismatch} it does not have the digest that it should have; nothing is saved.
   * @throws {Aborted} by `signal`, or with the call; what the network and the file system say arrives as it is.
   * @example
   * await using response = await client.stream('GET', 'https://example.com/large.iso');
   * await response.saveTo('large.iso', { resume: true, digest: 'sha-256=…', onProgress: ({ received }) => console.log(received) });
   */
  async saveTo(path: string | URL, options: SaveOptions = {}): Promise<SavedFile> {
    return new Download(this, this.resumable?.(), path, options).run();
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
    if (this.#taken) throw alreadyTaken(this.request);
    this.#taken = true;
    return this.body[Symbol.asyncIterator]();
  }

  /** Says that the rest of the body is not wanted, and gives its connection back. Idempotent; never rejects. */
  close(): Promise<void> {
    this.#taken = true;
    return this.body.close();
  }

  /**
   * @internal The same response, which tells `watcher` once its body has been read or closed, or has failed. A body that is here already is
   * over, but may turn out to be wrong: then the end is told again.
   */
  watchedBy(watcher: BodyWatcher): StreamResponse {
    // All of it is here already: whether or not anybody reads it, nothing waits for that.
    if (this.body.trailers !== undefined) {
      watcher.onEnd();
      const faults: BodyWatcher = { onRead() {}, onEnd: (error) => error !== undefined && watcher.onEnd(error) };
      return this.#whole === undefined ? this.with({ body: endingBody(this.body, faults) }) : this;
    }
    if (this.#whole === undefined) {
      const handedOut = this.with({ body: endingBody(this.body, watcher) });
      handedOut.#isHandedOut = true;
      return handedOut;
    }
    // An interceptor has begun to read it as a whole; it stays readable from memory.
    this.#whole.then(
      () => watcher.onEnd(),
      (error: unknown) => watcher.onEnd(error),
    );
    return this;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function* only(chunk: Promise<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  yield await chunk;
}

function alreadyTaken(request: Request): BodyConsumed {
  return about(new BodyConsumed('The body of this response was already read or closed; a streamed body can be read once'), request);
}
