/**
 * `@x/httpcore/testing`: the conformance suite for dispatchers, and what makes a connection deterministic.
 *
 * @packageDocumentation
 */
export { fetchHandlerOf } from './application-on-fetch.ts';
export { nodeListenerOf, nodeServerOf, serveApplication } from './application-on-node.ts';
export type { ServedApplication } from './application-on-node.ts';
export { describeDispatcher } from './describe-dispatcher.ts';
export type { DescribeDispatcherOptions, TestFunctions } from './describe-dispatcher.ts';
export type { DispatcherCapabilities, DispatcherSubject } from './describe-dispatcher-case.ts';
export { everySplit } from './every-split.ts';
export { FakeClock } from './fake-clock.ts';
export { ScriptedNetwork } from './scripted-network.ts';
export type { ConnectionServer, ScriptedNetworkOptions, ServiceOptions } from './scripted-network.ts';
export type { LinkOptions } from './link.ts';
export { ScriptedTransport } from './scripted-transport.ts';
export type { ScriptedTransportOptions, TransportCall } from './scripted-transport.ts';
export { TransportDispatcher } from './transport-dispatcher.ts';
export type { TransportDispatcherOptions, TransportTarget } from './transport-dispatcher.ts';
export type { ByteTransport, TlsFacts, TransportFacts, TransportHandler } from '../net/byte-transport.ts';
export type { Clock, Scheduled } from '../time/clock.ts';
