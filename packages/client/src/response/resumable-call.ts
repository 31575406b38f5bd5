/** Sending the request of a response once more, to go on where a body broke off. */
import type { HeadersInput } from '../request/fields/header-input.ts';
import type { UnreadResponse } from './unread-response.ts';

/** The call that a response has come from, made once more: with its signal, and with what is left of its deadline. */
export interface ResumableCall {
  /** Of the request as the caller made it. */
  readonly url: string;
  readonly method: string;
  /** Calls once the response has been read or closed, or has failed: by its reader, or with its client. */
  whenOver(callback: () => void): void;
  /** With these fields laid over those of the request. `signal` ends it, beside those of the call. */
  send(headers: HeadersInput, signal: AbortSignal): Promise<UnreadResponse>;
  /** @throws {Aborted | DeadlineExceeded} the call is over first. */
  wait(milliseconds: number, signal: AbortSignal): Promise<void>;
}
