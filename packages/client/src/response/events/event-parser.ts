/** Bytes of a text/event-stream become events (WHATWG HTML §9.2.6). */
import * as Library from 'eventsource-parser';

import { DecodingError } from '../../errors.ts';
import { EventLines } from './event-lines.ts';

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

// What a line may have beside its value: a name that the format knows, a colon and a space.
const longestName = 'event: '.length;

/**
 * One stream has one. What it has learned of ids and of waiting outlives the stream, and is handed to the next.
 *
 * The library drops an event without data as a whole, but its id counts: so says a server how far we are that has nothing else to
 * say. Ids are read here therefore, and the library gets one line at a time, so that each event has the last id before its end.
 */
export class EventParser {
  lastId = '';
  /** Has a server said anything of ids? An empty one takes the last back. */
  hasId = false;
  retry: number | undefined = undefined;
  readonly #maxEventSize: number;
  #text = new TextDecoder();
  #lines = new EventLines();
  #parser: Library.EventSourceParser;
  /** Becomes the last id when its event is whole. */
  #nextId: string | undefined = undefined;
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
    for (const line of this.#lines.split(this.#text.decode(chunk, { stream: true }))) this.#readLine(line);
    this.#assertShort(this.#lines.pendingLength);
    const events = this.#events;
    this.#events = [];
    return events;
  }

  /** Another stream begins. */
  restart(): void {
    this.#text = new TextDecoder();
    this.#lines = new EventLines();
    this.#parser = this.#makeParser();
    this.#nextId = undefined;
  }

  #takeId(): void {
    if (this.#nextId === undefined) return;
    this.lastId = this.#nextId;
    this.hasId = true;
  }

  #readLine(line: string): void {
    this.#assertShort(line.length);
    if (line === '') this.#takeId();
    else this.#nextId = idOf(line) ?? this.#nextId;
    this.#parser.feed(`${line}\n`);
    if (this.#isTooLarge) throw tooLarge(this.#maxEventSize);
  }

  #assertShort(length: number): void {
    if (length > this.#maxEventSize + longestName) throw tooLarge(this.#maxEventSize);
  }

  #makeParser(): Library.EventSourceParser {
    return Library.createParser({
      onEvent: ({ event = 'message', data }) => this.#events.push({ event, data, id: this.lastId, retry: this.retry }),
      onRetry: (milliseconds) => (this.retry = milliseconds),
      onError: ({ type }) => {
        // A field that nobody knows is no error (§9.2.6).
        if (type === 'max-buffer-size-exceeded') this.#isTooLarge = true;
      },
      maxBufferSize: this.#maxEventSize === Infinity ? undefined : this.#maxEventSize,
    });
  }
}

/** §9.2.6: of an `id` field, unless it holds a NUL; the space after the colon is none of it. */
function idOf(line: string): string | undefined {
  if (line.includes('\0')) return undefined;
  if (line === 'id') return '';
  if (!line.startsWith('id:')) return undefined;
  return line.slice(line.startsWith('id: ') ? 4 : 3);
}

function tooLarge(limit: number): DecodingError {
  return new DecodingError(`A server-sent event has more than ${limit} characters`, { code: 'EVENT_TOO_LARGE' });
}
