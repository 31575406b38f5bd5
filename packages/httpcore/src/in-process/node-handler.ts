import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { toError } from '../contract/thrown.ts';

import type { Dispatcher } from '../contract/dispatcher.ts';
import { instantTimings, type Dial, type DialedTransport, type DialRequest, type TransportDialer } from '../dial/dial.ts';
import { HttpDialer } from '../dial/dialer.ts';
import type { Clock } from '../time/clock.ts';
import { InProcessDispatcher, type InProcessOptions } from './in-process-dispatcher.ts';
import { MemoryTransport } from './memory-transport.ts';

/** An application for `node:http`: a plain listener, an Express app, Fastify's `routing`, Hono's `getRequestListener(app.fetch)`. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => unknown;

/**
 * Runs a `node:http` application in this process, without a socket: a `node:http` server that never listens is given
 * connections in memory. So the application sees what a server on a network would show it (`Host`, the framing fields,
 * `Expect`, trailers, upgrades), and its client gets what that server would send (`Date`, `Connection`,
 * `Transfer-Encoding`), both with their limits and backpressure.
 *
 * - What a listener throws, or rejects with, ends its connection: `ReadError` with that as its `cause`.
 * - An exchange that its caller gives up is a connection that closes: `close` on the request and the response.
 * - For `https` URLs the request's socket has `encrypted: true`.
 *
 * @param application A listener; or a `node:http` server, for one that has listeners for `upgrade`, `connect` or
 *   `checkContinue`, or limits of its own. It need not listen, and is not closed. What its listeners throw is uncaught.
 * @throws {LocalProtocolError} `INVALID_OPTION`.
 * @example
 * const app = express().get('/hello', (request, response) => response.send('hi'));
 * const dispatcher = nodeHandlerDispatcher(app);
 * const [, status] = await dispatcher.dispatch('GET', ['http', 'app.test', null, '/hello'], [], null);
 */
export function nodeHandlerDispatcher(application: NodeListener | Server, options: InProcessOptions = {}): Dispatcher {
  const server = typeof application === 'function' ? serverOf(application) : application;
  return new InProcessDispatcher(options, (resolved, clock) => new HttpDialer(new MemoryDialer(server, clock), resolved, clock));
}

/** Every dial is a new connection to one server. */
class MemoryDialer implements TransportDialer {
  readonly #server: Server;
  readonly #clock: Clock;

  constructor(server: Server, clock: Clock) {
    this.#server = server;
    this.#clock = clock;
  }

  dial({ origin }: DialRequest): Dial<DialedTransport> {
    const transport = new MemoryTransport(this.#clock, origin.port, origin.scheme === 'https');
    this.#server.emit('connection', transport.socket);
    return {
      result: Promise.resolve({ transport, timings: instantTimings(this.#clock.now()) }),
      phase: 'connect',
      hanging: 'nothing was tried',
      // Nobody else can have seen it: its owner drops it when it comes.
      cancel() {},
    };
  }
}

function serverOf(listener: NodeListener): Server {
  // Loaded when it is needed: it takes longer than all of this package.
  const { createServer } = process.getBuiltinModule('node:http');
  // Our own limits count. Nobody would ever use the connection again, so no `Keep-Alive` is promised.
  return createServer({ requestTimeout: 0, headersTimeout: 0, keepAliveTimeout: 0 }, (request, response) => {
    const fail = (reason: unknown): void => {
      request.socket.destroy(toError(reason));
    };
    try {
      const result = listener(request, response);
      if (isThenable(result)) result.then(undefined, fail);
    } catch (error) {
      fail(error);
    }
  });
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
