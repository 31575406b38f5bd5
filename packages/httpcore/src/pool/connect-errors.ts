import { ConnectError, ConnectTimeout } from '../contract/errors.ts';
import type { Origin } from '../model/origin.ts';
import type { PendingDial } from './pending-dial.ts';

export function connectTimeout(origin: Origin, limit: number, { phase, hanging }: PendingDial): ConnectTimeout {
  return new ConnectTimeout(`No connection to ${origin.text} within ${Math.round(limit)} ms: ${hanging}`, { phase, origin: origin.text });
}

/** An error for who waits, and not another dial: the server could do so for ever. */
export function closedEarly(): ConnectError {
  return new ConnectError('The server closed the connection as soon as it was made', { code: 'CONNECTION_CLOSED', phase: 'connect' });
}

/** Something was thrown that is no error of ours. */
export function dialFailure(origin: Origin, said: string, cause: unknown): ConnectError {
  return new ConnectError(`No connection to ${origin.text} could be made: ${said}`, { phase: 'connect', cause });
}
