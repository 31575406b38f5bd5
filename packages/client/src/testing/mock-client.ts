import type { Application } from '@x/httpcore';

import { Client } from '../client/client.ts';
import type { CommonClientOptions } from '../client/client-options.ts';
import { throwingDispatcher } from './own-errors.ts';

/**
 * A client without a network: `application` answers its requests, or fails them by throwing: what it throws is what the call fails with. All else is as in production:
 * options, interceptors, timeouts, signals, streamed bodies.
 *
 * @throws {InvalidOption} as `new Client`.
 * @example
 * const client = mockClient(({ method, url }) => ({ status: 200, body: `${method} ${url[3]}` }), { baseUrl: 'https://api.example' });
 * (await client.get('/items')).text(); // 'GET /items'
 */
export function mockClient(application: Application, options: CommonClientOptions = {}): Client {
  return new Client({ ...options, dispatcher: throwingDispatcher(application) });
}
