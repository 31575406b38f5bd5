/**
 * What the peer can do wrong, in the two sizes of RFC 9113 §5.4. Both become `RemoteProtocolError`s whose code is `H2_` and
 * the name of the error code that we send.
 */
import { ReadError, RemoteProtocolError, type HttpCoreError } from '../../contract/errors.ts';
import { ErrorCode, errorName } from './constants.ts';

/**
 * Ends the connection. Thrown from wherever the fault is found and caught once, where bytes enter the engine: it never
 * leaves the engine.
 */
export class ConnectionFault extends Error {
  override readonly name = 'ConnectionFault';
  readonly errorCode: number;

  constructor(errorCode: number, message: string) {
    super(message);
    this.errorCode = errorCode;
  }
}

/** Why the peer closes the connection, by its own word. */
export interface GoAway {
  readonly errorCode: number;
  /** Printable ASCII; often empty. */
  readonly debugText: string;
}

/** For messages: `GOAWAY ENHANCE_YOUR_CALM: "too_many_pings"`. */
export function goAwayText({ errorCode, debugText }: GoAway): string {
  const name = `GOAWAY ${errorName(errorCode)}`;
  return debugText === '' ? name : `${name}: ${JSON.stringify(debugText)}`;
}

/** The peer broke the protocol, by our judgement or by its own. */
export function remoteError(errorCode: number, message: string, cause?: Error): RemoteProtocolError {
  return new RemoteProtocolError(message, { code: `H2_${errorName(errorCode)}`, cause });
}

/** The connection ended in order, or was gone: unlike a refusal, that says nothing about the next one. */
export function isRetirement({ code }: HttpCoreError): boolean {
  return code === 'H2_NO_ERROR' || !code.startsWith('H2_');
}

/** The transport has ended. That comes right behind what the peer said of it, and says less. */
export function closedBy(said: GoAway | null, what: string, cause?: Error): HttpCoreError {
  const code = cause === undefined ? 'CONNECTION_CLOSED' : undefined;
  if (said === null) return new ReadError(what, { code, cause });
  const message = `${what} (${goAwayText(said)})`;
  return said.errorCode === ErrorCode.NO_ERROR ? new ReadError(message, { code, cause }) : remoteError(said.errorCode, message, cause);
}
