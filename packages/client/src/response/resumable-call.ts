/** Sending the request of a response once more, to go on where a body broke off. */
import { ConnectTimeout, NetworkError, PoolTimeout, ProxyError, ReadTimeout, RemoteProtocolError } from '@x/httpcore';

import type { EncodedChunks } from '../decoding/decoded-body.ts';
import type { HeadersInput } from '../request/fields/header-input.ts';
import type { ResponseHead } from './response-head.ts';

/** A response whose body is still to be read. */
export interface UnreadResponse extends ResponseHead, AsyncIterable<Uint8Array> {
  /** Of a body whose content coding is undone: tells of its chunks before that. */
  readonly encoded?: EncodedChunks | undefined;
  /** Never rejects. */
  close(): Promise<void>;
}

/** The call that a response has come from, made once more: with its signal, and with what is left of its deadline. */
export interface Again {
  /** Of the request as the caller made it. */
  readonly url: string;
  /** With these fields laid over those of the request. `signal` ends it, beside those of the call. */
  send(headers: HeadersInput, signal: AbortSignal): Promise<UnreadResponse>;
  /** @throws {Aborted | DeadlineExceeded} the call is over first. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** An error after which the next attempt may do better: the network's, not one of the caller's or of the call. */
export function isPassingError(error: unknown): error is Error {
  return [NetworkError, ReadTimeout, ConnectTimeout, PoolTimeout, ProxyError, RemoteProtocolError].some((kind) => error instanceof kind);
}

const passingStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A status that says that the next attempt may do better. */
export function isPassingStatus(status: number): boolean {
  return passingStatuses.has(status);
}

/** Milliseconds before the next attempt after so many that failed: doubling, and never the same for two clients. */
export function delayAfter(failures: number, shortest: number, longest: number): number {
  const delay = Math.min(longest, shortest * 2 ** failures);
  return delay * (0.5 + Math.random() / 2);
}
