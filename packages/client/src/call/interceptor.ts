/** The chain that a request goes through, put together once for each client. */
import type { DispatchResponse } from '@x/httpcore';

import { ClientError } from '../errors.ts';
import { Request } from '../request/request.ts';
import { StreamResponse } from '../response/stream-response.ts';
import type { CallContext } from './context.ts';

/** How an interceptor sends one request on. */
export interface NextOptions {
  /** Ends this request alone, and its response while that is read: over HTTP/2 its stream is reset and the connection stays. */
  readonly signal?: AbortSignal | undefined;
}

/** Sends a request on and brings its response back. An interceptor may call it never, once, or several times, at once too. */
export type Next = (request: Request, options?: NextOptions) => Promise<StreamResponse>;

/**
 * Stands between the caller and the network, and sees every request of the call on its way out and every response on its way
 * back. One that has nothing to wait for may give its response without a promise. Responses that it does not return are closed when the
 * call is over.
 *
 * @example
 * const timed: Interceptor = async (request, context, next) => {
 *   const response = await next(request.with({ headers: { 'x-request-id': crypto.randomUUID() } }));
 *   console.log(request.method, response.status, response.timings.firstByte);
 *   return response;
 * };
 */
export type Interceptor = (request: Request, context: CallContext, next: Next) => Promise<StreamResponse> | StreamResponse;

/** A whole chain, or the rest of one. */
export interface Send {
  (request: Request, context: CallContext): Promise<StreamResponse>;
  /** The same in two halves, where nothing but a dispatcher is waited for: so that who calls it waits in a function of its own. */
  readonly begin?: ((request: Request, context: CallContext) => Hop) | undefined;
}

/** A request that was given to a dispatcher. Its promise is waited for once, and one of the others told what came of it. */
export interface Hop {
  readonly dispatched: Promise<DispatchResponse>;
  received(answer: DispatchResponse): StreamResponse | Promise<StreamResponse>;
  /** Gives what the call fails with: the error itself, once it has been answered. */
  failed(error: unknown): unknown;
}

export function layer(interceptor: Interceptor, inner: Send): Send {
  return async function intercept(request, context) {
    const response: unknown = await interceptor(request, context, (onward, options) => {
      const signal = options?.signal;
      if (onward instanceof Request) return inner(onward, signal === undefined ? context : context.branch(signal));
      return Promise.reject(misuse(interceptor, 'called next() without a Request'));
    });
    if (response instanceof StreamResponse) return response;
    throw misuse(interceptor, 'returned no StreamResponse');
  };
}

function misuse(interceptor: Interceptor, mistake: string): ClientError {
  const name = interceptor.name === '' ? 'An interceptor' : `The interceptor ${JSON.stringify(interceptor.name)}`;
  return new ClientError(`${name} ${mistake}`, { code: 'INVALID_INTERCEPTOR' });
}
