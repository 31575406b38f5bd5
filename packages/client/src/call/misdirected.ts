/** Whether a request that was answered 421 is sent again, beyond what the core does by itself: what the caller says. */
import { boolean } from '../options/checks.ts';

/** Whether a 421 is sent again over a connection of its own (RFC 9110 §15.5.20). */
export interface MisdirectedOptions {
  /**
   * A request that is answered 421 is sent again, once, on another connection, where its body can be (RFC 9110 §15.5.20). What went out on a
   * connection of another origin always is. Default `false`; `client.fetch` does so, as the standard has it, unless this is `false`.
   */
  readonly retryMisdirected?: boolean | null | undefined;
}

/** @throws {InvalidOption} it is no boolean. */
export function mergeMisdirectedOptions(inherited: boolean | undefined, { retryMisdirected }: MisdirectedOptions): boolean | undefined {
  if (retryMisdirected === undefined) return inherited;
  return retryMisdirected === null ? undefined : boolean('retryMisdirected', retryMisdirected);
}
