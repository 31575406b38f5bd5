/**
 * RFC 9112 §4, looked at before llhttp reads it. llhttp 9.3 takes CR CR for the line's end, so that what one reader calls a
 * header is part of the reason to another, and it lets every control character into the reason, which ends up in logs.
 */
import { RemoteProtocolError } from '../../contract/errors.ts';

export class StatusLineCheck {
  readonly #lenient: boolean;
  #state: 'start' | 'line' | 'return' | 'over' = 'start';

  /** `lenient`: the line may end in a bare LF. */
  constructor(lenient: boolean) {
    this.#lenient = lenient;
  }

  get over(): boolean {
    return this.#state === 'over';
  }

  restart(): void {
    this.#state = 'start';
  }

  /**
   * Looks at what `chunk[start, end)` has of the line.
   * @throws {RemoteProtocolError} `INVALID_RESPONSE`.
   */
  check(chunk: Uint8Array, start: number, end: number): void {
    let state = this.#state;
    for (let index = start; index < end && state !== 'over'; index += 1) {
      const byte = chunk[index]!;
      if (state === 'start') {
        if (byte !== 0x48) throw invalid('The response does not begin with an HTTP version');
        state = 'line';
      } else if (byte === 0x0a) {
        if (state === 'line' && !this.#lenient) throw invalid('The status line ends without CR');
        state = 'over';
      } else if (state === 'return') {
        throw invalid('The status line has a CR that does not end it');
      } else if (byte === 0x0d) {
        state = 'return';
      } else if ((byte < 0x20 && byte !== 0x09) || byte === 0x7f) {
        throw invalid('The status line has a control character');
      }
    }
    this.#state = state;
  }
}

function invalid(message: string): RemoteProtocolError {
  return new RemoteProtocolError(message, { code: 'INVALID_RESPONSE' });
}
