import { NetworkError, toCoreError, type ErrorPhase, type HttpCoreError } from '../contract/errors.ts';
import { textOf } from '../contract/thrown.ts';
import type { Origin } from '../model/origin.ts';

/** What an exchange knows of itself. */
export interface KnownFacts {
  readonly phase: ErrorPhase;
  readonly origin: Origin;
  readonly method: string;
  readonly requestSent: boolean;
  readonly connectionReused: boolean;
}

/** The error as its caller gets it; what was thrown may be no error of ours. */
export function withFactsOf(exchange: KnownFacts, error: HttpCoreError, receivedBytes: number | undefined): HttpCoreError {
  const { phase, origin, method, requestSent, connectionReused } = exchange;
  const facts = { phase, origin: origin.text, method, requestSent, connectionReused, receivedBytes };
  const unexpected = (said: string): HttpCoreError => new NetworkError(`The request failed: ${said}`, { code: 'UNEXPECTED', cause: error });
  try {
    return toCoreError(error, unexpected).withFacts(facts);
  } catch {
    // A class of others that extends ours may do with its properties what it likes.
    return unexpected(textOf(error)).withFacts(facts);
  }
}
