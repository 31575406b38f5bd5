/** What a caller tells the interceptors and hooks of a call. */
import { InvalidOption } from '../errors.ts';

/**
 * Data of one's own, by name; nobody here looks at it, and nothing of it is sent, logged or told with an error. Declare the names to have them typed:
 * `declare module '@x/client' { interface CallData { tenant: string } }`.
 */
export interface CallData {
  readonly [name: string | symbol]: unknown;
}

/** What a call carries for interceptors, hooks and telemetry. */
export interface CallDataOptions {
  /**
   * Data for interceptors and hooks, which have it as `context.data`; that of the call is laid over that of the client, name by name. `null` leaves
   * the client's out.
   * @example
   * await client.get('/items', { context: { tenant: 'acme' } });
   */
  readonly context?: Partial<CallData> | null | undefined;
}

export const noData: CallData = Object.freeze(Object.create(null) as CallData);

/** @throws {InvalidOption} it is no object. */
export function mergeCallData(inherited: CallData, { context }: CallDataOptions): CallData {
  if (context === undefined) return inherited;
  if (context === null) return noData;
  if (typeof context !== 'object' || Array.isArray(context)) throw new InvalidOption('context', 'must be an object, or null');
  return Object.freeze(Object.assign(Object.create(null) as CallData, inherited, context));
}
