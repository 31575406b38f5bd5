import { ConnectError } from '../contract/errors.ts';
import type { Origin } from '../model/origin.ts';

/** An error for who waits, and not another dial: the server could do so for ever. */
export function closedEarly(): ConnectError {
  return new ConnectError('The server closed the connection as soon as it was made', { code: 'CONNECTION_CLOSED', phase: 'connect' });
}

/** Something was thrown that is no error of ours. */
export function dialFailure(origin: Origin, said: string, cause: unknown): ConnectError {
  return new ConnectError(`No connection to ${origin.text} could be made: ${said}`, { phase: 'connect', cause });
}
