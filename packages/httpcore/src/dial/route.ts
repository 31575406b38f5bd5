/** How an origin is reached. A route is a value: made once for a dial, then followed. */
import type { ResolvedPoolOptions } from '../model/options.ts';
import type { Origin } from '../model/origin.ts';

/** Straight to the host and port of the origin. */
export interface DirectRoute {
  readonly kind: 'direct';
  readonly host: string;
  readonly port: number;
}

/** To a unix socket (or Windows named pipe), whatever the origin is. */
export interface UnixRoute {
  readonly kind: 'unix';
  readonly path: string;
}

export type Route = DirectRoute | UnixRoute;

export function planRoute(origin: Origin, options: Pick<ResolvedPoolOptions, 'socketPath'>): Route {
  if (options.socketPath !== undefined) return { kind: 'unix', path: options.socketPath };
  return { kind: 'direct', host: origin.host, port: origin.port };
}
