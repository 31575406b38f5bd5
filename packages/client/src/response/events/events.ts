/** Server-sent events (WHATWG HTML §9.2), out of one response or out of as many as it takes. */
import { Aborted } from '@x/httpcore';

import { DecodingError, InvalidOption } from '../../errors.ts';
import { about } from '../../request/about.ts';
import { findHeader, isFieldValue, type HeadersInput } from '../../request/fields/header-input.ts';
import { HTTPStatusError } from '../any-response.ts';
import { mediaType } from '../../request/fields/media-type.ts';
import { ownOptions, type OptionNames } from '../../options/own-options.ts';
import { now } from '../../time/platform.ts';
import { backoffDelay, isPassingError, isPassingStatus } from '../passing.ts';
import type { ResumableCall } from '../resumable-call.ts';
import type { UnreadResponse } from '../unread-response.ts';
import { EventParser, type ServerSentEvent } from './event-parser.ts';
import { Listening } from './listening.ts';

/** How often, and after what waits, a stream of events is asked for again. Milliseconds. */
export interface ReconnectOptions {
  /** Milliseconds before the next attempt, while the server has said nothing of it. Default 3,000. */
  readonly delay?: number | undefined;
  /** Milliseconds; the wait doubles with each failure in a row, up to this. Default 30,000. */
  readonly maxDelay?: number | undefined;
  /** Failures in a row after which the last one is told. Default: no limit. */
  readonly maxFailures?: number | undefined;
}

/** What `sse()` may be told: limits, and whether it comes back after a break. */
export interface EventsOptions {
  /** The largest event, in characters; `EVENT_TOO_LARGE` past it. Default 1,048,576. `Infinity` for no limit. */
  readonly maxEventSize?: number | undefined;
  /**
   * When the stream ends or breaks, sends the request again, with `Last-Event-ID`, after the time that the server asks for; until
   * it answers 204, or with a status that will not pass. Default `false`.
   */
  readonly reconnect?: boolean | ReconnectOptions | null | undefined;
  /** Ends the stream with `Aborted`. */
  readonly signal?: AbortSignal | undefined;
}

const optionNames: OptionNames<EventsOptions> = Object.freeze({ maxEventSize: undefined, reconnect: undefined, signal: undefined });
const reconnectNames: OptionNames<ReconnectOptions> = Object.freeze({ delay: undefined, maxDelay: undefined, maxFailures: undefined });
const defaultMaxEventSize = 1024 * 1024;
// More, and a timer of Node's fires at once.
const longestWait = 0x7fff_ffff;
// Ten requests a second are as many as a server can ask for (`retry: 0`).
const shortestRetry = 100;
// A stream that brings nothing and ends sooner has not done its work, and the next one waits longer.
const shortestStream = 1_000;

interface Reconnecting {
  readonly again: ResumableCall;
  readonly delay: number;
  readonly maxDelay: number;
  readonly maxFailures: number;
}

/**
 * The events, one after the other, over as many responses as it takes. Leaving the loop early ends all of it, in whatever it was
 * doing: reading, waiting, or asking again.
 */
export class EventStream implements AsyncIterableIterator<ServerSentEvent> {
  readonly #parser: EventParser;
  readonly #reconnecting: Reconnecting | undefined;
  readonly #stop = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #listening: Listening | undefined;
  /** Calls of `next()` that are under way. */
  #reads = 0;
  /** The response is over, or all of it is here: outside of `next()` there is nothing that could be ended. */
  #hasArrived: boolean;
  #response: UnreadResponse;
  #chunks: AsyncIterator<Uint8Array> | undefined = undefined;
  #events: ServerSentEvent[] = [];
  /** Failures to get a stream, in a row. */
  #failures = 0;
  /** Those, and streams that ended at once with nothing. */
  #vain = 0;
  #begun = now();
  #hasEvents = false;
  /** Has another response taken the place of the first? */
  #asked = false;
  #ended = false;

  /** @throws {InvalidOption} */
  constructor(response: UnreadResponse, again: ResumableCall | undefined, options: EventsOptions) {
    const own = ownOptions(options, optionNames, 'sse');
    this.#response = response;
    this.#parser = new EventParser(atLeast('maxEventSize', 1, own.maxEventSize, defaultMaxEventSize));
    this.#reconnecting = readReconnecting(own.reconnect, again);
    this.#signal = own.signal;
    this.#listening = own.signal === undefined ? undefined : new Listening(own.signal, this.#abort);
    this.#hasArrived = response.trailers !== undefined;
    if (this.#hasArrived) return;
    this.#listening?.start();
    if (this.#listening !== undefined) again?.whenOver(this.#onOver);
  }

  /** @throws {DecodingError | HTTPStatusError | Aborted} besides what reading a body and sending a request throws. */
  async next(): Promise<IteratorResult<ServerSentEvent, undefined>> {
    this.#reads += 1;
    try {
      if (this.#signal?.aborted === true) this.#abort();
      else if (!this.#ended) this.#listening?.start();
      while (this.#events.length === 0) {
        if (this.#isOver()) return { done: true, value: undefined };
        await this.#advance();
      }
      return { done: false, value: this.#events.shift()! };
    } catch (error) {
      // What a read that was ended from outside says of it is no news.
      if (this.#ended) return { done: true, value: undefined };
      await this.return();
      throw about(error, this.#response.request);
    } finally {
      this.#reads -= 1;
      if (this.#hasArrived) this.#rest();
    }
  }

  async return(): Promise<IteratorResult<ServerSentEvent, undefined>> {
    this.#ended = true;
    this.#events = [];
    this.#listening?.stop();
    this.#stop.abort();
    await this.#response.close();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  readonly #abort = (): void => {
    this.#stop.abort(this.#signal?.reason);
    void this.#response.close();
  };

  readonly #onOver = (): void => {
    // One that takes the place of the first is seen by nobody else.
    if (this.#asked) return;
    this.#hasArrived = true;
    this.#rest();
  };

  #rest(): void {
    if (this.#reads === 0) this.#listening?.stop();
  }

  #isOver(): boolean {
    if (this.#ended) return true;
    if (this.#stop.signal.aborted)
      throw new Aborted('The event stream was aborted', { cause: this.#stop.signal.reason, phase: 'response-body' });
    return false;
  }

  async #advance(): Promise<void> {
    // §9.2.5: how a server says that there will be no more.
    if (this.#response.status === 204) {
      await this.return();
      return;
    }
    try {
      this.#chunks ??= this.#open();
      const result = await this.#chunks.next();
      if (this.#isOver()) return;
      if (result.done !== true) {
        this.#events = this.#parser.push(result.value);
        if (this.#events.length > 0) this.#hasEvents = true;
        return;
      }
    } catch (error) {
      if (this.#isOver() || this.#reconnecting === undefined || !isPassingError(error)) throw error;
    }
    if (this.#reconnecting === undefined) await this.return();
    else await this.#reconnect(this.#reconnecting);
  }

  async #reconnect({ again, delay, maxDelay, maxFailures }: Reconnecting): Promise<void> {
    if (this.#hasEvents || now() - this.#begun >= shortestStream) this.#vain = 0;
    for (; ; this.#vain += 1) {
      const asked = this.#parser.retry;
      const shortest = asked === undefined ? delay : Math.max(asked, Math.min(shortestRetry, maxDelay));
      const wait = this.#vain === 0 ? shortest : backoffDelay(this.#vain, shortest, Math.max(shortest, maxDelay));
      await again.wait(Math.min(wait, longestWait), this.#stop.signal);
      const failure = await this.#ask(again);
      if (failure === undefined) break;
      this.#failures += 1;
      if (this.#failures >= maxFailures) throw failure;
    }
    // Until it proves to be more.
    this.#vain += 1;
  }

  /** Gives what failed and may do better the next time. */
  async #ask(again: ResumableCall): Promise<Error | undefined> {
    try {
      this.#response = await again.send(lastEventId(this.#parser), this.#stop.signal);
      this.#asked = true;
      this.#hasArrived = this.#response.trailers !== undefined;
    } catch (error) {
      if (!isPassingError(error)) throw error;
      return error;
    }
    if (this.#stop.signal.aborted) await this.#response.close();
    if (this.#isOver()) return undefined;
    if (isPassingStatus(this.#response.status)) {
      await this.#response.close();
      return new HTTPStatusError(this.#response);
    }
    this.#parser.restart();
    this.#failures = 0;
    this.#begun = now();
    this.#hasEvents = false;
    this.#chunks = undefined;
    return undefined;
  }

  /** @throws {HTTPStatusError | DecodingError} it is no event stream. */
  #open(): AsyncIterator<Uint8Array> {
    const response = this.#response;
    if (!response.ok) throw new HTTPStatusError(response);
    const type = findHeader(response.rawHeaders, 'content-type') ?? '';
    if (mediaType(type)?.essence !== 'text/event-stream') {
      throw new DecodingError('The response is no event stream: its Content-Type is not text/event-stream', { code: 'NOT_EVENT_STREAM' });
    }
    return response[Symbol.asyncIterator]();
  }
}

function readReconnecting(input: EventsOptions['reconnect'], again: ResumableCall | undefined): Reconnecting | undefined {
  if (input === undefined || input === null || input === false) return undefined;
  const own = ownOptions<ReconnectOptions>(input === true ? {} : input, reconnectNames, 'reconnect');
  if (again === undefined) throw new InvalidOption('reconnect', 'needs a response that client.stream() has given');
  return {
    again,
    delay: atLeast('reconnect.delay', 0, own.delay, 3_000),
    maxDelay: atLeast('reconnect.maxDelay', 0, own.maxDelay, 30_000),
    maxFailures: atLeast('reconnect.maxFailures', 1, own.maxFailures, Infinity),
  };
}

function atLeast(option: string, least: number, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !(value >= least)) throw new InvalidOption(option, `must be a number of at least ${least}`);
  return value;
}

/** §9.2.3: as UTF-8. That of the caller stands until a server has given one. An id that no header may hold is one that we can not send. */
function lastEventId({ lastId, hasId }: EventParser): HeadersInput {
  if (!hasId) return {};
  const text = Buffer.from(lastId, 'utf8').toString('latin1');
  return { 'last-event-id': lastId === '' || !isFieldValue(text) ? null : text };
}
