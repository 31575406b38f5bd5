/** What passes: failures after which the next attempt may do better, and how long it waits. */
import { ConnectTimeout, NetworkError, PoolTimeout, ProxyError, ReadTimeout, RemoteProtocolError } from '@x/httpcore';

/** An error after which the next attempt may do better: the network's, not one of the caller's or of the call. */
export function isPassingError(error: unknown): error is Error {
  return [NetworkError, ReadTimeout, ConnectTimeout, PoolTimeout, ProxyError, RemoteProtocolError].some((kind) => error instanceof kind);
}

const passingStatuses = new Set([408, 425, 429, 500, 502, 503, 504]);

/** A status that says that the next attempt may do better. */
export function isPassingStatus(status: number): boolean {
  return passingStatuses.has(status);
}

/** Milliseconds before the next attempt after so many that failed: doubling, and never the same for two clients. */
export function backoffDelay(failures: number, shortest: number, longest: number): number {
  const delay = Math.min(longest, shortest * 2 ** failures);
  return delay * (0.5 + Math.random() / 2);
}
