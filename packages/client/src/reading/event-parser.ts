/** Bytes of a text/event-stream become events (WHATWG HTML §9.2.6). */
import { createRequire } from 'node:module';

import type * as Library from 'eventsource-parser';

import { DecodingError } from '../errors.ts';

/** One event of a stream. */
export interface ServerSentEvent {
  /** Its type; `message` when the server gave none. */
  readonly event: string;
  readonly data: string;
  /** The last id that the server gave, with this event or an earlier one; empty before the first. */
  readonly id: string;
  /** Milliseconds after which the server wants us back when the stream ends, as it last said; `undefined` while it has not. */
  readonly retry: number | undefined;
}

let loaded: typeof Library | undefined;

/** Loaded by the first event stream; most programs never read one. */
function library(): typeof Library {
  return (loaded ??= createRequire(import.meta.url)('eventsource-parser') as typeof Library);
}

/** One stream has one. What it has learned of ids and of waiting outlives the stream, and is handed to the next. */
export class EventParser {
  lastId = '';
  retry: number | undefined = undefined;
  readonly #maxEventSize: number;
  #text = new TextDecoder();
  #parser: Library.EventSourceParser;
  #events: ServerSentEvent[] = [];
  #isTooLarge = false;

  constructor(maxEventSize: number) {
    this.#maxEventSize = maxEventSize;
    this.#parser = this.#makeParser();
  }

  /**
   * The events that are whole after this chunk. An event whose end never comes is none.
   * @throws {DecodingError} `EVENT_TOO_LARGE`.
   */
  push(chunk: Uint8Array): ServerSentEvent[] {
    this.#parser.feed(this.#text.decode(chunk, { stream: true }));
    if (this.#isTooLarge) {
      throw new DecodingError(`A server-sent event has more than ${this.#maxEventSize} characters`, { code: 'EVENT_TOO_LARGE' });
    }
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Another stream begins. */
  restart(): void {
    this.#text = new TextDecoder();
    this.#parser = this.#makeParser();
  }

  #makeParser(): Library.EventSourceParser {
    return library().createParser({
      onEvent: ({ event = 'message', data, id }) => {
        if (id !== undefined) this.lastId = id;
        this.#events.push({ event, data, id: this.lastId, retry: this.retry });
      },
      onRetry: (milliseconds) => (this.retry = milliseconds),
      onError: ({ type }) => {
        // A field that nobody knows is no error (§9.2.6).
        if (type === 'max-buffer-size-exceeded') this.#isTooLarge = true;
      },
      maxBufferSize: this.#maxEventSize === Infinity ? undefined : this.#maxEventSize,
    });
  }
}
