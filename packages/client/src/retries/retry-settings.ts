/** How often a request is sent again: what the caller says, and what follows. */
import { InvalidOption } from '../errors.ts';
import { Retries } from './retries.ts';

/** What is sent again: a count, or `Retries`. */
export interface RetryOptions {
  /**
   * How often a request is sent again when its connection fails; or `new Retries(…)` for more than that. Default 0. `null` and 0
   * switch it off. Safe by default: what the server may have seen is sent again only when its method is idempotent.
   */
  readonly retries?: number | Retries | null | undefined;
}

/**
 * `null` when nothing is sent again.
 * @throws {InvalidOption} it is neither a count nor `Retries`.
 */
export function mergeRetryOptions(inherited: Retries | null, { retries }: RetryOptions): Retries | null {
  if (retries === undefined) return inherited;
  if (retries === null || retries === 0) return null;
  if (typeof retries === 'number') return new Retries(retries);
  if (!(retries instanceof Retries)) throw new InvalidOption('retries', 'must be a whole number, new Retries(…), or null');
  return retries.count === 0 ? null : retries;
}
