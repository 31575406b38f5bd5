/** Below 1024, and of no service that a machine for tests has. The ports that a fetch of the platform refuses by itself are not among them. */
const PORTS = [2, 3, 4, 5, 6, 8, 10, 12, 14, 16];
let next = 0;

/**
 * A port of the loopback at which nobody listens, for a connection that is to be refused. The port of a server that has closed is none: the system may have
 * given it to another test meanwhile. Two calls one after the other give different ports.
 */
export function refusedPort(): number {
  next = (next + 1) % PORTS.length;
  return PORTS[next]!;
}
