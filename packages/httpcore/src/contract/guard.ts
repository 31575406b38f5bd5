/** Who may be connected to: what a pool asks before it opens a socket, or has a proxy open one. */
import { HttpCoreError, type ErrorInit } from './errors.ts';

/** Where a connection is about to lead. */
export interface GuardTarget {
  /** Of the request: a name, or an address as it was written. */
  readonly host: string;
  readonly port: number;
  /** The IP address that will be dialled, after the name was resolved; `undefined` where a proxy or `connect` resolves it, and for a unix socket. */
  readonly address: string | undefined;
  /** Of the unix socket (or Windows named pipe). */
  readonly socketPath: string | undefined;
  /** `scheme://host:port` of the proxy that will connect; `undefined` where this process does. */
  readonly proxy: string | undefined;
  /** Does the pool's option `connect` open the connection? Then a name means what it means at the other end. */
  readonly byConnect?: boolean | undefined;
}

/**
 * Decides about each address that a pool is about to dial: every one of a race, literals, those behind a proxy, and those of connections that are shared
 * (`coalesce`). `publicOnly()` of `@x/httpcore/guard` makes one. The addresses of a proxy itself are not asked about: whoever configured it chose it.
 *
 * @example
 * const guard: Guard = { check: ({ address }) => (address === '169.254.169.254' ? 'metadata' : undefined) };
 * const pool = new ConnectionPool({ guard });
 */
export interface Guard {
  /** `undefined`: it may be; else the rule that forbids it, for the log. What it throws forbids it too. Synchronous. */
  check(target: GuardTarget): string | undefined;
}

/** What `AddressRefused` is made of. */
export interface AddressRefusedInit extends ErrorInit {
  readonly rule: string;
  readonly target: GuardTarget;
}

/**
 * The pool's `guard` forbids the connection (`ADDRESS_REFUSED`); nothing was sent, and it is not retried. The message names the host alone and can be shown to
 * whoever gave the URL; `rule` and `address` are for the log.
 */
export class AddressRefused extends HttpCoreError {
  override readonly name = 'AddressRefused';
  /** What forbids it, such as `10.0.0.0/8 (Private-Use, RFC 1918)`. */
  readonly rule: string;
  /** The IP address, the path of the socket, or the name that a proxy was to resolve. */
  readonly address: string;

  constructor(message: string, { rule, target, ...init }: AddressRefusedInit) {
    super(message, { ...init, requestSent: false }, 'ADDRESS_REFUSED');
    this.rule = rule;
    this.address = target.address ?? target.socketPath ?? target.host;
  }
}
