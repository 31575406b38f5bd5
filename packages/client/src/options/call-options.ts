/** What a single call may say beside its message. `undefined` always means "as the client has it". */
import type { InformationalObserver, TraceObserver } from '@x/httpcore';

import { ownOptions, type OptionNames } from './own-options.ts';
import type { ReadOptions } from './read-options.ts';
import {
  messageNames,
  oneBody,
  type HeadOptions,
  type MessageOptions,
  type NoBodyOptions,
  type OwnMessageOptions,
} from './request-options.ts';
import type { TimeoutInput } from './timeout.ts';

/** Everything about sending it that is no part of it. */
export interface CallOptions extends ReadOptions {
  /** Milliseconds over everything, or limits by phase; laid over the client's. `null` lifts every limit. */
  readonly timeout?: TimeoutInput | undefined;
  /** Aborts this request, beside the client's own signal; `null` leaves the client's out. */
  readonly signal?: AbortSignal | null | undefined;
  /** Sees every step as it happens. */
  readonly trace?: TraceObserver | undefined;
  /** Called for each 1xx response, such as 103 Early Hints. */
  readonly onInformational?: InformationalObserver | undefined;
}

/** Options of `request()`, `stream()`, and the verbs that may have a body. */
export type RequestOptions = MessageOptions & CallOptions;
/** Options of `get()`, `head()` and `options()`. */
export type BodylessRequestOptions = HeadOptions & NoBodyOptions & CallOptions;

const callNames: OptionNames<CallOptions> = Object.freeze({
  timeout: undefined,
  signal: undefined,
  trace: undefined,
  onInformational: undefined,
  decompress: undefined,
  maxResponseBytes: undefined,
});
const requestNames: OptionNames<OwnMessageOptions & CallOptions> = Object.freeze({ ...messageNames, ...callNames });

/** @throws {InvalidOption} an option is unknown, or two of `json`, `form` and `body` are there. */
export function readRequestOptions(options: RequestOptions): OwnMessageOptions & CallOptions {
  return oneBody(ownOptions<OwnMessageOptions & CallOptions>(options, requestNames));
}

/** @throws {InvalidOption} an option is unknown. */
export function readCallOptions(options: CallOptions): CallOptions {
  return ownOptions(options, callNames);
}
