import type { ConnectedStream, ConnectOptions, Dispatcher } from '@x/httpcore';

/** Opens a connection without HTTP on it, as a `ConnectionPool` does. */
export type Connect = (origin: string, options: ConnectOptions) => Promise<ConnectedStream>;

/** `undefined`: the dispatcher has no connections to give. */
export function connectOf(dispatcher: Pick<Dispatcher, 'dispatch'>): Connect | undefined {
  const { connect } = dispatcher as { readonly connect?: unknown };
  return typeof connect === 'function' ? (connect as Connect).bind(dispatcher) : undefined;
}
