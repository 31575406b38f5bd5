/** One request of undici's, carried: from `dispatch` to the last call of its handler, which comes exactly once. */
import type { CarriedBody, CarriedResponse, HeaderPair, InterimObserver, OpenContext, Opened } from '../carrier/carrier.ts';
import { lastAnswer } from '../carrier/carrier.ts';
import type { Open } from '../carrier/open.ts';
import { receiverOf, type AnyUndiciHandler, type Receiver, type Reins } from './handlers.ts';
import { readBody, type SentBody } from '../carrier/sent-body.ts';
import type { HeadReader, RequestHead, UndiciDispatchOptions } from './request-head.ts';
import type { Running } from './running-calls.ts';
import { SentNotices } from './sent-notices.ts';
import { SilenceLimits } from './silence-limits.ts';
import { toUndiciError, undiciError } from './undici-errors.ts';
import { UpgradedSocket } from './upgraded-socket.ts';

/** Of a call that has ended. */
export interface CallOutcome {
  readonly generation: Receiver['generation'];
  readonly status: number | undefined;
  readonly httpVersion: string | undefined;
  readonly error: Error | undefined;
}

/**
 * What the handler holds of its call, and nothing of it once that is over. Undici keeps what it can abort a request with for as long as the
 * response of its fetch, and that until a full collection: what hung on it would be copied by each small one before.
 */
class CallReins implements Reins {
  isPaused = false;
  #call: CarriedCall | undefined;

  constructor(call: CarriedCall) {
    this.#call = call;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    if (!this.isPaused) return;
    this.isPaused = false;
    this.#call?.onResume();
  }

  abort(reason?: unknown): void {
    this.#call?.abort(reason);
  }

  letGo(): void {
    this.#call = undefined;
  }
}

export class CarriedCall implements Running, InterimObserver {
  next: this | undefined = undefined;
  previous: this | undefined = undefined;
  readonly #reins = new CallReins(this);
  readonly #open: Open;
  readonly #heads: HeadReader;
  readonly #options: UndiciDispatchOptions;
  readonly #receiver: Receiver;
  readonly #onEnd: (call: CarriedCall, error: Error | undefined) => void;
  /** What carries it, once that was asked. */
  #opened: Opened | undefined;
  #limits: SilenceLimits | undefined;
  #ended = false;
  #resume: (() => void) | undefined;
  #body: CarriedBody | undefined;
  #notices: SentNotices | undefined;
  #status: number | undefined;
  #httpVersion: string | undefined;

  /** @throws an `InvalidArgumentError` of undici: it is no handler. */
  constructor(
    open: Open,
    heads: HeadReader,
    options: UndiciDispatchOptions,
    handler: AnyUndiciHandler,
    onEnd: (call: CarriedCall, error: Error | undefined) => void,
  ) {
    const receiver = receiverOf(handler, this.#reins);
    if (receiver === undefined) {
      throw undiciError('UND_ERR_INVALID_ARG', 'The handler has neither onRequestStart (undici 7 and later) nor onError (up to undici 6)');
    }
    this.#open = open;
    this.#heads = heads;
    this.#options = options;
    this.#receiver = receiver;
    this.#onEnd = onEnd;
  }

  start(): void {
    let head: RequestHead;
    try {
      head = this.#heads.read(this.#options);
      this.#limits = SilenceLimits.of(this.#options, (error) => this.abort(error));
      this.#receiver.started();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!this.#ended) this.#run(head);
  }

  // From the handler

  onResume(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  abort(reason?: unknown): void {
    if (this.#ended) return;
    const error = reason instanceof Error ? reason : undiciError('UND_ERR_ABORTED', 'Request aborted', reason);
    this.#stop(error);
    this.#tellFailure(error);
  }

  #run(head: RequestHead): void {
    try {
      const body = readBody(this.#options.body, head.contentLength);
      if (body instanceof Promise) void this.#sendOnce(body, head);
      else this.#send(head, body);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #sendOnce(body: Promise<SentBody>, head: RequestHead): Promise<void> {
    try {
      this.#send(head, await body);
    } catch (error) {
      this.#fail(error);
    }
  }

  // No function here is `async` but where it waits for what is not here yet: each is a promise, and more, for every request.
  #send(head: RequestHead, body: SentBody | null): void {
    if (this.#ended) return;
    this.#notices = SentNotices.of(this.#receiver.handler);
    const sent = body === null ? null : body.bytes;
    const opened = this.#open(
      head.method,
      head.url,
      body === null ? head.headers : withContentFields(head, body),
      this.#notices === undefined ? sent : this.#notices.watched(sent),
      this.#limits?.longest,
      this.#context(body !== null),
      this,
    );
    this.#opened = opened;
    this.#await(opened, opened.response);
  }

  /** What comes is told in the async context of who has made the call, in which its promise is waited for. */
  #await(opened: Opened, head: Opened['response']): void {
    head.then(
      (answer) => {
        if (answer[0] !== null) return this.#onResponse(opened.received === undefined ? answer : opened.received(answer));
        this.onInterim(answer[1], answer[2], answer[3]);
        return this.#await(opened, answer[4]);
      },
      (error: unknown) => this.#onFailure(opened.failed === undefined ? error : opened.failed(error)),
    );
  }

  #onFailure(error: unknown): void {
    try {
      this.#onResponse(lastAnswer(error));
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #onResponse([httpVersion, status, reason, headers, content]: CarriedResponse): void {
    this.#httpVersion = httpVersion;
    this.#status = status;
    this.#body = content;
    try {
      if (this.#ended) content.close().catch(() => {});
      else if (content.write !== undefined) this.#upgrade(status, headers, content);
      else if (content.trailers === undefined) void this.#receive(status, reason, headers, content);
      else {
        const whole = content.takeWhole?.();
        if (whole === undefined) this.#awaitWhole(status, reason, headers, content);
        else this.#receiveWhole(status, reason, headers, whole);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Nothing, where there is nothing to say: the carrier takes a context of its own for each that it is given. */
  #context(hasBody: boolean): OpenContext | undefined {
    const { servername, cacheMode } = this.#options;
    const watchesSteps = this.#limits !== undefined || this.#notices !== undefined;
    if (!watchesSteps && cacheMode === undefined && (servername === undefined || servername === null)) return undefined;
    return {
      trace: watchesSteps ? (step) => this.#onStep(step, hasBody) : undefined,
      servername: servername ?? undefined,
      cacheMode,
    };
  }

  onInterim(status: number, reason: string, headers: readonly HeaderPair[]): void {
    if (this.#ended) return;
    try {
      this.#receiver.head(status, reason, headers);
    } catch (error) {
      this.abort(error);
    }
  }

  #awaitWhole(status: number, reason: string, headers: readonly HeaderPair[], body: CarriedBody): void {
    body.bytes().then(
      (bytes) => {
        try {
          this.#receiveWhole(status, reason, headers, bytes);
        } catch (error) {
          this.#fail(error);
        }
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** All of it is here: told in one go, as undici does. Whoever pauses it has it none the less. */
  #receiveWhole(status: number, reason: string, headers: readonly HeaderPair[], bytes: Uint8Array): void {
    if (this.#ended) return;
    this.#limits?.onChunk();
    this.#receiver.head(status, reason, headers);
    const chunk = bytes.length === 0 ? undefined : bufferOf(bytes);
    if (this.#reins.isPaused) {
      void this.#receiveRest(chunk);
      return;
    }
    if (this.#ended) return;
    if (chunk !== undefined) this.#receiver.data(chunk);
    if (this.#reins.isPaused) void this.#receiveRest(undefined);
    else this.#complete();
  }

  /** What is left to be told after a pause. */
  async #receiveRest(chunk: Buffer | undefined): Promise<void> {
    try {
      if (!this.#ended) await this.#resumed();
      if (this.#ended) return;
      if (chunk !== undefined) this.#receiver.data(chunk);
      if (this.#reins.isPaused && !this.#ended) await this.#resumed();
      this.#complete();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #receive(status: number, reason: string, headers: readonly HeaderPair[], body: CarriedBody): Promise<void> {
    try {
      this.#limits?.onChunk();
      this.#receiver.head(status, reason, headers);
      const chunks = body[Symbol.asyncIterator]();
      for (;;) {
        if (this.#reins.isPaused && !this.#ended) await this.#resumed();
        if (this.#ended) return;
        const { done, value } = await chunks.next();
        if (this.#ended) return;
        if (done === true) break;
        this.#limits?.onChunk();
        // An empty one would end the stream that it is pushed to.
        if (value.length > 0) this.#receiver.data(bufferOf(value));
      }
      this.#complete();
    } catch (error) {
      this.#fail(error);
    }
  }

  async #resumed(): Promise<void> {
    this.#limits?.onPause();
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    this.#limits?.onChunk();
  }

  /** Who throws at the end, as undici's retries do, has not ended well: he is told so, as by undici. */
  #complete(): void {
    if (this.#ended) return;
    const trailers = this.#body?.trailers ?? [];
    this.#end(undefined);
    try {
      this.#receiver.ended(trailers);
    } catch (mistake) {
      this.#tellFailure(toUndiciError(mistake));
    }
  }

  /** For who is told of calls that have ended. */
  outcome(error: Error | undefined): CallOutcome {
    return { generation: this.#receiver.generation, status: this.#status, httpVersion: this.#httpVersion, error };
  }

  #upgrade(status: number, headers: readonly HeaderPair[], body: CarriedBody): void {
    const socket = new UpgradedSocket(body);
    try {
      this.#receiver.upgraded(status, headers, socket);
    } catch (error) {
      socket.on('error', () => {}).destroy();
      throw error;
    }
    this.#end(undefined);
  }

  #onStep(step: string, hasBody: boolean): void {
    this.#limits?.onStep(step, hasBody);
    if (this.#notices === undefined || this.#ended || step !== (hasBody ? 'body-sent' : 'head-sent')) return;
    try {
      this.#notices.onSent();
    } catch (error) {
      this.abort(error);
    }
  }

  #fail(cause: unknown): void {
    if (this.#ended) return;
    const error = toUndiciError(cause);
    this.#stop(error);
    this.#tellFailure(error);
  }

  /** Ends whatever still runs, such as after a handler that threw. */
  #stop(error: Error): void {
    const opened = this.#opened;
    const body = this.#body;
    this.#end(error);
    opened?.abort(error);
    body?.close().catch(() => {});
  }

  #tellFailure(error: Error): void {
    try {
      this.#receiver.failed(error);
    } catch (mistake) {
      // There is nobody left to be told but the process.
      queueMicrotask(() => {
        throw mistake;
      });
    }
  }

  #end(error: Error | undefined): void {
    this.#ended = true;
    this.#opened = undefined;
    this.#reins.letGo();
    this.#limits?.end();
    this.#onEnd(this, error);
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }
}

function withContentFields({ headers, contentLength, contentType }: RequestHead, body: SentBody): readonly HeaderPair[] {
  const added: HeaderPair[] = [];
  if (contentType === undefined && body.contentType !== undefined) added.push(['content-type', body.contentType]);
  if (contentLength === undefined && body.contentLength !== undefined) added.push(['content-length', String(body.contentLength)]);
  return added.length === 0 ? headers : [...headers, ...added];
}

/** V8 keeps the octets of arrays up to this size within them: a view would move them to memory of their own first, which costs more than to copy them. */
const largestWithin = 64;

function bufferOf(bytes: Uint8Array): Buffer {
  return bytes.length <= largestWithin ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
