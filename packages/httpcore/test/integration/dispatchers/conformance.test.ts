import { describe, it } from 'vitest';

import { serveApplicationOverHttp2 } from './application-on-http2.ts';
import { ConnectionPool, fetchHandlerDispatcher, mockDispatcher, nodeHandlerDispatcher } from '../../../src/index.ts';
import { describeDispatcher, fetchHandlerOf, nodeListenerOf, nodeServerOf, serveApplication } from '../../../src/testing/index.ts';

describeDispatcher('ConnectionPool', {
  describe,
  it,
  async setUp(application) {
    const { origin, close } = await serveApplication(application);
    return { dispatcher: new ConnectionPool(), origin, close };
  },
});

describeDispatcher('mockDispatcher', {
  describe,
  it,
  setUp: (application) => ({ dispatcher: mockDispatcher(application), origin: ['http', 'mock.test', null] }),
});

describeDispatcher('nodeHandlerDispatcher of a server', {
  describe,
  it,
  setUp: (application) => ({ dispatcher: nodeHandlerDispatcher(nodeServerOf(application)), origin: ['http', 'app.test', null] }),
});

describeDispatcher('nodeHandlerDispatcher of a listener', {
  describe,
  it,
  setUp: (application) => ({ dispatcher: nodeHandlerDispatcher(nodeListenerOf(application)), origin: ['https', 'app.test', 8443] }),
  capabilities: { expectContinue: false, upgrades: false },
});

describeDispatcher('fetchHandlerDispatcher', {
  describe,
  it,
  setUp: (application) => ({ dispatcher: fetchHandlerDispatcher(fetchHandlerOf(application)), origin: ['https', 'app.test', null] }),
  capabilities: {
    fieldCase: false,
    requestFieldOrder: false,
    responseFieldOrder: false,
    requestTrailers: false,
    responseTrailers: false,
    informational: false,
    asteriskTarget: false,
    absoluteTarget: false,
    dotSegments: false,
    upgrades: false,
  },
});

describeDispatcher('ConnectionPool over HTTP/2', {
  describe,
  it,
  async setUp(application) {
    const { origin, close } = await serveApplicationOverHttp2(application);
    return { dispatcher: new ConnectionPool({ http1: false }), origin, close };
  },
  // The order of response fields is lost in the server, which takes an object.
  capabilities: { fieldCase: false, reason: false, responseFieldOrder: false, absoluteTarget: false, upgrades: false },
});
