/** Warnings of responses that were dropped unread: the first few of a minute one by one, the rest by their number. */
import { setTimeout } from '../time/platform.ts';

/** In a minute. */
const mostNamed = 10;
const minute = 60_000;

/** Calls once after so many milliseconds, and keeps no process running. */
export type Schedule = (callback: () => void, milliseconds: number) => void;

export class DroppedResponses {
  readonly #warn: (message: string) => void;
  readonly #schedule: Schedule;
  /** Since the minute began. */
  #count = 0;

  constructor(warn: (message: string) => void, schedule: Schedule) {
    this.#warn = warn;
    this.#schedule = schedule;
  }

  /** Told as warnings of the process. */
  static ofProcess(): DroppedResponses {
    return new DroppedResponses(
      (message) => process.emitWarning(message, { type: 'UnreadResponseWarning', code: 'UNREAD_RESPONSE' }),
      (callback, milliseconds) => void setTimeout(callback, milliseconds).unref(),
    );
  }

  /** `shown`: the request; not asked for where it is not named. */
  onDropped(shown: () => string): void {
    this.#count += 1;
    if (this.#count === 1) this.#schedule(this.#onMinute, minute);
    if (this.#count > mostNamed) return;
    const last = this.#count === mostNamed ? '. Further ones are counted, and told of once a minute' : '';
    this.#warn(
      `The response to ${shown()} was dropped before its body had been read to the end, and held a connection until now. ` +
        `Read it, close it, or let "await using" close it${last}`,
    );
  }

  readonly #onMinute = (): void => {
    const more = this.#count - mostNamed;
    this.#count = 0;
    if (more <= 0) return;
    this.#warn(
      `${more} more ${more === 1 ? 'response was' : 'responses were'} dropped in the last minute before the body had been read to the end. ` +
        'Read them, close them, or let "await using" close them',
    );
  };
}
