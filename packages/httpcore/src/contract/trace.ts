/**
 * What can be seen of one exchange while it runs. Events come in the order in which they happen, each with the moment it
 * happened in milliseconds of `performance.now()`. No event carries a header, a path or a credential.
 */
import type { HttpCoreError } from './errors.ts';

/** The moments of one connection's making; `undefined` for steps that it did not have. */
export interface DialTimings {
  readonly start: number;
  readonly dnsStart: number | undefined;
  readonly dnsEnd: number | undefined;
  readonly connectStart: number | undefined;
  readonly connectEnd: number | undefined;
  readonly proxyStart: number | undefined;
  readonly proxyEnd: number | undefined;
  readonly tlsStart: number | undefined;
  readonly tlsEnd: number | undefined;
  readonly end: number;
}

/** The certificate of a peer. */
export interface CertificateFacts {
  /** Such as `C=NL, O=Example, CN=api.example`; empty where the names below are all that it has. */
  readonly subject: string;
  readonly issuer: string;
  /** The DNS names and IP addresses that it is good for. */
  readonly altNames: readonly string[];
  /** ISO 8601, as `2026-11-28T19:37:00.000Z`. */
  readonly validFrom: string;
  readonly validTo: string;
  readonly serialNumber: string;
  /** SHA-256 of the certificate, in hexadecimal with colons. */
  readonly fingerprint256: string;
  /** Of its key, as `tls.pins` would have it: `sha256/…`. */
  readonly pin: string;
  /** How many certificates there are from its own to its authority's, both included. */
  readonly chainLength: number;
}

/** The connection that serves an exchange. */
export interface ConnectionInfo {
  /** Counts up from 1 within the process. */
  readonly id: number;
  readonly protocol: 'http/1.1' | 'h2';
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  readonly tlsVersion: string | undefined;
  readonly tlsCipher: string | undefined;
  readonly tlsResumed: boolean;
  /**
   * What the peer showed of itself, in this handshake or in the one whose session was resumed: of the origin, or of a proxy that forwards. Read from
   * the certificate when it is asked for. `undefined` without TLS.
   */
  readonly peerCertificate?: CertificateFacts | undefined;
  /** The proxy at its other end or on its way, as `scheme://host:port`; the addresses are then those of the first proxy. */
  readonly proxy: string | undefined;
  readonly timings: DialTimings;
}

/**
 * Where addresses come from: they were looked up; are known from before (`cache`); are known from before, are too old, and nobody could say anything
 * (`stale`); were given (`resolve`); or the name is one of this machine (`localhost`, RFC 6761).
 */
export type AddressSource = 'lookup' | 'cache' | 'stale' | 'fixed' | 'localhost';

/** What can be seen of an exchange, in the order in which it happens, each with its details. */
export interface TraceEvents {
  /** Given to the pool. */
  queued: undefined;
  /** A connection is being made on behalf of this exchange. It may get another one that comes free before. */
  'dns-start': { readonly host: string };
  'dns-end': { readonly addresses: readonly string[]; readonly source: AddressSource };
  'connect-start': { readonly address: string; readonly port: number | undefined };
  'connect-end': { readonly address: string; readonly port: number | undefined };
  'connect-failed': { readonly address: string; readonly port: number | undefined; readonly code: string };
  /** There is a connection to the proxy, and a way through it is asked for; TLS with the proxy itself is part of that. */
  'proxy-start': { readonly proxy: string };
  /** The way stands. */
  'proxy-end': { readonly proxy: string };
  'tls-start': { readonly servername: string | undefined };
  'tls-end': { readonly version: string; readonly alpnProtocol: string | undefined; readonly resumed: boolean };
  /** It has its connection. `reused` is true when the connection served an exchange before. */
  assigned: { readonly connection: ConnectionInfo; readonly reused: boolean; readonly streamId: number | undefined };
  /** The request head is with the system. */
  'head-sent': undefined;
  'body-sent': { readonly bytes: number };
  /** The first byte of the response, 1xx included. */
  'first-byte': undefined;
  informational: { readonly status: number };
  'head-received': { readonly status: number };
  /** The last byte of the response. */
  'body-end': { readonly bytes: number };
  /** The request is sent again on another connection, since this one provably did not process it. */
  replayed: { readonly error: HttpCoreError };
  failed: { readonly error: HttpCoreError };
}

/** Names of what can be seen of an exchange. */
export type TraceEventName = keyof TraceEvents;

/**
 * Sees the steps of an exchange. Called synchronously on the hot path: be quick, and do not throw (what it throws is dropped).
 *
 * @example
 * await pool.dispatch('GET', url, [], null, undefined, { trace: (name, at) => console.log(at.toFixed(1), name) });
 */
export type TraceObserver = <Name extends TraceEventName>(name: Name, at: number, detail: TraceEvents[Name]) => void;

/** What can be seen of the connections of a pool. */
export interface ConnectionEvents {
  /** One is being made: to an origin, or to the proxy that forwards for it. */
  connecting: { readonly origin: string; readonly proxy: string | undefined };
  /** It could not be made, or is not wanted any more. */
  'connect-failed': { readonly origin: string; readonly proxy: string | undefined; readonly error: HttpCoreError };
  opened: { readonly origin: string; readonly connection: ConnectionInfo };
  /** `requests`: how many exchanges it has been given. `error`: why it has ended, where that was no orderly end. */
  closed: {
    readonly origin: string;
    readonly connection: ConnectionInfo;
    readonly requests: number;
    readonly error: HttpCoreError | undefined;
  };
}

/** Names of what can be seen of connections. */
export type ConnectionEventName = keyof ConnectionEvents;

/**
 * Sees the connections of a pool come and go, as `pool.observe()` was given it. `at` is in milliseconds of `performance.now()`. Called
 * synchronously, in no request's async context: be quick, and do not throw (what it throws is dropped).
 */
export type ConnectionObserver = <Name extends ConnectionEventName>(name: Name, at: number, detail: ConnectionEvents[Name]) => void;
