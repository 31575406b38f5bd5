/** One request of undici's, carried: from `dispatch` to the last call of its handler, which comes exactly once. */
import type { CarriedBody, CarriedContext, Carry, HeaderPair } from '../carrier/carrier.ts';
import { receiverOf, type AnyUndiciHandler, type Receiver, type Reins } from './handlers.ts';
import { readBody, type SentBody } from '../carrier/sent-body.ts';
import { readHead, type RequestHead, type UndiciDispatchOptions } from './request-head.ts';
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

export class CarriedCall implements Running {
  next: this | undefined = undefined;
  previous: this | undefined = undefined;
  readonly #reins = new CallReins(this);
  readonly #carry: Carry;
  readonly #options: UndiciDispatchOptions;
  readonly #receiver: Receiver;
  readonly #onEnd: (call: CarriedCall, outcome: CallOutcome) => void;
  readonly #controller = new AbortController();
  #limits: SilenceLimits | undefined;
  #ended = false;
  #resume: (() => void) | undefined;
  #body: CarriedBody | undefined;
  #notices: SentNotices | undefined;
  #status: number | undefined;
  #httpVersion: string | undefined;

  /** @throws an `InvalidArgumentError` of undici: it is no handler. */
  constructor(
    carry: Carry,
    options: UndiciDispatchOptions,
    handler: AnyUndiciHandler,
    onEnd: (call: CarriedCall, outcome: CallOutcome) => void,
  ) {
    const receiver = receiverOf(handler, this.#reins);
    if (receiver === undefined) {
      throw undiciError('UND_ERR_INVALID_ARG', 'The handler has neither onRequestStart (undici 7 and later) nor onError (up to undici 6)');
    }
    this.#carry = carry;
    this.#options = options;
    this.#receiver = receiver;
    this.#onEnd = onEnd;
  }

  start(): void {
    let head: RequestHead;
    try {
      head = readHead(this.#options);
      this.#limits = SilenceLimits.of(this.#options, (error) => this.abort(error));
      this.#receiver.started();
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (!this.#ended) void this.#run(head);
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
    this.#end(error);
    this.#controller.abort(error);
    // After its head a response is no longer the signal's.
    this.#body?.close().catch(() => {});
    this.#tellFailure(error);
  }

  async #run(head: RequestHead): Promise<void> {
    try {
      const read = readBody(this.#options.body, head.contentLength);
      const body = read instanceof Promise ? await read : read;
      if (this.#ended) return;
      const { method, url } = head;
      this.#notices = SentNotices.of(this.#receiver.handler);
      const sent = body === null ? null : body.bytes;
      const [httpVersion, status, reason, headers, content] = await this.#carry(
        method,
        url,
        body === null ? head.headers : withContentFields(head, body),
        this.#notices === undefined ? sent : this.#notices.watched(sent),
        this.#limits?.longest,
        this.#context(body !== null),
      );
      this.#httpVersion = httpVersion;
      this.#status = status;
      this.#body = content;
      if (this.#ended) await content.close();
      else if (content.write !== undefined) this.#upgrade(status, headers, content);
      else if (content.trailers !== undefined) await this.#receiveWhole(status, reason, headers, content);
      else await this.#receive(status, reason, headers, content);
    } catch (error) {
      this.#fail(error);
    }
  }

  #context(hasBody: boolean): CarriedContext {
    const { servername, cacheMode } = this.#options;
    const watchesSteps = this.#limits !== undefined || this.#notices !== undefined;
    return {
      signal: this.#controller.signal,
      onInformational: (status, reason, headers) => this.#informed(status, reason, headers),
      trace: watchesSteps ? (step) => this.#onStep(step, hasBody) : undefined,
      servername: servername ?? undefined,
      cacheMode,
    };
  }

  #informed(status: number, reason: string, headers: readonly HeaderPair[]): void {
    if (this.#ended) return;
    try {
      this.#receiver.head(status, reason, headers);
    } catch (error) {
      this.abort(error);
    }
  }

  /** All of it is here: told in one go, as undici does. Whoever pauses it has it none the less. */
  async #receiveWhole(status: number, reason: string, headers: readonly HeaderPair[], body: CarriedBody): Promise<void> {
    const bytes = await body.bytes();
    if (this.#ended) return;
    this.#limits?.onChunk();
    this.#receiver.head(status, reason, headers);
    if (this.#reins.isPaused && !this.#ended) await this.#resumed();
    if (this.#ended) return;
    if (bytes.length > 0) this.#receiver.data(bufferOf(bytes));
    if (this.#reins.isPaused && !this.#ended) await this.#resumed();
    if (this.#ended) return;
    this.#complete(body);
  }

  async #receive(status: number, reason: string, headers: readonly HeaderPair[], body: CarriedBody): Promise<void> {
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
    this.#complete(body);
  }

  async #resumed(): Promise<void> {
    this.#limits?.onPause();
    await new Promise<void>((resolve) => {
      this.#resume = resolve;
    });
    this.#limits?.onChunk();
  }

  /** Who throws at the end, as undici's retries do, has not ended well: he is told so, as by undici. */
  #complete({ trailers = [] }: CarriedBody): void {
    this.#end(undefined);
    try {
      this.#receiver.ended(trailers);
    } catch (mistake) {
      this.#tellFailure(toUndiciError(mistake));
    }
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
    this.#end(error);
    // Whatever still runs, such as after a handler that threw.
    this.#controller.abort(error);
    this.#body?.close().catch(() => {});
    this.#tellFailure(error);
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
    this.#reins.letGo();
    this.#limits?.end();
    this.#onEnd(this, { generation: this.#receiver.generation, status: this.#status, httpVersion: this.#httpVersion, error });
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

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
