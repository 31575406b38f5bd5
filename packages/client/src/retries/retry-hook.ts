/** Who is told of what is sent again. */
import { InvalidOption } from '../errors.ts';
import type { CallContext } from '../call/context.ts';
import type { Request } from '../request/request.ts';
import type { AnyResponse } from '../response/any-response.ts';

/** What is about to be sent again, and why. */
export interface RetryEvent {
  /** What will be sent. */
  readonly request: Request;
  /** What came, and was not wanted; `undefined` when nothing came. Its body is not to be read. */
  readonly response: AnyResponse | undefined;
  /** What the attempt failed with; `undefined` when a response came. */
  readonly error: unknown;
  /** Counts from 1. */
  readonly retry: number;
  /** Milliseconds until it is sent. */
  readonly delay: number;
}

/** Called before the wait. What it throws, or rejects with, ends the call. */
export type RetryHook = (event: RetryEvent, context: CallContext) => void | Promise<void>;

/** Who is told before something is sent again. */
export interface RetryHookOptions {
  /**
   * Told of each request that is about to be sent again; that of a call takes the place of the client's.
   * @example
   * const client = new Client({ retries: 3, onRetry: ({ retry, error, delay }) => log.warn({ retry, error, delay }) });
   */
  readonly onRetry?: RetryHook | null | undefined;
}

/** @throws {InvalidOption} it is no function. */
export function mergeRetryHook(inherited: RetryHook | undefined, { onRetry }: RetryHookOptions): RetryHook | undefined {
  if (onRetry === undefined) return inherited;
  if (onRetry === null) return undefined;
  if (typeof onRetry !== 'function') throw new InvalidOption('onRetry', 'must be a function, or null');
  return onRetry;
}
