/** A call of a client, over all the requests that it may take. */
import { SpanStatusCode, type Attributes, type Context, type Span } from '@opentelemetry/api';

import type { HeaderPair, UrlParts } from '@x/httpcore';

import { attribute } from './conventions.ts';
import { errorMessage, errorType, isCancelled } from './error-facts.ts';

/** What is used of a call of `@x/client`: of its `CallContext`. */
export interface WatchedCall {
  readonly attempts: readonly { readonly status: number | undefined; readonly cache?: { readonly state: string } | undefined }[];
  readonly data: { readonly [name: string | symbol]: unknown };
  whenEnded(callback: (error: unknown) => void): void;
}

/** A request of a client, as far as a call is named by it. */
export interface CallRequest {
  readonly method: string;
  readonly urlParts: UrlParts;
  readonly rawHeaders: readonly HeaderPair[];
}

export class CallState {
  /** For requests that are sent where there is no other: without a context manager. */
  readonly context: Context;
  readonly isIgnored: boolean;
  /** Requests that were really sent. */
  sent = 0;
  status: number | undefined = undefined;

  constructor(context: Context, isIgnored: boolean) {
    this.context = context;
    this.isIgnored = isIgnored;
  }
}

/** `undefined`: the caller has named none. */
export function templateOf(given: unknown): string | undefined {
  return typeof given === 'string' && given !== '' ? given : undefined;
}

export function endCallSpan(span: Span, state: CallState, call: WatchedCall, error: unknown): void {
  const attributes: Attributes = {};
  if (state.sent > 1) attributes[attribute.resendCount] = state.sent - 1;
  const last = call.attempts.at(-1);
  const status = state.status ?? last?.status;
  if (status !== undefined) attributes[attribute.status] = status;
  if (last?.cache !== undefined) attributes[attribute.cacheState] = last.cache.state;
  const hasFailed = error !== undefined && !isCancelled(error);
  if (hasFailed) attributes[attribute.errorType] = errorType(error);
  else if (status !== undefined && status >= 400) attributes[attribute.errorType] = String(status);
  span.setAttributes(attributes);
  if (attribute.errorType in attributes) {
    const message = hasFailed ? errorMessage(error) : undefined;
    span.setStatus({ code: SpanStatusCode.ERROR, ...(message === undefined ? {} : { message }) });
  }
  span.end();
}
