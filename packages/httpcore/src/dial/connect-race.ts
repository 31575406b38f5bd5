/**
 * The race of connection attempts (RFC 8305 §5, "Happy Eyeballs").
 *
 * Attempts start in the order of the addresses, each `attemptDelay` after the one before, or at once when one fails. None is
 * called off because it is slow: all of them run on until the first is connected, which wins; the others are destroyed then.
 * When every one has failed, the race is lost with all the reasons.
 *
 *   start ──▶ running ──first connected──▶ won
 *                │ ─────all failed───────▶ lost
 *                └──────cancel()─────────▶ cancelled
 *
 * It knows no socket and no time but the clock's: what an attempt is, `connect` decides.
 */
import { ConnectError, type ConnectFailure } from '../contract/errors.ts';
import { codeOf, toError } from '../contract/thrown.ts';
import type { Endpoint } from '../net/open-socket.ts';
import type { Clock, Scheduled } from '../time/clock.ts';
import { PatientTimer } from '../time/patient-timer.ts';

/** An attempt under way, to be destroyed when another wins. */
export interface Attempt {
  destroy(): void;
}

/** Told by an attempt, at most one of the two and at most once; never from inside `connect`. */
export interface AttemptOutcome {
  connected(): void;
  failed(error: Error): void;
}

export interface Race<Running extends Attempt> {
  /** What is connected to, for the error: an origin. */
  readonly target: string;
  /** At least one, in the order of preference. */
  readonly endpoints: readonly Endpoint[];
  /** Milliseconds. */
  readonly attemptDelay: number;
  /** Starts an attempt. What it throws counts as the failure of that attempt. */
  connect(endpoint: Endpoint, outcome: AttemptOutcome): Running;
  onAttemptStarted(endpoint: Endpoint): void;
  onAttemptFailed(endpoint: Endpoint, failure: ConnectFailure): void;
  /** It had its head start, and another that began later has won; before that is told. */
  onAttemptOvertaken(endpoint: Endpoint): void;
  /** The race is over; the winner is the caller's from now on. */
  onWon(winner: Running, endpoint: Endpoint): void;
  onLost(error: ConnectError): void;
}

interface Contender<Running> {
  readonly endpoint: Endpoint;
  attempt: Running | undefined;
  error: Error | undefined;
}

/** The most addresses that an error message lists; `attempts` has them all. */
/** Of an attempt whose error has none, as that of a caller's own `lookup` may be. */
const unknownCode = 'UNKNOWN';
const listedFailures = 8;

export class ConnectRace<Running extends Attempt> {
  readonly #race: Race<Running>;
  readonly #clock: Clock;
  /** In the order of their start; those with an error have failed. */
  readonly #contenders: Contender<Running>[] = [];
  #nextStart: Scheduled | undefined;
  #state: 'running' | 'won' | 'lost' | 'cancelled' = 'running';

  constructor(race: Race<Running>, clock: Clock) {
    this.#race = race;
    this.#clock = clock;
  }

  start(): void {
    this.#startNext();
  }

  /** Ends the race without a result: destroys every attempt. Does nothing once it is over. */
  cancel(): void {
    if (!this.#isOver()) this.#end('cancelled', undefined);
  }

  /** Where no answer has come from yet. */
  get pending(): readonly Endpoint[] {
    return this.#contenders.filter(({ error }) => error === undefined).map(({ endpoint }) => endpoint);
  }

  #startNext(): void {
    const endpoint = this.#race.endpoints[this.#contenders.length];
    if (this.#isOver() || endpoint === undefined) return;
    const contender: Contender<Running> = { endpoint, attempt: undefined, error: undefined };
    this.#contenders.push(contender);
    this.#nextStart?.cancel();
    this.#nextStart =
      this.#contenders.length < this.#race.endpoints.length
        ? new PatientTimer(this.#clock, this.#race.attemptDelay, () => this.#startNext())
        : undefined;
    this.#race.onAttemptStarted(endpoint);
    if (this.#isOver()) return;
    try {
      contender.attempt = this.#race.connect(endpoint, {
        connected: () => this.#connected(contender),
        failed: (error) => this.#failed(contender, toError(error)),
      });
    } catch (thrown) {
      this.#failed(contender, toError(thrown));
    }
  }

  #connected(contender: Contender<Running>): void {
    if (this.#isOver() || contender.error !== undefined || contender.attempt === undefined) return;
    this.#end('won', contender);
    for (const other of this.#contenders) {
      if (other === contender) break;
      if (other.error === undefined) this.#race.onAttemptOvertaken(other.endpoint);
    }
    this.#race.onWon(contender.attempt, contender.endpoint);
  }

  #failed(contender: Contender<Running>, error: Error): void {
    if (this.#isOver() || contender.error !== undefined) return;
    contender.error = error;
    this.#race.onAttemptFailed(contender.endpoint, connectFailure(contender.endpoint, error));
    if (this.#isOver()) return;
    if (this.#contenders.length < this.#race.endpoints.length) {
      this.#startNext();
    } else if (this.#contenders.every((each) => each.error !== undefined)) {
      this.#end('lost', undefined);
      this.#race.onLost(this.#defeat());
    }
  }

  /** Looked at again after every call to the outside: it may have cancelled. */
  #isOver(): boolean {
    return this.#state !== 'running';
  }

  #end(state: 'won' | 'lost' | 'cancelled', winner: Contender<Running> | undefined): void {
    this.#state = state;
    this.#nextStart?.cancel();
    for (const contender of this.#contenders) {
      if (contender !== winner && contender.error === undefined) contender.attempt?.destroy();
    }
  }

  #defeat(): ConnectError {
    const errors = this.#contenders.map(({ error }) => error!);
    const attempts = this.#contenders.map(({ endpoint, error }) => connectFailure(endpoint, error!));
    const list = attempts
      .slice(0, listedFailures)
      .map((failure) => `${endpointText(failure)} (${failure.code === unknownCode ? failure.reason : failure.code})`);
    if (attempts.length > listedFailures) list.push(`${attempts.length - listedFailures} more`);
    return new ConnectError(`Could not connect to ${this.#race.target}: ${list.join(', ')}`, {
      phase: 'connect',
      attempts,
      // With the first one's code, as Node has it: `error.cause.code` then works for one address and for several.
      cause: errors.length === 1 ? errors[0] : aggregate(errors),
    });
  }
}

function aggregate(errors: readonly Error[]): AggregateError {
  const { code, errno } = errors[0] as NodeJS.ErrnoException;
  return Object.assign(new AggregateError(errors), code === undefined ? {} : { code, errno });
}

/** `192.0.2.1:80`, `[2001:db8::1]:80` or the path of a socket. */
export function endpointText({ address, port }: Endpoint): string {
  if (port === undefined) return address;
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function connectFailure(endpoint: Endpoint, error: Error): ConnectFailure {
  return { address: endpoint.address, port: endpoint.port, code: codeOf(error) ?? unknownCode, reason: error.message };
}
