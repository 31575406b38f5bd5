import type { HeaderPair } from '../contract/values.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import { PatientTimer } from '../time/patient-timer.ts';

/** Does the request ask whether its body is wanted? (RFC 9110 §10.1.1) */
export function expectsContinue(headers: readonly HeaderPair[]): boolean {
  for (const [name, value] of headers) {
    if (name.length === 6 && name.toLowerCase() === 'expect') return value.trim().toLowerCase() === '100-continue';
  }
  return false;
}

/** A request body that is held back until the server says go on, or has said nothing for long enough. */
export class WithheldBody {
  readonly #send: () => void;
  readonly #timer: Scheduled;
  #isWithheld = true;

  constructor(clock: Clock, timeout: number, send: () => void) {
    this.#send = send;
    this.#timer = new PatientTimer(clock, timeout, () => this.release());
  }

  /** Sends it. Returns false when it was sent or given up before. */
  release(): boolean {
    if (!this.giveUp()) return false;
    this.#send();
    return true;
  }

  /** A final answer came, or the connection ended: the body is not sent. */
  giveUp(): boolean {
    if (!this.#isWithheld) return false;
    this.#isWithheld = false;
    this.#timer.cancel();
    return true;
  }
}
