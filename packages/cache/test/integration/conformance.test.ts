/** With a cache before it, a dispatcher is a dispatcher still. Each request is to reach the application, so none is shared. */
import { ConnectionPool, mockDispatcher } from '@x/httpcore';
import { describeDispatcher, serveApplication } from '@x/httpcore/testing';
import { cached } from '@x/cache';
import { describe, it } from 'vitest';

describeDispatcher('a cached ConnectionPool', {
  describe,
  it,
  async setUp(application) {
    const { origin, close } = await serveApplication(application);
    return { dispatcher: cached(new ConnectionPool(), { collapse: false }), origin, close };
  },
});

describeDispatcher('a cached mock', {
  describe,
  it,
  setUp: (application) => ({ dispatcher: cached(mockDispatcher(application), { collapse: false }), origin: ['http', 'mock.test', null] }),
});
