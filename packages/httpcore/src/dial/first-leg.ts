/** The first leg of every way: by sockets of ours, or by what the option `connect` gives. */
import type { Connect } from '../model/connect.ts';
import type { Network } from '../model/network.ts';
import type { Resolver } from '../net/dns/resolver.ts';
import type { Clock } from '../time/clock.ts';
import { CustomWay } from './custom-way.ts';
import { DirectWay, isPath, type DirectWayOptions, type DirectWayRequest } from './direct-way.ts';
import type { Way, WayListener } from './way.ts';

export interface FirstLegOptions extends DirectWayOptions {
  readonly connect: Connect | null;
}

/** Is TLS a part of making the socket? Else it is put on what the leg gives. */
export function securesItself(destination: DirectWayRequest['destination'], { connect }: Pick<FirstLegOptions, 'connect'>): boolean {
  return connect === null || isPath(destination);
}

/** The options, with the address that a request connects from. */
export function fromAddress<Options extends FirstLegOptions>(options: Options, network: Network | null): Options {
  const localAddress = network?.localAddress;
  return localAddress === undefined ? options : { ...options, localAddress };
}

/** A path is one of this machine, and `connect` is asked for hosts. */
export function firstLeg(
  request: DirectWayRequest,
  options: FirstLegOptions,
  resolver: Resolver,
  clock: Clock,
  listener: WayListener,
): Way {
  const { connect, guard } = options;
  if (connect === null || securesItself(request.destination, options)) return new DirectWay(request, options, resolver, clock, listener);
  return new CustomWay(request, connect, guard, listener);
}
