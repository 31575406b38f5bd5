/** What the guards of this folder fail a request with. Nothing was sent, so none of them says anything of the server. */
import { ClientError } from '../errors.ts';

interface GuardErrorInit {
  readonly key: string;
  /** Milliseconds. */
  readonly retryIn?: number | undefined;
}

/** A request that was not sent, to spare the server or this program. */
export class NotSent extends ClientError {
  override readonly name: string = 'NotSent';
  /** What the guard counts by: an origin, or what its `by` gave. */
  readonly key: string;
  /** Milliseconds after which it is worth another try, where that is known. */
  readonly retryIn: number | undefined;

  constructor(message: string, { key, retryIn }: GuardErrorInit, code: string) {
    super(message, undefined, code);
    this.key = key;
    this.retryIn = retryIn;
  }
}

/** A circuit breaker is open (`CIRCUIT_OPEN`): too much of what was sent failed, and the server is left alone. */
export class CircuitOpen extends NotSent {
  override readonly name = 'CircuitOpen';

  constructor(message: string, init: GuardErrorInit) {
    super(message, init, 'CIRCUIT_OPEN');
  }
}

/** The turn of the request under a rate limit would come after its deadline, or after `maxWait` (`RATE_LIMITED`). */
export class RateLimited extends NotSent {
  override readonly name = 'RateLimited';

  constructor(message: string, init: GuardErrorInit) {
    super(message, init, 'RATE_LIMITED');
  }
}

/** More requests wait for their turn than may (`OVERLOADED`). */
export class Overloaded extends NotSent {
  override readonly name = 'Overloaded';

  constructor(message: string, init: GuardErrorInit) {
    super(message, init, 'OVERLOADED');
  }
}
