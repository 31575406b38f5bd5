import { Aborted, ConnectError, toCoreError, type ErrorPhase, type HttpCoreError } from '../contract/errors.ts';
import type { Origin } from '../model/origin.ts';

/** An error for who waits, and not another dial: the server could do so for ever. */
export function closedEarly(): ConnectError {
  return new ConnectError('The server closed the connection as soon as it was made', { code: 'CONNECTION_CLOSED', phase: 'connect' });
}

/** Why a dial has failed; what was thrown may be no error of ours. */
export function dialFailure(origin: Origin, thrown: unknown): HttpCoreError {
  return toCoreError(
    thrown,
    (said) => new ConnectError(`No connection to ${origin.text} could be made: ${said}`, { phase: 'connect', cause: thrown }),
  );
}

/** The pool ends, and nobody waits for it. */
export function closedWhileConnecting(phase: ErrorPhase): Aborted {
  return new Aborted('The pool was closed while it connected', { phase });
}
