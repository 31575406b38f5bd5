import type { Dispatcher } from '../contract/dispatcher.ts';
import type { Application } from './application.ts';
import { ApplicationDialer } from './application-dialer.ts';
import { InProcessDispatcher, type InProcessOptions } from './in-process-dispatcher.ts';
import { outgoingResponse } from './outgoing-response.ts';

/**
 * A dispatcher that a function answers for, for tests and stubs. Arguments, limits, signal and endings are those of the
 * network: what a `ConnectionPool` refuses before it sends anything, this one refuses before it calls `application`.
 *
 * The function gives a response as plain values, or as a tuple such as another dispatcher gives, or throws (or returns) the
 * error that the exchange is to fail with. With `Expect: 100-continue`, reading the body is the permission to send it.
 *
 * @param application is called for each request; it may be async.
 * @throws {LocalProtocolError} `INVALID_OPTION`.
 * @example
 * const dispatcher = mockDispatcher(({ method, url }) => {
 *   if (url[1] === 'down.example') throw new ConnectError('No route');
 *   return { status: 200, headers: [['content-type', 'text/plain']], body: `${method} ${url[3]}` };
 * });
 * const [, status, , , body] = await dispatcher.dispatch('GET', ['https', 'example.com', null, '/'], [], null);
 */
export function mockDispatcher(application: Application, options: InProcessOptions = {}): Dispatcher {
  return new InProcessDispatcher(
    options,
    (_, clock) => new ApplicationDialer(async (request) => outgoingResponse(await application(request)), clock),
  );
}
